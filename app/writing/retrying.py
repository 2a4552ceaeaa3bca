"""Which errors of the database are worth another attempt at a transaction, how often, and for how long."""

from __future__ import annotations

import asyncio
from time import monotonic

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from app.mongo.transactions import DOCUMENT_TOO_LARGE

MAX_ATTEMPTS = 8
FIRST_DELAY_SECONDS = 0.05  # doubled with each attempt
OUTAGE_SECONDS = 30.0  # for all attempts at a transaction together, where one of them found no database that answered
DUPLICATE_KEY = 11000
TOO_LARGE = frozenset({388, DOCUMENT_TOO_LARGE, 17419, 17420})
"""More than the database's cache holds at once; a document of more than 16 MB, or an update that would make one."""


class RetryPolicy:
    """The attempts at one transaction, and whether there is to be another.

    With `total_seconds` all attempts together take no longer than that. Without, there is no limit as long as the
    database answers, and `OUTAGE_SECONDS` once it does not.
    """

    def __init__(self, total_seconds: float | None = None) -> None:
        self.attempts, self.began, self.was_unreachable = 0, monotonic(), False
        self.is_bounded = total_seconds is not None
        self.total_seconds = OUTAGE_SECONDS if total_seconds is None else total_seconds

    @property
    def attempt_seconds(self) -> float:
        """How long the next attempt may take."""
        return max(self.seconds_left, FIRST_DELAY_SECONDS) if self.was_unreachable else self.total_seconds

    @property
    def seconds_left(self) -> float:
        """How much of `total_seconds` is left; negative when it is over."""
        return self.total_seconds - (monotonic() - self.began)

    def should_retry(self, error: PyMongoError) -> bool:
        """Count an attempt that failed with `error`, and say whether to make another."""
        self.attempts += 1
        self.was_unreachable = self.was_unreachable or is_unreachable(error)
        is_late = (self.was_unreachable or self.is_bounded) and self.seconds_left <= self.delay_seconds
        return self.attempts < MAX_ATTEMPTS and is_transient(error) and not is_late

    @property
    def delay_seconds(self) -> float:
        """How long to wait before the next attempt."""
        return float(FIRST_DELAY_SECONDS * 2 ** (self.attempts - 1))

    async def back_off(self) -> None:
        """Wait before the next attempt, so that the transaction that conflicted can end."""
        await asyncio.sleep(self.delay_seconds)


def is_transient(error: PyMongoError) -> bool:
    """Whether another attempt may succeed: another writer took a key or wrote the same record, or nobody answered."""
    if DUPLICATE_KEY in error_codes(error):
        return True
    return is_unreachable(error) or error.has_error_label("TransientTransactionError") or is_outcome_unknown(error)


def is_outcome_unknown(error: PyMongoError) -> bool:
    """Whether the reply to the commit was lost, so that the transaction may or may not be stored."""
    return error.has_error_label("UnknownTransactionCommitResult")


def is_unreachable(error: PyMongoError) -> bool:
    """Whether the database did not answer, or not in time."""
    return isinstance(error, ConnectionFailure) or error.timeout


def is_too_large(error: PyMongoError) -> bool:
    """Whether the transaction writes more than the database can hold in one: half of it may succeed, all never will."""
    return bool(TOO_LARGE & error_codes(error))


def error_codes(error: PyMongoError) -> set[int | None]:
    """The server's error codes; of a bulk write, those of its single writes."""
    if isinstance(error, BulkWriteError):
        return {write_error.get("code") for write_error in error.details.get("writeErrors", [])}
    return {error.code} if isinstance(error, OperationFailure) else set()
