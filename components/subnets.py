"""Address ranges of a network's subnets: planned from the VPC's range, or checked when given."""

import ipaddress
from collections.abc import Mapping, Sequence

from .ranges import ipv4_range

Range = ipaddress.IPv4Network

MAXIMUM_ZONES = 6
_LARGEST_PREFIX = 28
_SUBNET_PREFIX = 24
_VPC_PREFIXES = (16, 28)
_EXAMPLE = "10.20.0.0/16"
_PLACES = "abcdefgh"  # no region has more zones
_KEPT_BY_AWS = 5


class TooSmall(ValueError):
    """The VPC's range has no room for planned subnets."""


def vpc_range(text: str) -> ipaddress.IPv4Network:
    """Return the range of a VPC. Raises ValueError with the reason."""
    network = ipv4_range(text, _EXAMPLE)
    low, high = _VPC_PREFIXES
    if not low <= network.prefixlen <= high:
        raise ValueError(f"{text!r} must be a /{low} to /{high}, as AWS makes no other VPC")
    return network


def plan(vpc: ipaddress.IPv4Network, zones: Sequence[str], public: bool = False) -> dict[str, str]:
    """Return zone -> range: a /24 where the VPC has room for sixteen of them, else a sixteenth of it.

    A zone takes the place of its letter, so that adding one moves no other; private subnets have the first eight
    places and public ones the next. Raises ValueError when that cannot be done.
    """
    prefix = max(_SUBNET_PREFIX, vpc.prefixlen + 4)
    if prefix > _LARGEST_PREFIX:
        raise TooSmall(
            f"{vpc} is too small to plan subnets in; give a /24 or larger, or the subnets' own ranges"
        )
    places = {zone: _PLACES.find(zone[-1:]) for zone in zones}
    if -1 in places.values() or len(set(places.values())) < len(places):
        raise ValueError(
            f"{', '.join(zones)} cannot be told apart by their last letters; give the subnets' ranges"
        )
    first, size = int(vpc.network_address), 2 ** (vpc.max_prefixlen - prefix)
    starts = {zone: first + (place + public * len(_PLACES)) * size for zone, place in places.items()}
    return {zone: str(Range((start, prefix))) for zone, start in starts.items()}


def range_faults(vpc: ipaddress.IPv4Network, ranges: Mapping[str, str]) -> dict[str, str]:
    """Return path -> fault for ranges given by path: outside the VPC, of a size AWS refuses, or overlapping."""
    faults: dict[str, str] = {}
    seen: dict[str, ipaddress.IPv4Network] = {}
    for path, text in ranges.items():
        try:
            network = ipv4_range(text, _EXAMPLE)
        except ValueError as error:
            faults[path] = str(error)
            continue
        clash = next((other for other, known in seen.items() if known.overlaps(network)), None)
        if not network.subnet_of(vpc):
            faults[path] = f"{text!r} is outside the network's {vpc}"
        elif network.prefixlen > _LARGEST_PREFIX:
            faults[path] = f"{text!r} is smaller than /{_LARGEST_PREFIX}, the smallest AWS makes"
        elif clash:
            faults[path] = f"{text!r} overlaps {clash} ({seen[clash]})"
        seen[path] = network
    return faults


def usable_addresses(text: str) -> int:
    """Return how many addresses of a subnet's range AWS gives out: it keeps the first four and the last."""
    return ipv4_range(text, _EXAMPLE).num_addresses - _KEPT_BY_AWS
