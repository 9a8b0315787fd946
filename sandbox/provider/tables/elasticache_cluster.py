"""ElastiCache clusters that are no group: Memcached, and single Redis nodes."""

from __future__ import annotations

from typing import Any

from ..fields import Field, dig, flag, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import arn_tagging
from ..values import has_unknown
from ..work import Work
from .elasticache_versions import is_downgrade, shown_version, version_numbers

_SEVERAL_ZONES = "Multiple"


def _is_memcached(state: Properties) -> bool:
    return state.get("engine", "memcached") == "memcached"


def _older(state: Properties, new: Any) -> bool:
    actual = state.get("engineVersionActual") or state.get("engineVersion")
    if not actual or not new:
        return False
    if _is_memcached(state):
        return version_numbers(str(new)) < version_numbers(str(actual))
    return is_downgrade(str(actual), str(new))


FIELDS = {
    "clusterId": text("CacheClusterId", required=True, replaces=True, fold=True),
    "engine": text("Engine", computed=True, replaces=True, choices=("memcached", "redis")),
    "engineVersion": text("EngineVersion", computed=True, replaces=_older, group="settings"),
    # Memcached cannot move what it holds to other nodes (R65).
    "nodeType": text(
        "CacheNodeType", computed=True, replaces=lambda state, _: _is_memcached(state), group="settings"
    ),
    "numCacheNodes": number("NumCacheNodes", computed=True, group="settings"),
    "azMode": text("AZMode", computed=True, group="settings", choices=("single-az", "cross-az")),
    "preferredAvailabilityZones": Field("list", "PreferredAvailabilityZones", write_only=True),
    "availabilityZone": text(
        "PreferredAvailabilityZone", read="PreferredAvailabilityZone", computed=True, replaces=True
    ),
    "port": number("Port", computed=True, replaces=True),
    "parameterGroupName": text("CacheParameterGroupName", computed=True, fold=True, group="settings"),
    "subnetGroupName": text("CacheSubnetGroupName", computed=True, fold=True, replaces=True),
    "securityGroupIds": texts("SecurityGroupIds", computed=True, group="settings"),
    "transitEncryptionEnabled": flag("TransitEncryptionEnabled", computed=True, replaces=True),
    "maintenanceWindow": text("PreferredMaintenanceWindow", computed=True, fold=True, group="settings"),
    "notificationTopicArn": text("NotificationTopicArn", group="settings"),
    "networkType": text("NetworkType", computed=True, replaces=True),
    "ipDiscovery": text("IpDiscovery", computed=True, group="settings"),
    "applyImmediately": flag(computed=True),
}


def _create(work: Work, given: Properties) -> str:
    answer = work.call("create_cache_cluster", **request(FIELDS, given), **work.tag_request)
    return answer["CacheCluster"]["CacheClusterId"]


def _cluster(work: Work, cluster: str) -> Properties:
    answer = work.call("describe_cache_clusters", CacheClusterId=cluster, ShowCacheNodeInfo=True)
    return answer["CacheClusters"][0]


def _describe(work: Work, cluster: str, state: Properties) -> Properties | None:
    found = _cluster(work, cluster)
    if found["CacheClusterStatus"] == "deleting":
        return None
    several = found.get("PreferredAvailabilityZone") == _SEVERAL_ZONES
    actual = found["EngineVersion"]
    memcached = found["Engine"] == "memcached"
    return {
        **found,
        "EngineVersion": actual if memcached else shown_version(actual, str(state.get("engineVersion", ""))),
        "EngineVersionActual": actual,
        "AZMode": "cross-az" if several else "single-az",
        "PreferredAvailabilityZone": None if several else found.get("PreferredAvailabilityZone"),
        "Port": dig(found, "ConfigurationEndpoint.Port") or dig(found, "CacheNodes.0.Endpoint.Port"),
        "CacheParameterGroupName": dig(found, "CacheParameterGroup.CacheParameterGroupName"),
        "SecurityGroupIds": [each["SecurityGroupId"] for each in found.get("SecurityGroups", [])],
        "NotificationTopicArn": dig(found, "NotificationConfiguration.TopicArn"),
    }


