"""What happens in a run: told to the listener as it happens, counted for the result, secrets masked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

from .bags import MASK, UNKNOWN, UNKNOWN_TEXT, secret_texts
from .events import DiagnosticEvent, Event, Listener, StepEvent
from .resource import Resource

_SHORTEST_SECRET = 4
_NOT_COUNTED = ("delete-replaced", "read")  # as the engine


class Journal:
    """The one place where a run's text leaves it."""

    def __init__(self, listener: Listener) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []
        self.failed: set[str] = set()
        self.listener_problem: Exception | None = None
        self._listener = listener
        self._lock = threading.Lock()
        self._begun: dict[str, tuple[str, float]] = {}
        self._secrets: set[str] = set()
        self._longest_first: list[str] = []

    def learn_secrets(self, bag: Any) -> None:
        """From now on these texts are masked in errors and messages."""
        found = {text for text in secret_texts(bag) if len(text) >= _SHORTEST_SECRET and text != UNKNOWN}
        if not found <= self._secrets:
            self._secrets |= found
            self._longest_first = sorted(self._secrets, key=len, reverse=True)

    def started(
        self, op: str, resource: Resource, changed: tuple[str, ...] = (), reasons: tuple[str, ...] = ()
    ) -> None:
        self._begun[resource.urn] = (op, time.monotonic())
        self._tell(StepEvent("start", op, resource.urn, resource.type, resource.name, 0.0, changed, reasons))

    def ended(
        self, op: str, resource: Resource, changed: tuple[str, ...] = (), reasons: tuple[str, ...] = ()
    ) -> None:
        """A step has been done, and saved; default providers are nobody's business."""
        if resource.is_default_provider:
            return
        if op not in _NOT_COUNTED:
            self.counts[op] += 1
        _, seconds = self._step_of(resource, op)
        self._tell(
            StepEvent("end", op, resource.urn, resource.type, resource.name, seconds, changed, reasons)
        )

    def failed_step(self, resource: Resource, problem: Exception, op: str = "create") -> None:
        """A resource failed: one error, however often it comes up again. `op` is for one whose step never began."""
        if resource.urn in self.failed:
            return
        self.failed.add(resource.urn)
        text = self.error(f"{resource.type} {resource.name}: {one_text(problem)}")
        op, seconds = self._step_of(resource, op)
        self._tell(StepEvent("end", op, resource.urn, resource.type, resource.name, seconds, error=text))

    def skipped(self, resource: Resource) -> None:
        """A resource was not tried, as something it needs has failed."""
        if resource.urn in self.failed:
            return
        self.failed.add(resource.urn)
        self.counts["skip"] += 1
        self._tell(StepEvent("end", "skip", resource.urn, resource.type, resource.name))

    def error(self, message: str) -> str:
        """An error of the run; returns it as it may be shown."""
        shown = self.mask(message)
        if shown not in self.errors:
            self.errors.append(shown)
        return shown

    def message(self, severity: str, text: str, urn: str = "") -> None:
        self._tell(DiagnosticEvent(severity, self.mask(text), urn))

    def mask(self, text: str) -> str:
        for found in self._longest_first:
            text = text.replace(found, MASK)
        return text.replace(UNKNOWN, UNKNOWN_TEXT)

    def _step_of(self, resource: Resource, op: str) -> tuple[str, float]:
        begun_op, begun = self._begun.pop(resource.urn, (op, time.monotonic()))
        return begun_op, time.monotonic() - begun

    def _tell(self, event: Event) -> None:
        # A listener that fails (a closed terminal) must not cost the record of a step that was done: it hears no more,
        # and the run ends with its problem.
        with self._lock:
            if self.listener_problem is None:
                try:
                    self._listener(event)
                except Exception as exc:  # noqa: BLE001 - raised again at the end of the run
                    self.listener_problem = exc


def one_text(problem: Exception) -> str:
    """An exception as a person should read it; one of Python's own says little without its name."""
    text = str(problem)
    if type(problem).__module__ == "builtins" and type(problem) is not Exception:
        return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
    return text or type(problem).__name__
