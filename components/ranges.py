"""Ranges of addresses that an argument lets in."""

import ipaddress

from .problems import Checks


def holds_every_address(checks: Checks, path: str, text: str, example: str) -> bool:
    """Refuse what is no IPv4 range such as the example; say whether it is the one of every address there is."""
    try:
        return ipaddress.IPv4Network(text).prefixlen == 0
    except ValueError as error:
        checks.add(path, f"must be an IPv4 range such as {example}: {error}")
        return False
