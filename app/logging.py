"""Logs: an event a line on stderr, for people on a terminal and as JSON elsewhere. What is logged is others' affair."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

QUIET = ("uvicorn", "pymongo")
"""Libraries of which only warnings are of interest."""


def configure(stream: TextIO | None = None) -> None:
    """Send what structlog and the standard library log to `stream`, stderr if none is given."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers(human=stream.isatty())]
    structlog.configure(
        processors=[*shared, *renderers(human=stream.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ending))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def renderers(*, human: bool) -> list[Processor]:
    """An event as a line. Tracebacks never show the values of variables."""
    if human:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
