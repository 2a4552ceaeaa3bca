"""Statements are asked for both ways, as the graph's own tests are."""

from __future__ import annotations

from tests.graph.conftest import way

__all__ = ["way"]
