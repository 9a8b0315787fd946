"""How long CloudWatch can keep a log."""

# fmt: off
LOG_RETENTION_DAYS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on
"""What CloudWatch accepts, and 0 for no logs."""


def retention_fault(days: int) -> str | None:
    """Return why a log cannot be kept for this many days, or None."""
    if days in LOG_RETENTION_DAYS:
        return None
    accepted = ", ".join(map(str, LOG_RETENTION_DAYS))
    return f"CloudWatch keeps logs for one of {accepted} days, got {days}"
