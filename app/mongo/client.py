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
    "heartbeatFrequencyMS": 1000,
    "appname": "customer-graph",
}


class DecimalCodec(TypeCodec):
    """Money and quantities: `Decimal` here, Decimal128 there, never a float."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


CODEC: CodecOptions[Doc] = CodecOptions(tz_aware=True, type_registry=TypeRegistry([DecimalCodec()]))


def connect(uri: str, *listeners: CommandListener) -> Client:
    """A client that connects at its first operation. What the URI says wins over `DRIVER_OPTIONS`."""
    given = uri.partition("?")[2].lower()
    options = {name: value for name, value in DRIVER_OPTIONS.items() if f"{name.lower()}=" not in given}
    return AsyncMongoClient(uri, event_listeners=list(listeners), **options)


def database(client: Client, name: str) -> Store:
    """The database, with the codec that every room relies on."""
    return client.get_database(name, codec_options=CODEC)
