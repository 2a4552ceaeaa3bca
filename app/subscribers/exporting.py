"""Subscribers as an export writes them."""

from __future__ import annotations

from app.entities.subscriber import Subscriber
from app.onboarding.exporting import Exporter
from app.subscribers.importing import COLUMNS

SUBSCRIBERS = Exporter(COLUMNS, Subscriber, by="emailKey")
