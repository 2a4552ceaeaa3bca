"""GraphiQL: the page on which a person asks the graph, its worked examples and the files it is made of.

The files come from npm and are built into the package (`make assets`), so that the page needs no network but its own
server. `templates/graphiql.json` lists them once, each as npm and the CDN both name it (`package@version/path`) and
with its hash: the build, the routes and, where nothing was built, the CDN's addresses all follow from that list. Who
is given the page instead of JSON is not decided here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

ENDPOINT = "/graphql"
ASSETS = f"{ENDPOINT}/assets"
CDN = "https://cdn.jsdelivr.net"

_HERE = Path(__file__).parent
BUILT = _HERE / "static" / "graphiql"
TEMPLATES = _HERE / "templates"
EXAMPLES = _HERE / "examples"

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript"}
_NOTICE = (
    "GraphiQL's files are not part of this installation, so this page loads them from {cdn} and needs the internet. "
    "Run <code>make assets</code> to have it work without."
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of GraphiQL's: `package@version/path`, and its hash as Subresource Integrity writes it."""

    path: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: its title in the panel, what its leading comment says, the document.

    Variables and headers are JSON.
    """

    title: str
    description: str
    query: str
    variables: str | None
    headers: str | None


@cache
def assets() -> tuple[Asset, ...]:
    """Every file GraphiQL is made of, in the order in which the page loads them."""
    return tuple(Asset(**row) for row in json.loads((TEMPLATES / "graphiql.json").read_text("utf-8")))


def is_built(built: Path = BUILT) -> bool:
    """Whether `make assets` has put every file there, in the versions the list names."""
    return all((built / asset.path).is_file() for asset in assets())


def examples(directory: Path = EXAMPLES) -> list[Example]:
    """The examples in the order of their file names.

    Beside `10-who.graphql` may lie its variables, `10-who.json`, and headers, `10-who.headers.json`.
    """
    return [_example(path) for path in sorted(directory.glob("*.graphql"))]


def _example(path: Path) -> Example:
    query = path.read_text("utf-8")
    comment = []
    for line in query.splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("#").strip())
    _, _, words = path.stem.partition("-")
    variables, headers = path.with_suffix(".json"), path.with_suffix(".headers.json")
    return Example(
        title=words.replace("-", " ").capitalize(),
        description=" ".join(comment),
        query=query,
        variables=variables.read_text("utf-8") if variables.is_file() else None,
        headers=headers.read_text("utf-8") if headers.is_file() else None,
    )


def graphiql_page(built: Path = BUILT) -> Response:
    """The page; with a visible notice, and the files from the CDN, where none are built.

    It reads some ten small files for each request, so that an example that was edited is there at once.
    """
    local = is_built(built)
    base = ASSETS if local else f"{CDN}/npm"
    files = [(f"{base}/{asset.path}", asset.integrity) for asset in assets()]
    files += [(f"{ASSETS}/{path}", _integrity(content)) for path, content in _own_files().items()]
    html = Template((TEMPLATES / "graphiql.html").read_text("utf-8")).substitute(
        endpoint=ENDPOINT,
        notice="" if local else f'<div id="notice" role="status">{_NOTICE.format(cdn=CDN)}</div>',
        styles="\n    ".join(_style(url, integrity) for url, integrity in files if url.endswith(".css")),
        scripts="\n    ".join(_script(url, integrity) for url, integrity in files if url.endswith(".js")),
        settings=_inside_script({"endpoint": ENDPOINT, "examples": [asdict(example) for example in examples()]}),
    )
    headers = {
        "Content-Security-Policy": content_security_policy("'self'" if local else f"'self' {CDN}"),
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(html, headers=headers)


def content_security_policy(source: str) -> str:
    """Scripts and styles from `source` alone, no other address; the editor sets inline styles and embeds its fonts."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {source}",
            f"style-src {source} 'unsafe-inline'",
            "font-src data:",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def graphiql_routes(built: Path = BUILT) -> list[BaseRoute]:
    """The routes of the files. A path is looked up in the list before any file is opened: none leads outside."""
    listed = {asset.path for asset in assets()}
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}

    async def asset(request: Request) -> Response:
        path = request.path_params["path"]
        media_type = _MEDIA_TYPES.get(Path(path).suffix)
        if own := _own_files().get(path):
            return Response(own, media_type=media_type, headers=forever)
        if path not in listed or not (built / path).is_file():
            raise HTTPException(404)
        return FileResponse(built / path, media_type=media_type, headers=forever)

    return [Route(f"{ASSETS}/{{path:path}}", asset, methods=["GET"], name="graphiql-asset")]


def _own_files() -> dict[str, bytes]:
    """The page's own style and script, by a path that changes with their content."""
    contents = {name: (TEMPLATES / name).read_bytes() for name in ("graphiql.css", "graphiql.js")}
    return {f"page/{hashlib.sha256(content).hexdigest()[:16]}/{name}": content for name, content in contents.items()}


def _integrity(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def _style(url: str, integrity: str) -> str:
    return f'<link rel="stylesheet" href="{escape(url)}" integrity="{integrity}" crossorigin="anonymous" />'


def _script(url: str, integrity: str) -> str:
    return f'<script src="{escape(url)}" integrity="{integrity}" crossorigin="anonymous"></script>'


def _inside_script(value: object) -> str:
    """JSON that cannot end the script element it stands in, whatever text it holds."""
    return json.dumps(value).replace("<", "\\u003c")
