"""IPv4 ranges, as AWS writes them: no other spelling of one passes, so that each can be compared as text."""

import ipaddress

EVERYONE = "0.0.0.0/0"
"""Every address there is."""


def ipv4_range(text: str, example: str) -> ipaddress.IPv4Network:
    """Return the range of a text such as the example. Raises ValueError with the reason."""
    try:
        meant = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise ValueError(f"must be an IPv4 range such as {example}, got {text!r}") from None
    if str(meant) == text:
        return meant
    try:
        ipaddress.IPv4Network(text)
    except ValueError:
        raise ValueError(f"{text!r} has bits set behind its prefix; did you mean {meant}?") from None
    raise ValueError(f"{text!r} is to be written as {meant}")


def range_fault(text: str, example: str) -> str | None:
    """Return why a text is no range such as the example, or None."""
    try:
        ipv4_range(text, example)
    except ValueError as error:
        return str(error)
    return None
