"""Files in a node's directory: its log, and what only the node may read."""

from __future__ import annotations

import contextlib
import os

LOG = "server.log"
LOG_TAIL_BYTES = 1500


def log_tail(directory: str) -> str:
    """The end of what a node's processes wrote."""
    path = f"{directory}/{LOG}"
    with contextlib.suppress(OSError), open(path, "rb") as log:
        log.seek(max(0, os.path.getsize(path) - LOG_TAIL_BYTES))
        return log.read().decode(errors="replace")
    return "(no log)"


def write_private(path: str, content: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
