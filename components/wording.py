"""How messages speak: lists of words, near misses, values that may be shown."""

import difflib
from collections.abc import Collection, Iterable

SECRET_ARGUMENTS = {"auth_token"}
"""Arguments whose value no message may show."""

_LONGEST_VALUE = 60


def did_you_mean(word: object, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return "; did you mean X?" for a near miss, else nothing; with cutoff 1 only the word itself is near.

    The first part of one known word alone (`memory` of `memory_percent`) is the nearest miss.
    """
    spelled, given = {item.lower(): item for item in known}, str(word).lower()
    begun = [item for item in spelled if item.startswith(f"{given}_")]
    close = begun if len(begun) == 1 else difflib.get_close_matches(given, list(spelled), n=1, cutoff=cutoff)
    return f"; did you mean {spelled[close[0]]}?" if close else ""


def one_of(accepted: Collection[str]) -> str:
    """Return the accepted words as "a, b or c"."""
    *most, last = accepted
    return f"{', '.join(most)} or {last}" if most else last


def show(path: str, value: object) -> str:
    """Return the value for a message: short, and never a secret."""
    if path.split(".")[-1] in SECRET_ARGUMENTS:
        return "a value that is not shown"
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
