"""Where moto answers otherwise than AWS, or not at all, put right as far as the project needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..context import Context


def install(context: Context) -> None:
    """Patches moto; a second call changes nothing."""