def _nodes(work: Work, cluster: str, description: Properties) -> list[dict[str, Any]]:
    """The nodes as the provider shows them, in the order of their ids."""
    shown = [
        {
            "id": node["CacheNodeId"],
            "address": dig(node, "Endpoint.Address"),
            "port": dig(node, "Endpoint.Port"),
            "availabilityZone": node.get("CustomerAvailabilityZone"),
            "outpostArn": node.get("CustomerOutpostArn", ""),
        }
        for node in description.get("CacheNodes", [])
    ]
    return sorted(shown, key=lambda node: node["id"])


def _configuration_endpoint(work: Work, cluster: str, description: Properties) -> str | None:
    """`host:port`; single Redis nodes have none."""
    endpoint = description.get("ConfigurationEndpoint")
    return f"{endpoint['Address']}:{endpoint['Port']}" if endpoint else None


def _ready(work: Work, cluster: str, given: Properties) -> None:
    work.wait_until_available(
        f"cache cluster {cluster}",
        lambda: _cluster(work, cluster)["CacheClusterStatus"],
        failed="create-failed",
        failure=f"cache cluster {cluster} could not be created",
    )


def _set_settings(work: Work, cluster: str, change: Change) -> None:
    given = {name: change.new.get(name, FIELDS[name].default) for name in change.names}
    wanted = request(FIELDS, given, set(change.names))
    if "numCacheNodes" in change.names:
        wanted |= _node_change(work, cluster, change.new)
    wanted["ApplyImmediately"] = bool(change.new.get("applyImmediately", False))
    work.call("modify_cache_cluster", CacheClusterId=cluster, **wanted)
    _ready(work, cluster, {})


def _node_change(work: Work, cluster: str, new: Properties) -> dict[str, Any]:
    """Shrinking removes the last nodes (R90); growing may say the new nodes' zones."""
    current = sorted(node["CacheNodeId"] for node in _cluster(work, cluster)["CacheNodes"])
    count, zones = int(new["numCacheNodes"]), new.get("preferredAvailabilityZones")
    if count < len(current):
        return {"CacheNodeIdsToRemove": current[count:]}
    return {"NewAvailabilityZones": zones[len(current) :]} if zones and count > len(current) else {}


def _delete(work: Work, cluster: str, state: Properties) -> None:
    """Waits until the cluster is gone; one that is being deleted already is only waited for."""
    if _cluster(work, cluster)["CacheClusterStatus"] != "deleting":
        work.call("delete_cache_cluster", CacheClusterId=cluster)
    # Its description fails with NotFound once it is gone, which ends the deletion.
    work.wait(f"cache cluster {cluster} is deleted", lambda: not _cluster(work, cluster))


def _check(given: Properties) -> list[tuple[str, str]]:
    """What the real provider refuses at preview (R8, R67, R69)."""
    known = {name: value for name, value in given.items() if not has_unknown(value)}
    found = []
    if len(str(known.get("clusterId", ""))) > 50:
        found.append(("clusterId", "clusterId has at most 50 characters"))
    nodes = int(known.get("numCacheNodes", 2))
    if known.get("azMode") == "cross-az" and nodes == 1:
        found.append(("azMode", "azMode cross-az needs numCacheNodes of at least 2"))
    if known.get("engine") == "redis" and int(known.get("numCacheNodes", 1)) != 1:
        found.append(("numCacheNodes", "a redis cluster has 1 node; replicas need a replication group"))
    return found


_CLUSTER = ResourceType(
    "aws:elasticache/cluster:Cluster",
    "elasticache",
    FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={
        "arn": "ARN",
        "cacheNodes": _nodes,
        "clusterAddress": "ConfigurationEndpoint.Address",
        "configurationEndpoint": _configuration_endpoint,
        "engineVersionActual": "EngineVersionActual",
    },
    updates={"settings": _set_settings},
    ready=_ready,
    find=finding_by_name("clusterId", _describe, lower=True),
    tagging=arn_tagging("cluster"),
    auto_name=AutoName("clusterId", 50, lower=True),
    unsettled={
        "numCacheNodes": ("cacheNodes",),
        "engineVersion": ("engineVersionActual",),
    },
    check=_check,
    engine="memcached",
    timeouts=(2400, 4800, 2400),
)

TYPES = table(_CLUSTER)
