"""What a Network may be told, and what is refused about it before anything is created."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pulumi
from typing_extensions import NotRequired, TypedDict

from . import subnets
from .problems import Checks, check_component_name
from .retention import retention_fault
from .zones import region_of

DEFAULT_CIDR_BLOCK = "10.20.0.0/16"

SESSION_MANAGER_ENDPOINTS = ("ssm", "ssmmessages")
"""What an instance without internet needs for Session Manager, Run Command and Parameter Store (R134)."""

NAT_GATEWAYS = ("NONE", "SINGLE", "ONE_PER_ZONE")

PLANNED = "planned"
"""Stands for the range of a subnet that is to be planned."""

_SPARE_ADDRESSES = 10
_SERVICE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")


class NetworkArgs(TypedDict):
    """Arguments of Network."""

    availability_zones: Sequence[str]
    """Zones to plan subnets in, 1-6 names such as eu-west-1a. A replica needs two."""
    cidr_block: NotRequired[str]
    """Range of the VPC, /16 to /28. Default: 10.20.0.0/16."""
    private_subnets: NotRequired[Mapping[str, str]]
    """Zone -> range, or `planned`, instead of one planned private subnet per zone. Default: planned from the zones."""
    public_subnets: NotRequired[Mapping[str, str]]
    """Zone -> range, or `planned`, of subnets with a route to the internet; any zone of the region.
    Default: none but those that NAT gateways need."""
    nat_gateways: NotRequired[str]
    """Way out for the private subnets, billed by the hour: NONE, SINGLE (in the first of the public zones, else of the
    private ones) or ONE_PER_ZONE (no zone depends on another). Default: NONE."""
    interface_endpoints: NotRequired[Sequence[str]]
    """AWS services to reach privately, by the end of their endpoint's name; billed by the hour and zone.
    Default: ssm, ssmmessages; none with NAT gateways."""
    s3_gateway_endpoint: NotRequired[bool]
    """Reach S3, and with it packages and the client bundle, without internet; free. Default: true."""
    flow_logs_retention_days: NotRequired[int]
    """Days that a record of all connections is kept in CloudWatch, such as 365; 0 means none. Default: 0."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class Plan(NamedTuple):
    """The subnets of a network, zone -> range, and the zones whose public subnet holds a NAT gateway."""

    private: dict[str, str]
    public: dict[str, str]
    nat_zones: list[str]


def subnet_plan(args: NetworkArgs) -> Plan:
    """Return the ranges of all subnets, as given or planned. Raises ValueError where planning cannot be done."""
    vpc = subnets.vpc_range(args.get("cidr_block", DEFAULT_CIDR_BLOCK))
    private = dict(args.get("private_subnets") or dict.fromkeys(args["availability_zones"], PLANNED))
    asked = dict(args.get("public_subnets") or {})
    nat_zones = {
        "NONE": [],
        "SINGLE": sorted(asked or private)[:1],
        "ONE_PER_ZONE": sorted(private),
    }[args.get("nat_gateways", "NONE")]
    public = {**dict.fromkeys(nat_zones, PLANNED), **asked}
    return Plan(_ranges(vpc, private), _ranges(vpc, public, public=True), nat_zones)


def interface_services(args: NetworkArgs) -> Sequence[str]:
    """Return the services with an interface endpoint: with NAT gateways only those that were named."""
    by_nat = args.get("nat_gateways", "NONE") != "NONE"
    return args.get("interface_endpoints", () if by_nat else SESSION_MANAGER_ENDPOINTS)


def check_network(name: str, args: NetworkArgs) -> Checks:
    """Collect every problem of these arguments, and what to warn of."""
    checks = Checks.of(NetworkArgs, args, "Network", name)
    check_component_name(checks, name)
    zones = checks.get("availability_zones")
    if zones is not None and not 1 <= len(zones) <= subnets.MAXIMUM_ZONES:
        checks.add("availability_zones", f"must be 1-{subnets.MAXIMUM_ZONES} zones, got {len(zones)}")
    checks.choice("nat_gateways", NAT_GATEWAYS, "NONE")
    _check_zones(checks)
    _check_ranges(checks)
    _check_services(checks, checks.get("interface_endpoints", ()))
    fault = retention_fault(checks.get("flow_logs_retention_days", 0))
    if fault:
        checks.add("flow_logs_retention_days", fault)
    if not checks.problems:
        _warn_of_islands(checks)
        _warn_of_narrow_subnets(checks)
    return checks


