"""Who loads the demo, as the audit trail tells it."""

from __future__ import annotations

import dataclasses

from app.access.viewer import LOCAL_ADMIN

DEMO = dataclasses.replace(LOCAL_ADMIN, id="demo")
