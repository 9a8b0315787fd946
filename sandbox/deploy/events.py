"""What a listener hears of a run, and what the run comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StepEvent:
    """The start or the end of one step; a step that calls nothing (`same`, `skip`) has an end only.

    `op` is create, update, replace, delete, delete-replaced, read, refresh, adopt, same or skip. `changed` names the
    properties that differ, `reasons` those that force a replacement, `error` is set when the step failed.
    """

    phase: str
    op: str
    urn: str
    type: str
    name: str
    seconds: float = 0.0
    changed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class DiagnosticEvent:
    """A message of the program (`pulumi.log`) or of the deployer: info, warning or error."""

    severity: str
    message: str
    urn: str = ""


Event = StepEvent | DiagnosticEvent
Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Result:
    """How a run ended.

    `kind` is done, failed, configuration (the program refused its configuration; nothing was changed) or interrupted.
    `counts` has the number of resources per operation, as the engine counts them. Secrets in `outputs` are masked.
    """

    kind: str
    counts: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.kind == "done"

    @property
    def exit_code(self) -> int:
        return {"done": 0, "configuration": 2, "interrupted": 130}.get(self.kind, 1)