def _ranges(vpc: subnets.Range, wanted: Mapping[str, str], public: bool = False) -> dict[str, str]:
    planned = [zone for zone, text in wanted.items() if text == PLANNED]
    return {**wanted, **(subnets.plan(vpc, planned, public) if planned else {})}


def _check_zones(checks: Checks) -> None:
    """Refuse what is no zone, what is there twice, and zones of two regions."""
    zones = checks.get("availability_zones", ())
    named = {f"availability_zones[{index}]": zone for index, zone in enumerate(zones)}
    for key in ("private_subnets", "public_subnets"):
        given = checks.get(key)
        if given is not None and not given:
            checks.add(key, "must name at least one zone, or be left out")
        named |= {f"{key}.{zone}": zone for zone in given or ()}
    first = next((zone for zone in named.values() if region_of(zone)), "")
    region = region_of(first)
    for path, zone in named.items():
        if not region_of(zone):
            checks.add(path, f"must be a zone such as eu-west-1a, got {zone!r}")
        elif region_of(zone) != region:
            checks.add(path, f"{zone!r} is not in {region}, where {first} is; a VPC has one region")
    for index, zone in enumerate(zones):
        if zone in zones[:index]:
            checks.add(f"availability_zones[{index}]", f"{zone!r} is there twice")


def _check_ranges(checks: Checks) -> None:
    """Refuse a VPC without room, and subnets outside of it or over one another."""
    if not checks.ok("cidr_block"):
        return
    try:
        vpc = subnets.vpc_range(checks.get("cidr_block", DEFAULT_CIDR_BLOCK))
    except ValueError as error:
        checks.add("cidr_block", str(error))
        return
    deciding = ("availability_zones", "private_subnets", "public_subnets", "nat_gateways")
    if not all(map(checks.ok, deciding)):
        return
    try:
        plan = subnet_plan(checks.args)
    except subnets.TooSmall as error:
        checks.add("cidr_block", str(error))
        return
    except ValueError as error:
        checks.add("availability_zones", str(error))
        return
    ranges = {f"private_subnets.{zone}": text for zone, text in plan.private.items()}
    ranges |= {f"public_subnets.{zone}": text for zone, text in plan.public.items()}
    given = {
        f"{key}.{zone}"
        for key in ("private_subnets", "public_subnets")
        for zone, text in checks.get(key, {}).items()
        if text != PLANNED
    }
    # Given ranges first: of two that overlap the planned one is at fault, which its range can replace.
    ordered = dict(sorted(ranges.items(), key=lambda item: item[0] not in given))
    for path, fault in subnets.range_faults(vpc, ordered).items():
        checks.add(path, fault if path in given else f"as planned, {fault}; give a range for it")


def _check_services(checks: Checks, services: Sequence[str]) -> None:
    for index, service in enumerate(services):
        path = f"interface_endpoints[{index}]"
        if not _SERVICE.fullmatch(service) or service.startswith("com.amazonaws"):
            checks.add(path, f"must be the end of a service's name, such as ssm, got {service!r}")
        elif service == "s3":
            checks.add(path, "S3 has a gateway endpoint: s3_gateway_endpoint")
        elif service in services[:index]:
            checks.add(path, f"{service!r} is there twice; a VPC has one endpoint per service")


def _warn_of_islands(checks: Checks) -> None:
    """Warn of a network whose machines cannot be reached, or cannot get what they need to start."""
    if checks.get("nat_gateways", "NONE") != "NONE" or checks.get("public_subnets"):
        return
    missing = [item for item in SESSION_MANAGER_ENDPOINTS if item not in interface_services(checks.args)]
    if missing:
        checks.warn(
            f"without NAT gateways and the interface endpoints {', '.join(missing)} nothing here is reached by "
            "Session Manager, nor reads its connection parameter (R134)"
        )
    if not checks.get("s3_gateway_endpoint", True):
        checks.warn(
            "without NAT gateways and the S3 gateway endpoint an instance here gets neither packages nor the client "
            "(R136)"
        )


def _warn_of_narrow_subnets(checks: Checks) -> None:
    """Warn of subnets where a cache has no room to replace its nodes (R127)."""
    endpoints = len(interface_services(checks.args))
    free = {
        text: subnets.usable_addresses(text) - endpoints for text in subnet_plan(checks.args).private.values()
    }
    narrow = [f"{text} has {count}" for text, count in free.items() if count < _SPARE_ADDRESSES]
    if narrow:
        checks.warn(
            f"a cache wants {_SPARE_ADDRESSES} free addresses in each of its subnets, as a replaced node takes another "
            f"one: {', '.join(narrow)} (R127)"
        )
