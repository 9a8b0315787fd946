"""What a person sees of a run: progress per resource, then a summary.

On a terminal a line at the bottom shows what is under way; elsewhere each finished step is one plain line.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status

    from .deploy.events import Event

DONE = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "delete-replaced": "deleted (replaced)",
    "read": "read",
    "refresh": "refreshed",
    "adopt": "adopted",
    "import": "imported",
    "skip": "skipped",
    "same": "unchanged",
}
IDLE = "working"
"""What the line at the bottom says while no step is under way, as when the program is loaded."""
STYLES = {
    "create": "green",
    "adopt": "green",
    "import": "green",
    "update": "yellow",
    "replace": "magenta",
    "delete": "red",
}


class Display:
    """The listener of a deployment and of everything around it. Threads may share it.

    `planning` makes the words those of a preview: "create" instead of "created". What the program tells of itself
    comes at the end then, where the lines of the steps do not hide it.
    """

    def __init__(self, planning: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self.planning = planning
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._status: Status | None = None
        self._told: list[Text] = []
        self.began = time.monotonic()

    def __enter__(self) -> Display:
        if self.console.is_terminal:
            self._status = self.console.status(IDLE)
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        for text in self._told:
            self.console.print(text)
        self._told.clear()

    def say(self, text: str) -> None:
        """One finished thing that is no resource."""
        with self._lock:
            self.console.print(Text(text))

    def doing(self, text: str) -> None:
        """Something that takes a while; a line of its own only where there is no terminal."""
        with self._lock:
            if self._status is None:
                self.console.print(Text(text))
            else:
                self._running["(phase)"] = text
                self._refresh()

    def done(self) -> None:
        """The phase that `doing` told is over."""
        with self._lock:
            self._running.pop("(phase)", None)
            self._refresh()

    def __call__(self, event: Event) -> None:
        """Shows one event of a deployment."""
        from .deploy.events import DiagnosticEvent

        with self._lock:
            if isinstance(event, DiagnosticEvent):
                self._diagnostic(event)
            elif event.phase == "start":
                self._running[event.urn] = f"{event.op} {event.name}"
                self._refresh()
            else:
                self._running.pop(event.urn, None)
                self._refresh()
                self._finished(event)

    def _diagnostic(self, event: Any) -> None:
        if event.severity == "debug":
            return
        where = f" ({event.urn.rsplit('::', 1)[-1]})" if event.urn else ""
        style = {"warning": "yellow", "error": "red"}.get(event.severity, "")
        text = Text(f"{event.severity}{where}: {event.message}", style=style)
        if self.planning and event.severity == "info":
            self._told.append(text)
            return
        out = self.errors if event.severity == "error" else self.console
        out.print(text)

    def _finished(self, event: Any) -> None:
        if event.op == "same" and event.error is None:
            return
        word = event.op if self.planning else DONE.get(event.op, event.op)
        line = Text()
        if event.error is not None:
            line.append(f"{'failed':<10}", style="bold red")
        else:
            line.append(f"{word:<10}", style=STYLES.get(event.op, ""))
        line.append(f" {event.type:<44} {event.name}")
        details = []
        if event.changed and event.op in ("update", "replace", "refresh"):
            details.append(", ".join(event.changed))
        if event.seconds >= 0.05:
            details.append(f"{event.seconds:.1f} s")
        if details:
            line.append(f"  [{'; '.join(details)}]", style="dim")
        self.console.print(line)

    def _refresh(self) -> None:
        if self._status is not None:
            names = list(self._running.values())
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            seconds = time.monotonic() - self.began
            self._status.update(Text(f"{shown}  {seconds:.0f} s" if names else IDLE))


def summary(counts: Mapping[str, int], planning: bool = False) -> str:
    """`41 created, 2 updated, 3 unchanged` of the counts per operation."""
    order = [*DONE, *(op for op in counts if op not in DONE)]
    parts = [
        f"{counts[op]} {f'to {op}' if planning and op != 'same' else DONE.get(op, op)}"
        for op in order
        if counts.get(op)
    ]
    return ", ".join(parts) or "nothing to do"


def fail(message: str) -> None:
    """Prints one error message, as it is, on standard error."""
    prefix = "" if message.startswith("error:") else "error: "
    print(f"{prefix}{message}", file=sys.stderr)  # noqa: T201 - a message, not a log
