"""Where nodes go: zones, addresses and network interfaces on moto's EC2."""

from __future__ import annotations

import ipaddress
import itertools
from typing import TYPE_CHECKING, Any

from .errors import Refusal, invalid_value
from .records import Cache, Placement, SubnetGroup

if TYPE_CHECKING:
    from .service import Service

# AWS keeps a subnet's first four addresses and its last one.
KEPT_FIRST, KEPT_LAST = 4, 1


def spread(
    group: SubnetGroup, count: int, preferred: list[str] | None = None, taken: list[str] | None = None
) -> list[str]:
    """Zones for `count` more nodes: the preferred ones, else the least used of the group's, in its order."""
    if preferred:
        return list(preferred[:count])
    used = list(taken or [])
    zones = list(dict.fromkeys(zone for _, zone in group.subnets))
    for _ in range(count):
        used.append(min(zones, key=lambda zone: (used.count(zone), zones.index(zone))))
    return used[len(taken or []) :]


def subnet_in(group: SubnetGroup, zone: str) -> str:
    """The group's first subnet in a zone."""
    for subnet_id, subnet_zone in group.subnets:
        if subnet_zone == zone:
            return subnet_id
    covered = ", ".join(sorted({zone for _, zone in group.subnets}))
    raise invalid_value(f"The subnet group {group.name} has no subnet in {zone} (it covers: {covered})")


class Placer:
    """Gives nodes network interfaces, and takes them back."""

    _numbers = itertools.count(1)

    def __init__(self, service: Service) -> None:
        self._service = service

    def place(self, cache: Cache, cluster_id: str, subnet_id: str) -> Placement:
        """A network interface with a free address for one node; the hosts learn of it at the next sync."""
        context = self._service.context
        with context.ec2_lock:
            address = self._free_address(cache.region, subnet_id)
            host_id, address = context.create_interface(
                subnet_id,
                cache.settings.security_group_ids,
                f"ElastiCache {cluster_id}",
                "cache",
                region=cache.region,
                address=address,
            )
        return Placement(f"{cluster_id}.{next(self._numbers)}", host_id, address)

    def release(self, cache: Cache, placements: list[Placement]) -> None:
        """Give interfaces back."""
        for placement in placements:
            self._service.set_cut(placement.host_id, False)
            self._service.context.delete_interface(placement.host_id, region=cache.region)

    def change_groups(self, cache: Cache) -> None:
        """Give every interface of a cache its security groups."""
        for member in cache.members:
            self._service.context.set_interface_groups(
                member.placement.host_id, cache.settings.security_group_ids, region=cache.region
            )

    def _free_address(self, region: str, subnet_id: str) -> str:
        backend: Any = self._service.context.ec2(region)
        network = ipaddress.ip_network(backend.get_subnet(subnet_id).cidr_block)
        taken = {
            address["PrivateIpAddress"]
            for interface in list(backend.enis.values())
            if interface.subnet.id == subnet_id
            for address in interface.private_ip_addresses
        }
        for number in range(KEPT_FIRST, network.num_addresses - KEPT_LAST):
            if str(network[number]) not in taken:
                return str(network[number])
        raise Refusal("InsufficientCacheClusterCapacity", f"Subnet {subnet_id} has no free address.")
