"""A time budget per call, shared by everything the call has to do."""

from __future__ import annotations

from time import monotonic

from .errors import DeadlineExceeded


class Deadline:
    """The moment a call must have ended; what is left of it bounds every wait inside the call."""

    __slots__ = ("ends_at", "seconds", "started_at")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started_at = monotonic()
        self.ends_at = self.started_at + seconds

    def remaining(self) -> float:
        """Seconds left, zero when none are."""
        return max(0.0, self.ends_at - monotonic())

    def require(self, doing: str, stage: str) -> float:
        """Seconds left, or DeadlineExceeded that names what was being done."""
        remaining = self.ends_at - monotonic()
        if remaining <= 0:
            raise self.exceeded(doing, stage)
        return remaining

    def exceeded(self, doing: str, stage: str) -> DeadlineExceeded:
        """The error for this deadline, ready to raise."""
        return DeadlineExceeded(f"{doing}: no answer within {self.seconds:g} s", stage)

    def part(self, seconds: float) -> Deadline:
        """A deadline of at most `seconds` that never ends after this one."""
        return Deadline(min(seconds, self.remaining()))
