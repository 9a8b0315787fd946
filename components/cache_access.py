"""Who may reach a cache: a group for the cache, and a group that is the permission."""

from collections.abc import Mapping, Sequence

import pulumi
from typing_extensions import NotRequired, TypedDict

from .access_groups import access_groups
from .problems import Checks, check_component_name
from .ranges import EVERYONE, range_fault

_LOWEST_PORT, _HIGHEST_PORT, _REFUSED_PORT = 1150, 65535, 8005


class CacheAccessArgs(TypedDict):
    """Arguments of CacheAccess."""

    vpc_id: pulumi.Input[str]
    """VPC of both groups."""
    ports: Sequence[int]
    """Ports of the cache, each 1150-65535 but not 8005."""
    allowed_security_group_ids: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Name -> group whose members may connect, besides the client group. Default: none."""
    allowed_cidr_blocks: NotRequired[Mapping[str, str]]
    """Name -> IPv4 range that may connect; never the whole internet. Default: none."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class CacheAccess(pulumi.ComponentResource):
    """The cache's group and the "may reach this cache" group.

    Creates two groups, and per port one rule into the cache and one out of its clients. The cache may open no
    connection itself. Rules are keyed by port, so a new port is opened before the old one closes.
    """

    cache_security_group_id: pulumi.Output[str]
    """Group of the cache."""
    client_security_group_id: pulumi.Output[str]
    """Group to join to reach the cache."""

    def __init__(self, name: str, args: CacheAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_cache_access(name, args).raise_problems()
        super().__init__("aws-cache:index:CacheAccess", name, dict(args), opts)
        groups = args.get("allowed_security_group_ids", {})
        ranges = args.get("allowed_cidr_blocks", {})
        own, client = access_groups(
            self,
            name,
            args,
            what="cache",
            clients="client",
            ports=map(int, args["ports"]),
            admitted={
                **{f"group-{key}": {"referenced_security_group_id": group} for key, group in groups.items()},
                **{f"range-{key}": {"cidr_ipv4": block} for key, block in ranges.items()},
            },
        )

        self.cache_security_group_id = own.id
        self.client_security_group_id = client.id
        self.register_outputs(
            {
                "cache_security_group_id": self.cache_security_group_id,
                "client_security_group_id": self.client_security_group_id,
            }
        )


def port_fault(port: int) -> str | None:
    """Return why ElastiCache refuses this port, or None (R131)."""
    if not _LOWEST_PORT <= port <= _HIGHEST_PORT or port == _REFUSED_PORT:
        return f"must be 1150-8004 or 8006-65535, got {port}"
    return None


def check_cache_access(name: str, args: CacheAccessArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(CacheAccessArgs, args, "CacheAccess", name)
    check_component_name(checks, name)
    ports = checks.get("ports")
    if ports is not None and not ports:
        checks.add("ports", "must hold at least one port")
    for index, port in enumerate(ports or ()):
        fault = port_fault(port)
        if fault or port in ports[:index]:
            checks.add(f"ports[{index}]", fault or f"{port} is there twice")
    for key, block in checks.get("allowed_cidr_blocks", {}).items():
        fault = range_fault(block, "10.0.0.0/8")
        if block == EVERYONE:
            fault = "opens the cache to every address there is; name the range that needs it (R132)"
        if fault:
            checks.add(f"allowed_cidr_blocks.{key}", fault)
    return checks
