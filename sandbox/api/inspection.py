"""Control routes that tell what runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..state import CloudRecord
    from .context import Context


def install(context: Context, record: CloudRecord) -> None:
    """Adds the routes."""
    context.route("status", lambda _: {"pid": record.pid, "seconds": time.time() - record.started})
