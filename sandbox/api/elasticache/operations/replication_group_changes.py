"""ModifyReplicationGroup: what may change, in which combination, now or in the maintenance window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import catalogue, changes, checks, topology, wishes
from ..encryption import token_changes, transit_changes
from ..errors import invalid_combination, invalid_value
from ..lifecycle import Lifecycle
from ..records import MODIFYING, Cache, Member
from ..registry import operation
from ..settings_changes import engine_changes, plain_changes
from ..shapes import show_group
from ..store import Store
from .replication_groups import begin, check_description, require_available

if TYPE_CHECKING:
    from ..service import Service

UNMODELLED = {
    "SnapshottingClusterId": (),
    "NodeGroupId": (),
    "CacheSecurityGroupNames": (),
    "UserGroupIdsToAdd": (),
    "UserGroupIdsToRemove": (),
    "RemoveUserGroups": (False,),
    "IpDiscovery": ("ipv4",),
    "ClusterMode": ("disabled",),
    "Durability": ("default",),
}


@operation("ModifyReplicationGroup")
def modify(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Check everything, then change it after the answer."""
    cache = store.group(parameters["ReplicationGroupId"])
    require_available(cache)
    wishes.refuse_unmodelled(parameters, UNMODELLED)
    wanted = _changes(service, store, cache, parameters)
    promoted = _promoted(cache, parameters, wanted)
    if parameters.get("ReplicationGroupDescription") is not None:
        cache.description = check_description(parameters["ReplicationGroupDescription"])
    immediately = bool(parameters.get("ApplyImmediately"))
    done, waiting = changes.split({**(cache.pending if immediately else {}), **wanted}, immediately)
    cache.pending = {} if immediately else {**cache.pending, **waiting}
    if not done and promoted is None:
        return {"ReplicationGroup": show_group(store, cache)}
    begin(cache, MODIFYING)

    def work() -> None:
        changes.apply_changes(service, cache, done)
        if promoted is not None:
            Lifecycle(service, cache).switch_primary(promoted)

    answer = {"ReplicationGroup": show_group(store, cache)}
    service.start_job(cache, work)
    return answer


def _changes(service: Service, store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """Every asked-for change as a value of Settings; those that change nothing are left out."""
    wanted = {
        **plain_changes(service, store, cache, parameters),
        **engine_changes(store, cache, parameters),
        **transit_changes(cache.settings, parameters),
        **token_changes(cache.settings, parameters),
        **_failover_changes(store, cache, parameters),
    }
    if parameters.get("LogDeliveryConfigurations"):
        if not parameters.get("ApplyImmediately"):
            raise invalid_combination("A change of LogDeliveryConfigurations needs ApplyImmediately. (R163)")
        row = catalogue.find_version(
            wanted.get("engine", cache.settings.engine), wanted.get("version", cache.settings.version)
        )
        version = catalogue.as_numbers(row["full"])
        wanted["logs"] = checks.logs(parameters["LogDeliveryConfigurations"], version, cache.settings.logs)
    return {name: value for name, value in wanted.items() if getattr(cache.settings, name) != value}


def _failover_changes(store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    settings = cache.settings
    failover = parameters.get("AutomaticFailoverEnabled")
    failover = settings.automatic_failover if failover is None else failover
    multi_az = parameters.get("MultiAZEnabled")
    multi_az = settings.multi_az if multi_az is None else multi_az
    topology.failover(len(cache.members), failover, multi_az, store.subnet_group(settings.subnet_group))
    return {"automatic_failover": failover, "multi_az": multi_az}


def _promoted(cache: Cache, parameters: dict[str, Any], wanted: dict[str, Any]) -> Member | None:
    """The member that shall become the primary by hand."""
    name = parameters.get("PrimaryClusterId")
    if not name or name == cache.primary:
        return None
    if wanted.get("automatic_failover", cache.settings.automatic_failover):
        raise invalid_combination("The primary cannot be chosen while automatic failover is enabled.")
    for member in cache.members:
        if member.cluster_id == name.lower():
            return member
    raise invalid_value(f"{name} is not a member of replication group {cache.name}.")
