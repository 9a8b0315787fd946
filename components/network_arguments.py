"""What a Network may be told, and what is refused about it before anything is created."""

import re
from collections.abc import Mapping, Sequence

import pulumi
from typing_extensions import NotRequired, TypedDict

from . import subnets
from .problems import Checks, check_component_name

DEFAULT_CIDR_BLOCK = "10.20.0.0/16"

SESSION_MANAGER_ENDPOINTS = ("ssm", "ssmmessages")
"""What an instance without internet needs for Session Manager, Run Command and Parameter Store (R134)."""

_SERVICE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")
_ZONE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d([a-z]|(-[a-z0-9]+)+)")


class NetworkArgs(TypedDict):
    """Arguments of Network."""

    availability_zones: Sequence[str]
    """Zones to plan subnets in, 1-6 names such as eu-west-1a. A replica needs two."""
    cidr_block: NotRequired[str]
    """Range of the VPC, /16 to /28. Default: 10.20.0.0/16."""
    private_subnets: NotRequired[Mapping[str, str]]
    """Zone -> range, instead of the planned private subnets. Default: planned from the zones."""
    interface_endpoints: NotRequired[Sequence[str]]
    """AWS services to reach privately, by the end of their endpoint's name. Default: ssm, ssmmessages."""
    s3_gateway_endpoint: NotRequired[bool]
    """Reach S3, and with it packages and the client bundle, without internet; free. Default: true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


LATER = {
    "public_subnets": "public subnets are not built yet: everything is private, reached by Session Manager",
    "nat_gateways": "NAT gateways are not built yet: the S3 and interface endpoints serve instead",
    "flow_logs_retention_days": "flow logs are not built yet; leave the key out",
}
"""Arguments that are announced and not built, with what to tell who uses them."""


def private_ranges(args: NetworkArgs) -> dict[str, str]:
    """Return zone -> range of the private subnets: as given, else planned. Raises ValueError without room."""
    if args.get("private_subnets"):
        return dict(args["private_subnets"])
    vpc = subnets.vpc_range(args.get("cidr_block", DEFAULT_CIDR_BLOCK))
    return subnets.plan(vpc, args["availability_zones"])


def check_network(name: str, args: NetworkArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(NetworkArgs, args, "Network", name, refused=LATER)
    check_component_name(checks, name)
    zones = checks.get("availability_zones")
    if zones is not None:
        _check_zones(checks, zones)
    _check_ranges(checks)
    _check_services(checks, checks.get("interface_endpoints", ()))
    return checks


def _check_services(checks: Checks, services: Sequence[str]) -> None:
    for index, service in enumerate(services):
        path = f"interface_endpoints[{index}]"
        if not _SERVICE.fullmatch(service) or service.startswith("com.amazonaws"):
            checks.add(path, f"must be the end of a service's name, such as ssm, got {service!r}")
        elif service == "s3":
            checks.add(path, "S3 has a gateway endpoint: s3_gateway_endpoint")
        elif service in services[:index]:
            checks.add(path, f"{service!r} is there twice; a VPC has one endpoint per service")


def _check_zones(checks: Checks, zones: Sequence[str]) -> None:
    if not 1 <= len(zones) <= subnets.MAXIMUM_ZONES:
        checks.add("availability_zones", f"must be 1-{subnets.MAXIMUM_ZONES} zones, got {len(zones)}")
    for index, zone in enumerate(zones):
        if not _ZONE.fullmatch(zone):
            checks.add(f"availability_zones[{index}]", f"must be a zone such as eu-west-1a, got {zone!r}")
        elif zone in zones[:index]:
            checks.add(f"availability_zones[{index}]", f"{zone!r} is there twice")


def _check_ranges(checks: Checks) -> None:
    if not checks.ok("cidr_block"):
        return
    try:
        vpc = subnets.vpc_range(checks.get("cidr_block", DEFAULT_CIDR_BLOCK))
    except ValueError as error:
        checks.add("cidr_block", str(error))
        return
    given = checks.get("private_subnets")
    if given is not None:
        if not given:
            checks.add("private_subnets", "must name at least one zone, or be left out")
        for zone in given:
            if not _ZONE.fullmatch(zone):
                checks.add(f"private_subnets.{zone}", f"must be a zone such as eu-west-1a, got {zone!r}")
        ranges = {f"private_subnets.{zone}": text for zone, text in given.items()}
        for path, fault in subnets.range_faults(vpc, ranges).items():
            checks.add(path, fault)
    elif checks.get("availability_zones"):
        try:
            subnets.plan(vpc, checks.get("availability_zones"))
        except ValueError as error:
            checks.add("cidr_block" if "small" in str(error) else "availability_zones", str(error))
