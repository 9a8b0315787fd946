"""Names of availability zones: which region they belong to, and which are Local Zones."""

import re
from collections.abc import Mapping
from typing import Any

from .problems import Checks
from .wording import one_of

_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d)(?:[a-z]|(?:-[a-z0-9]+)+)")
_LOCAL_ZONE = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d-[a-z]+-\d[a-z]")


def region_of(zone: str) -> str | None:
    """Return the region of a zone, such as eu-west-1 of eu-west-1a; None for what is no zone's name."""
    match = _ZONE.fullmatch(zone)
    return match[1] if match else None


def is_local_zone(zone: str) -> bool:
    """Say whether the zone is a Local Zone, such as us-west-2-lax-1a."""
    return bool(_LOCAL_ZONE.fullmatch(zone))


def chosen_zones(args: Mapping[str, Any]) -> list[str]:
    """Return the zones of `subnet_ids` that `availability_zones` chooses, else all of them, sorted."""
    return sorted(args.get("availability_zones") or args["subnet_ids"])


def check_chosen_zones(checks: Checks) -> None:
    """Refuse a choice of zones that is empty, has one twice, or one without a subnet."""
    chosen, subnets = checks.get("availability_zones"), checks.get("subnet_ids", {})
    if chosen is not None and not chosen:
        checks.add("availability_zones", "must name at least one zone, or be left out")
    for index, zone in enumerate(chosen or ()):
        if zone in chosen[:index]:
            checks.add(f"availability_zones[{index}]", f"{zone!r} is there twice")
        elif subnets and zone not in subnets:
            checks.add(f"availability_zones[{index}]", f"no subnet is in {zone!r}: {one_of(sorted(subnets))}")
