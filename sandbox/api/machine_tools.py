"""The tools that machines share, made when the first machine needs them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..hosts import tools

if TYPE_CHECKING:
    from .context import Context

_lock = threading.Lock()


def tools_folder(context: Context) -> str:
    """The tools' folder, below the one that the hosts were started with; raises ToolsError.

    Another process may be making them (`up` does, to show its progress): the two wait for each other. They are held
    until `let_go`, or the end of this process, as a later command may find another Python and make other tools.
    """
    with _lock:
        if "tools" not in context.parts:
            context.parts["tools"], context.parts["tools-held"] = tools.hold(context.folder / "tools")
    return str(context.parts["tools"].folder)


def let_go(context: Context) -> None:
    """Holds the tools no more, if they were: no machine is left."""
    with _lock:
        context.parts.pop("tools", None)
        held = context.parts.pop("tools-held", None)
    if held is not None:
        held.close()
