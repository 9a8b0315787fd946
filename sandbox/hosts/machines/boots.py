"""A machine's first boot: its real user data, run as cloud-init runs it."""

from __future__ import annotations

import base64
import binascii
import gzip
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from . import programs
from .roots import Root, environment

SCRIPT = "/var/lib/cloud/instance/scripts/part-001"
LOG = "/var/log/cloud-init-output.log"
STATUS = "/var/lib/cloud/data/sandbox-status"  # what the stand-in of `cloud-init status` reads
TAIL_LINES = 40

# cloud-init starts scripts as root in /, with no HOME, and appends to its own log.
RUN = f"""
mkdir -p /var/lib/cloud/data /var/lib/cloud/instance/scripts
umask 077
cat >{SCRIPT} && chmod 700 {SCRIPT}
umask 022
echo running >{STATUS}
{SCRIPT} </dev/null >>{LOG} 2>&1
code=$?
[ $code -eq 0 ] && echo done >{STATUS} || echo error >{STATUS}
exit $code
"""


class UserDataError(ValueError):
    """User data that cloud-init would not run as a script."""


def script_of(user_data: str) -> str:
    """The script in base64 user data; '' where there is none. Raises UserDataError for what is not a script."""
    try:
        raw = base64.b64decode(user_data, validate=True)
    except binascii.Error:
        raw = user_data.encode()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    if text.strip() and not text.startswith("#!"):
        raise UserDataError(
            "the sandbox runs user data that is a script, so its first line must start with #!"
        )
    return text


@dataclass
class Boot:
    """How far a machine's boot is: "running" (the user data), "ready" or "failed"."""

    state: str = "running"
    code: int | None = None
    seconds: float = 0.0
    log_tail: list[str] = field(default_factory=list)
    finished: threading.Event = field(default_factory=threading.Event, repr=False)

    def as_dict(self) -> dict[str, Any]:
        return {"state": self.state, "code": self.code, "seconds": self.seconds, "log_tail": self.log_tail}


def start(root: Root, user_data: str) -> Boot:
    """Run the user data in a thread; the boot it returns changes as it goes on."""
    boot = Boot()
    threading.Thread(target=_run, args=(root, user_data, boot), name="user-data", daemon=True).start()
    return boot


def _run(root: Root, user_data: str, boot: Boot) -> None:
    started = time.monotonic()
    try:
        script = script_of(user_data)
        result = programs.run(
            root,
            ["/bin/sh", "-c", RUN if script else f"mkdir -p /var/lib/cloud/data; echo done >{STATUS}"],
            stdin=script.encode(),
            env=environment(home=False),
            timeout_seconds=24 * 3600,
        )
        boot.code = result.code
        boot.log_tail = [] if result.code == 0 else log_tail(root)
    except Exception as error:  # noqa: BLE001 - whatever it is, the boot failed, and its state says why
        boot.code, boot.log_tail = -1, [str(error)]
    boot.seconds = round(time.monotonic() - started, 3)
    boot.state = "ready" if boot.code == 0 else "failed"
    boot.finished.set()


def log_tail(root: Root, lines: int = TAIL_LINES) -> list[str]:
    """The last lines of the user data's log."""
    return programs.run(root, ["tail", "-n", str(lines), LOG], timeout_seconds=5).stdout.splitlines()
