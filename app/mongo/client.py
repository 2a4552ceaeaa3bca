"""The one client of a process, and the codec that keeps money exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bson import Decimal128
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import CommandListener

Doc = dict[str, Any]
Store = AsyncDatabase[Doc]
Client = AsyncMongoClient[Doc]

# Acknowledged means durable; what is read was acknowledged by a majority. Each operation has its deadline.
DRIVER_OPTIONS: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "retryWrites": True,
    "retryReads": True,
    "timeoutMS": 5000,
    "connectTimeoutMS": 2000,
    "serverSelectionTimeoutMS": 3000,
    "heartbeatFrequencyMS": 1000,
    "appname": "customer-graph",
}


COEFFICIENT = (1 << 113) - 1


class DecimalCodec(TypeCodec):
    """Money and quantities: `Decimal` here, Decimal128 there, never a float."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return exact(value)


def exact(value: Decimal128) -> Decimal:
    """`value.to_decimal()`, which takes four times as long: the coefficient and exponent are read off the 128 bits."""
    bits = int.from_bytes(value.bid, "little")
    high = bits >> 113
    if (high >> 12) & 3 == 3:  # NaN, infinity, or a coefficient in the format's other form
        return value.to_decimal()
    return Decimal(f"{'-' if high >> 14 else ''}{bits & COEFFICIENT}E{(high & 0x3FFF) - 6176}")


CODEC: CodecOptions[Doc] = CodecOptions(tz_aware=True, type_registry=TypeRegistry([DecimalCodec()]))


def connect(uri: str, *listeners: CommandListener) -> Client:
    """A client that connects at its first operation. What the URI says wins over `DRIVER_OPTIONS`."""
    given = uri.partition("?")[2].lower()
    options = {name: value for name, value in DRIVER_OPTIONS.items() if f"{name.lower()}=" not in given}
    return AsyncMongoClient(uri, event_listeners=list(listeners), **options)


def database(client: Client, name: str) -> Store:
    """The database, with the codec that every room relies on."""
    return client.get_database(name, codec_options=CODEC)
