"""ElastiCache of the sandbox's own, in place of moto's: the API, and real caches behind it.

`install(context)` puts it in. What is not modelled is refused by name: cluster mode, serverless, global datastores,
another node type for a Memcached cluster, users and user groups, data tiering, IPv6, log delivery (kept, shown as not
delivered), automatic snapshots, the daily limit of failover tests. Rules of the service are checked here, as no other
part does it; the words of a refusal are the service's where public reports show them, else ours, with the service's
code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .monitor import Monitor
from .records import Cache
from .service import Service

if TYPE_CHECKING:
    from ..context import Context

__all__ = ["ElastiCache", "install"]


class ElastiCache:
    """What other parts of the sandbox use; found at `context.parts["elasticache"]`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._monitor = Monitor(service)
        self._monitor.start()

    def names(self, vpc_id: str | None = None) -> dict[str, dict[str, Any]]:
        """Endpoint names (of one VPC): fqdn -> {"addresses": [ip]} or {"cname": fqdn}."""
        found: dict[str, dict[str, Any]] = {}
        for cache in self._caches(vpc_id):
            found.update(self._service.endpoints(cache).names())
        return found

    def replication_pairs(self, vpc_id: str | None = None) -> list[tuple[str, str, int]]:
        """(address, address, port) of nodes that replicate whatever the security groups say, in both directions."""
        pairs = []
        for cache in self._caches(vpc_id):
            if cache.is_memcached:
                continue
            addresses = [member.placement.address for member in cache.members] + [
                one.address for one in cache.extra
            ]
            pairs += [(a, b, cache.settings.port) for a in addresses for b in addresses if a != b]
        return pairs

    def hosts(self) -> dict[str, dict[str, Any]]:
        """Every node's network interface: eni id -> {"cache", "node", "address", "subnet", "groups", "kind"}."""
        return {
            member.placement.host_id: {
                "kind": "cache",
                "cache": cache.name,
                "node": cache.label(member),
                "address": member.placement.address,
                "subnet": member.subnet_id,
                "groups": list(cache.settings.security_group_ids),
            }
            for cache in self._caches(None)
            for member in cache.members
        }

    def status(self) -> list[dict[str, Any]]:
        """For a person who asks: each cache, its nodes, and what really runs behind it."""
        return [self._status(cache) for cache in self._caches(None)]

    def fault(self, node: str, kind: str, amount: float | None = None) -> str:
        """Do harm to a node, or end it (`faults`); returns in words what was done to which node."""
        from .faults import inflict

        return inflict(self._service, node, kind, amount)

    def stop(self) -> None:
        """Stop watching, and end all caches' processes."""
        self._monitor.stop()
        self._service.finish()
        for cache in self._service.caches:
            self._service.context.engines.remove(cache.engine_id)

    def _caches(self, vpc_id: str | None) -> list[Cache]:
        return [cache for cache in self._service.caches if vpc_id in (None, cache.settings.vpc_id)]

    def _status(self, cache: Cache) -> dict[str, Any]:
        engines = self._service.context.engines
        states, really = engines.state(cache.engine_id), engines.describe(cache.engine_id)
        own = self._service.store(cache.region).parameter_group(cache.settings.parameter_group).values
        unapplied = {
            name: why for name, why in really.get("parameters_not_applied", {}).items() if name in own
        }
        return {
            "name": cache.name,
            "kind": cache.kind,
            "status": cache.status,
            "engine": f"{cache.settings.engine} {cache.settings.version}",
            **really,
            "parameters_not_applied": unapplied,
            "nodes": [
                {
                    "node": cache.label(member),
                    "zone": member.zone,
                    "address": member.placement.address,
                    "status": member.status,
                    "primary": None if cache.is_memcached else member.cluster_id == cache.primary,
                    **states.get(member.placement.node_id, {}),
                }
                for member in cache.members
            ],
        }


def install(context: Context) -> ElastiCache:
    """Put this ElastiCache in place of moto's, and publish its names and replication to the world."""
    import moto.elasticache.urls

    from .response import response_class

    service = Service(context)
    moto.elasticache.urls.url_paths["{0}/$"] = response_class(service).dispatch
    part = ElastiCache(service)
    context.parts["elasticache"] = part
    context.publish_names(part.names)
    context.publish_replication(part.replication_pairs)
    return part
