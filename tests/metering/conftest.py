"""Attribution is asked for both ways, by plan and by graphql-core."""

from __future__ import annotations

from tests.graph.conftest import ask, data, way

__all__ = ["ask", "data", "way"]
