"""Engine versions as the real provider compares and shows them."""

from __future__ import annotations


def version_numbers(version: str) -> tuple[int, ...]:
    """`7.1.0` as numbers; an `x` counts as the newest of its line."""
    return tuple(9999 if part == "x" else int(part) for part in version.split("."))


def is_downgrade(actual: str, wanted: str) -> bool:
    """Whether moving to the wanted version goes down; from version 6 on only major and minor count (R42, R45)."""
    old, new = version_numbers(actual), version_numbers(wanted)
    length = 2 if new[0] >= 6 else 3
    return new[:length] < old[:length]


def shown_version(actual: str, given: str) -> str:
    """The version as the program would write it: `6.x` stays, from 6 on major and minor, before that all three."""
    numbers = actual.split(".")
    if given.endswith(".x") and given.split(".")[0] == numbers[0]:
        return given
    return ".".join(numbers[:2]) if int(numbers[0]) >= 6 else actual
