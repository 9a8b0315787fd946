"""What ClientInstances takes: its arguments, and every problem they can have."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
from typing_extensions import NotRequired, TypedDict

from .problems import Checks, check_component_name
from .ranges import EVERYONE, range_fault
from .wording import show
from .zones import check_chosen_zones

DEFAULT_INSTANCE_TYPE = "t4g.micro"
_PACKAGE = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._+:()/~-]*")
_PACKAGES_LENGTH = 4000
_FILE = re.compile(r"(/[A-Za-z0-9._-]+)+")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_INSTANCE_TYPE = re.compile(r"[a-z]+\d+[a-z0-9-]*\.[a-z0-9-]+")


class IngressRule(TypedDict):
    """Who may open a port of the instances."""

    port: int
    """TCP port, 1-65535."""
    cidr_block: NotRequired[str]
    """Range that may connect, such as 203.0.113.0/24. This or security_group_id."""
    security_group_id: NotRequired[pulumi.Input[str]]
    """Group whose members may connect."""


class Service(TypedDict):
    """A Python application that systemd runs on every instance, beside the client."""

    name: str
    """Name of the unit: a-z, 0-9 and hyphens, at most 32 characters."""
    package: str
    """Folder of the Python package; it comes along in the bundle."""
    requirements: NotRequired[str]
    """File of locked requirements, the client's among them, for Python 3.11. Default: the client's."""
    command: str
    """Words for Python, such as `-m webapp serve`. It runs as a user of its own and is started again when it ends."""
    prepare: NotRequired[str]
    """Words for Python to run before each start, at most 15 minutes. Default: none."""


class ClientInstancesArgs(TypedDict):
    """Arguments of ClientInstances."""

    vpc_id: pulumi.Input[str]
    """VPC of the instances' own security group."""
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone -> subnet id. An instance's name decides its zone, so adding one moves no other."""
    availability_zones: NotRequired[Sequence[str]]
    """Zones of subnet_ids to stand in. Default: all of them."""
    instances: Sequence[str]
    """Names of the instances: a-z, 0-9 and hyphens, at most 32 characters."""
    instance_type: NotRequired[str]
    """EC2 type; its CPU decides the image. Default: t4g.micro."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Groups to join: those that admit to the cache and to the endpoints. At most 4."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment of the client, such as CACHE_PARAMETER. Never a secret. Default: none."""
    policies: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Name -> policy document (JSON) attached to the instances' role. Default: none."""
    packages: NotRequired[Sequence[str]]
    """Further dnf packages to install at boot. Default: none."""
    files: NotRequired[Mapping[str, str]]
    """Path on the instance -> file to put there at boot, for everyone to read and run. A Python script begins by
    leaving itself to cache-python, which has the client and its libraries. Default: none."""
    service: NotRequired[Service]
    """An application of yours to run on every instance. Default: none."""
    detailed_monitoring: NotRequired[bool]
    """One-minute metrics. Default: false."""
    key_name: NotRequired[str]
    """EC2 key pair for SSH; it also needs an ingress rule. Default: none."""
    public_address: NotRequired[bool]
    """Give each instance a public address; needs public subnets. Default: false."""
    ingress: NotRequired[Mapping[str, IngressRule]]
    """Name -> rule for traffic to the instances. Default: none may connect."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


def check_client_instances(name: str, args: ClientInstancesArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(ClientInstancesArgs, args, "ClientInstances", name)
    check_component_name(checks, name)
    _check_names(checks, checks.get("instances", ()))
    if not checks.get("subnet_ids", {"": ""}):
        checks.add("subnet_ids", "needs at least one subnet")
    check_chosen_zones(checks)
    instance_type = checks.get("instance_type", DEFAULT_INSTANCE_TYPE)
    if not _INSTANCE_TYPE.fullmatch(instance_type):
        hint = " (an EC2 type, not a cache node type)" if instance_type.startswith("cache.") else ""
        checks.add("instance_type", f"must look like t4g.micro{hint}, got {instance_type!r}")
    if len(checks.get("security_group_ids", ())) > 4:
        checks.add("security_group_ids", "at most 4, as EC2 takes 5 groups and one is the instances' own")
    for key, rule in checks.get("ingress", {}).items():
        _check_ingress(checks, f"ingress.{key}", rule)
    _check_packages(checks, checks.get("packages", ()))
    _check_service(checks, checks.get("service", {}))
    for path, source in checks.get("files", {}).items():
        _check_file(checks, path, source)
    return checks


def _check_file(checks: Checks, path: str, source: str) -> None:
    if not _FILE.fullmatch(path) or {".", ".."} & set(path.split("/")):
        checks.add(
            f"files.{path}", "must be a path such as /usr/local/bin/report, of letters, digits and . _ -"
        )
    if not os.path.isfile(source):  # which unlike Path.is_file has no fault of its own with a name too long
        checks.add(f"files.{path}", f"there is no file {source!r}")


def _check_service(checks: Checks, service: Service) -> None:
    name = service.get("name", "service")
    if not _NAME.fullmatch(name):
        checks.add(
            "service.name", f"must be 1-32 characters of a-z, 0-9 and hyphens, first a letter, got {name!r}"
        )
    for key, exists, what in (("package", Path.is_dir, "folder"), ("requirements", Path.is_file, "file")):
        if key in service and not exists(Path(service[key])):
            checks.add(f"service.{key}", f"there is no {what} {service[key]!r}")
    for key in ("command", "prepare"):
        if not service.get(key, "-").strip() or "\n" in service.get(key, ""):
            checks.add(f"service.{key}", "must be one line of words for Python, such as -m webapp serve")


def _check_names(checks: Checks, instances: Sequence[str]) -> None:
    for name in instances:
        if not _NAME.fullmatch(name):
            checks.add(
                "instances", f"{name!r} must be 1-32 characters of a-z, 0-9 and hyphens, first a letter"
            )
    repeated = sorted({name for name in instances if instances.count(name) > 1})
    if repeated:
        checks.add("instances", f"each name once, got {', '.join(map(repr, repeated))} more than once")


def _check_packages(checks: Checks, packages: Sequence[str]) -> None:
    for index, package in enumerate(packages):
        if not _PACKAGE.fullmatch(package):
            checks.add(
                f"packages[{index}]", f"must be the name of a package, got {show('packages', package)}"
            )
    length = sum(map(len, packages))
    if length > _PACKAGES_LENGTH:
        checks.add(
            "packages",
            f"at most {_PACKAGES_LENGTH} characters in all, as EC2 takes 16384 bytes of user data; got {length}",
        )


def _check_ingress(checks: Checks, path: str, rule: IngressRule) -> None:
    if not 1 <= rule["port"] <= 65535:
        checks.add(f"{path}.port", f"must be 1-65535, got {rule['port']}")
    if ("cidr_block" in rule) == ("security_group_id" in rule):
        checks.add(path, "needs either cidr_block or security_group_id")
    block = rule.get("cidr_block")
    if block is None:
        return
    fault = range_fault(block, "203.0.113.0/24")
    if block in (EVERYONE, "::/0"):
        fault = "opens the port to the whole internet; name the range that needs it"
    if fault:
        checks.add(f"{path}.cidr_block", fault)


def instance_cpu(instance_type: str) -> str:
    """Return arm64 or x86_64: Graviton types have a g after the generation digit, and a1 (R188)."""
    family = instance_type.split(".")[0]
    return "arm64" if family == "a1" or re.fullmatch(r"[a-z]+\d+g[a-z0-9-]*", family) else "x86_64"


def zone_of(instance: str, zones: Sequence[str]) -> str:
    """Return the zone for this name: the one of them that it likes best, whatever else is in the list.

    So an instance only moves, which replaces it, to a zone that is new, or out of one that has gone.
    """
    return max(zones, key=lambda zone: hashlib.sha256(f"{instance} {zone}".encode()).digest())
