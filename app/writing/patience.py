"""What the database says when it does not take a transaction: whether trying again may help, and for how long."""

from __future__ import annotations

import asyncio
import time

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from app.mongo.transactions import DOCUMENT_TOO_LARGE

ATTEMPTS = 8
FIRST_DELAY = 0.05  # seconds; doubled with each attempt
AWAY = 30.0  # seconds in all for a transaction, once the database was away
DUPLICATE_KEY = 11000
TOO_LARGE = frozenset({388, DOCUMENT_TOO_LARGE, 17419, 17420})
"""More than the database's cache holds at once; a document of more than 16 MB, or that an update would make one."""


class Patience:
    """How long one transaction is tried: `within` so many seconds in all, else as long as the database answers."""

    def __init__(self, within: float | None = None) -> None:
        self.attempts, self.began, self.away = 0, time.monotonic(), False
        self.bounded, self.within = within is not None, AWAY if within is None else within

    @property
    def seconds(self) -> float:
        """How long the next attempt may take."""
        return max(self.left, FIRST_DELAY) if self.away else self.within

    @property
    def left(self) -> float:
        """Seconds until it is given up: always where it is bounded, else where the database is away."""
        return self.within - (time.monotonic() - self.began)

    def lasts(self, error: PyMongoError) -> bool:
        """Whether to try again after this."""
        self.attempts += 1
        self.away = self.away or is_away(error)
        is_late = (self.away or self.bounded) and self.left <= self.delay
        return self.attempts < ATTEMPTS and may_pass(error) and not is_late

    @property
    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        return float(FIRST_DELAY * 2 ** (self.attempts - 1))

    async def wait(self) -> None:
        """Give whoever is in the way the time to be done."""
        await asyncio.sleep(self.delay)


def may_pass(error: PyMongoError) -> bool:
    """Whether trying again may help: somebody else took a key or wrote the same record, or the database was away."""
    if DUPLICATE_KEY in codes_of(error):
        return True
    return is_away(error) or error.has_error_label("TransientTransactionError") or is_unknown(error)


def is_unknown(error: PyMongoError) -> bool:
    """Whether it may have been stored: the answer to the commit was lost."""
    return error.has_error_label("UnknownTransactionCommitResult")


def is_away(error: PyMongoError) -> bool:
    """Whether nobody answered, or not in time."""
    return isinstance(error, ConnectionFailure) or error.timeout


def is_too_large(error: PyMongoError) -> bool:
    """Whether the database cannot hold what one transaction writes: it never will, but may hold half of it."""
    return bool(TOO_LARGE & codes_of(error))


def codes_of(error: PyMongoError) -> set[int | None]:
    """The codes of an answer, those of single writes among them."""
    if isinstance(error, BulkWriteError):
        return {each.get("code") for each in error.details.get("writeErrors", [])}
    return {error.code} if isinstance(error, OperationFailure) else set()
