"""Ranges of addresses that an argument lets in."""

import ipaddress


def range_fault(text: str, example: str) -> str | None:
    """Return why this is no IPv4 range such as the example, or None."""
    try:
        ipaddress.IPv4Network(text)
    except ValueError as error:
        return f"must be an IPv4 range such as {example}: {error}"
    return None


def holds_every_address(block: str) -> bool:
    """Return whether this IPv4 range is the one of every address there is, however it is written."""
    return ipaddress.IPv4Network(block).prefixlen == 0
