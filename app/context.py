"""What one request carries: who asks, what to read from, and what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from strawberry.dataloader import DataLoader

from app.access.viewer import LOCAL_ADMIN, Viewer
from app.mongo.client import Store


@dataclass(slots=True)
class Context:
    """Made for each request and gone with it. `now` is the one instant that the whole request sees."""

    store: Store
    viewer: Viewer = LOCAL_ADMIN
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)
