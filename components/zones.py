"""Names of availability zones: which region they belong to, and which are Local Zones."""

import re

_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d)(?:[a-z]|(?:-[a-z0-9]+)+)")
_LOCAL_ZONE = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d-[a-z]+-\d[a-z]")


def region_of(zone: str) -> str | None:
    """Return the region of a zone, such as eu-west-1 of eu-west-1a; None for what is no zone's name."""
    match = _ZONE.fullmatch(zone)
    return match[1] if match else None


def is_local_zone(zone: str) -> bool:
    """Say whether the zone is a Local Zone, such as us-west-2-lax-1a."""
    return bool(_LOCAL_ZONE.fullmatch(zone))
