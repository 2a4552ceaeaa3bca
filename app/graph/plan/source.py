"""The generated functions of a plan: compiled under file names of their own, and shown in tracebacks.

Python looks for the lines of a traceback in files. The source of a plan is in none, so it is given to `linecache` for
as long as a traceback is written, and goes with the plan.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Mapping, Sequence

MAX_FRAMES = 20


class Source:
    """The source of one plan: one expression for each function, by a file name such as `<plan of Name: a.b>`."""

    def __init__(self, operation_name: str) -> None:
        self.operation_name = operation_name
        self.files: dict[str, str] = {}

    def function(
        self, path: str, parameters: Sequence[str], expression: str, constants: Mapping[str, object]
    ) -> Callable[..., object]:
        """The function of `parameters` that returns what an expression over them and `constants` is worth.

        `path` is the place in the response that it is for. No part of the text is a caller's but for names and `repr`.
        """
        name = f"<plan of {self.operation_name}: {path}>"
        if name in self.files:
            name = f"{name[:-1]} ({len(self.files) + 1})>"
        self.files[name] = text = f"lambda {', '.join(parameters)}: {expression}"
        made: Callable[..., object] = eval(compile(text, name, "eval"), dict(constants))  # noqa: S307  # see above
        return made

    def traceback(self, error: BaseException) -> str:
        """The traceback of an error, with the lines of this source; without the values of any variable."""
        entries = {name: (len(text), None, [f"{text}\n"], name) for name, text in self.files.items()}
        linecache.cache.update(entries)
        try:
            return "".join(traceback.format_exception(error, limit=-MAX_FRAMES))
        finally:
            for name in entries:
                linecache.cache.pop(name, None)
