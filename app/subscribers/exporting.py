"""Subscribers as an export writes them."""

from __future__ import annotations

from app.entities.subscriber import Subscriber
from app.subscribers.importing import COLUMNS
from app.transfer.exporting import Exporter

SUBSCRIBERS = Exporter(COLUMNS, Subscriber, order_key="emailKey")
