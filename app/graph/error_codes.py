"""The codes of top-level errors as the schema lists them, so that a client can be generated with them."""

from __future__ import annotations

from typing import cast

from app.errors import CODES
from app.graph.choices import Choice, choices

ErrorCode = cast(type[Choice], Choice("ErrorCode", {code.name: (code.value, doc) for code, doc in CODES.items()}))  # type: ignore[arg-type]  # values with their descriptions
choices(description="`extensions.code` of a top-level error: why a request, or a field of it, was not answered.")(
    ErrorCode
)
