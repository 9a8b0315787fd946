"""Cache subnet groups: in which subnets of one VPC a cache may have its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import InvalidSubnetIdError

from .. import checks
from ..errors import Refusal, invalid_value
from ..paging import page
from ..records import SubnetGroup
from ..registry import operation
from ..shapes import show_subnet_group
from ..store import Store

if TYPE_CHECKING:
    from ..service import Service

SUBNETS_MOST = 20


@operation("CreateCacheSubnetGroup")
def create(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """A group of subnets that exist, all of one VPC."""
    name = checks.subnet_group_name(parameters["CacheSubnetGroupName"])
    if name in store.subnet_groups or name == "default":
        raise Refusal("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
    vpc_id, subnets = _subnets(service, store, parameters.get("SubnetIds") or [])
    tags = checks.tags(parameters.get("Tags"))
    group = SubnetGroup(name, parameters["CacheSubnetGroupDescription"], vpc_id, subnets)
    store.subnet_groups[name] = group
    store.tags[store.arn("subnetgroup", name)] = tags
    return {"CacheSubnetGroup": show_subnet_group(store, group)}


@operation("DescribeCacheSubnetGroups")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """One group, or all in pages."""
    name = parameters.get("CacheSubnetGroupName")
    groups = (
        [store.subnet_group(name)] if name else [group for _, group in sorted(store.subnet_groups.items())]
    )
    return page("CacheSubnetGroups", [show_subnet_group(store, group) for group in groups], parameters)


@operation("ModifyCacheSubnetGroup")
def modify(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Other subnets of the same VPC, or another description; subnets with nodes in them stay."""
    group = store.subnet_group(parameters["CacheSubnetGroupName"])
    if parameters.get("SubnetIds"):
        vpc_id, subnets = _subnets(service, store, parameters["SubnetIds"])
        used = {member.subnet_id for cache in store.caches for member in cache.members if _uses(cache, group)}
        lost = sorted(used - {subnet_id for subnet_id, _ in subnets})
        if lost:
            raise Refusal("SubnetInUse", f"The subnet {', '.join(lost)} is in use by a cache.")
        group.vpc_id, group.subnets = vpc_id, subnets
    group.description = parameters.get("CacheSubnetGroupDescription") or group.description
    return {"CacheSubnetGroup": show_subnet_group(store, group)}


@operation("DeleteCacheSubnetGroup")
def delete(service: Service, store: Store, parameters: dict[str, Any]) -> None:
    """Forget a group that no cache uses."""
    group = store.subnet_group(parameters["CacheSubnetGroupName"])
    if group.name == "default":
        raise invalid_value("The default cache subnet group cannot be deleted.")
    users = ", ".join(cache.name for cache in store.caches if _uses(cache, group))
    if users:
        raise Refusal(
            "CacheSubnetGroupInUse",
            f"Cache subnet group {group.name} is currently in use by a cache cluster. ({users})",
        )
    del store.subnet_groups[group.name]
    store.tags.pop(store.arn("subnetgroup", group.name), None)


def _uses(cache: Any, group: SubnetGroup) -> bool:
    return cache.settings.subnet_group == group.name


def _subnets(service: Service, store: Store, ids: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """(VPC, [(subnet, zone)]) of 1 to 20 distinct subnets of one VPC (R126)."""
    if not 1 <= len(ids) <= SUBNETS_MOST or len(set(ids)) < len(ids):
        raise invalid_value(f"A cache subnet group needs 1 to {SUBNETS_MOST} distinct subnets.")
    backend: Any = service.context.ec2(store.region)
    found = []
    for subnet_id in ids:
        try:
            found.append(backend.get_subnet(subnet_id))
        except InvalidSubnetIdError as error:
            raise Refusal("InvalidSubnet", f"The requested subnet {subnet_id} is invalid.") from error
    vpcs = {subnet.vpc_id for subnet in found}
    if len(vpcs) > 1:
        raise Refusal(
            "InvalidSubnet", f"All subnets must be in the same VPC. (these are in {', '.join(sorted(vpcs))})"
        )
    return vpcs.pop(), [(subnet.id, subnet.availability_zone) for subnet in found]
