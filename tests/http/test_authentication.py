"""Every request has the viewer that the application's `authenticate` gives it, and shares nothing with another one."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from app.access.viewer import LOCAL_ADMIN, Everything, OneSubscriber, OrganizationSubtree, Viewer
from app.context import Context
from app.errors import Code, Denial
from app.graph.read import find_by_ids
from app.mongo.client import Store
from app.mongo.request_coalescer import RequestCoalescer
from tests.commands import Commands
from tests.http.asking import ask, codes, message
from tests.http.toy import toy_application


class NotLetIn(Denial):
    """What a test's `authenticate` raises."""

    def __init__(self, code: Code) -> None:
        super().__init__("Nobody is let in.")
        self.code = code


async def by_header(request: HTTPConnection) -> Viewer:
    """The viewer whose id a header gives."""
    if name := request.headers.get("x-name"):
        return dataclasses.replace(LOCAL_ADMIN, id=name)
    raise NotLetIn(Code(request.headers.get("x-code", "UNAUTHENTICATED")))


def test_a_request_is_run_as_its_viewer() -> None:
    with TestClient(toy_application(authenticate=by_header), base_url="http://localhost") as client:
        for name in ("ada", "bob"):
            for explain in ("", "plan"):
                headers = {"x-name": name, "x-explain": explain}
                answer = client.post("/graphql", json={"query": "{ viewer }"}, headers=headers)
                assert answer.json()["data"] == {"viewer": name}


@pytest.mark.parametrize(("code", "status"), [("UNAUTHENTICATED", 401), ("FORBIDDEN", 403)])
def test_a_caller_who_is_not_let_in_is_refused_before_the_body_is_read(code: str, status: int) -> None:
    with TestClient(toy_application(authenticate=by_header), base_url="http://localhost") as client:
        answer = client.post("/graphql", content="no JSON", headers={"x-code": code})
        assert (answer.status_code, codes(answer), message(answer)) == (status, [code], "Nobody is let in.")
        assert ("www-authenticate" in answer.headers) == (status == 401)


def test_the_server_of_one_machine_takes_everybody_for_the_local_admin(toy: TestClient) -> None:
    assert ask(toy, "{ viewer }").json()["data"] == {"viewer": "local-admin"}


async def test_no_context_is_made_without_a_viewer(store: Store) -> None:
    with pytest.raises(TypeError, match="viewer"):
        Context(store=store)  # type: ignore[call-arg]  # what is tested


REACHES = (Everything(), OrganizationSubtree("org_a"), OrganizationSubtree("org_b"), OneSubscriber("org_a"))


@pytest.mark.parametrize("reach", REACHES)
async def test_viewers_of_another_reach_share_no_look_up(
    store: Store, commands: Commands, reach: Everything | OrganizationSubtree | OneSubscriber
) -> None:
    """Of equal viewers the first look-up is sent at once, and the rest together."""
    for other in REACHES:
        coalescer = RequestCoalescer()
        viewers = [dataclasses.replace(LOCAL_ADMIN, reach=each) for each in (reach, other) for _ in range(3)]
        contexts = [Context(store=store, viewer=viewer, coalescer=coalescer) for viewer in viewers]
        with commands.counting() as counted:
            await asyncio.gather(*(find_by_ids(each, "organizations", ["org_a"], None) for each in contexts))
        assert counted.reads == (2 if other == reach else 4)
