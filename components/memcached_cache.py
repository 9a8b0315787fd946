"""A Memcached cache: 1-60 nodes that share the keys, found by their configuration endpoint."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from . import engines
from .access_groups import access_groups
from .cache_groups import parameter_group_name, subnet_group_name
from .hints import memcached_cache_hints, tell
from .memcached_arguments import DEFAULT_NODE_COUNT, DEFAULT_NODE_TYPE, DEFAULT_PORT, MemcachedCacheArgs
from .memcached_checks import ENGINE, check_memcached_cache, spreads
from .names import cache_node_ids


class MemcachedCache(pulumi.ComponentResource):
    """A Memcached cluster with what belongs to it.

    Creates the cluster; the two groups of CacheAccess, with their rules, unless security_group_ids is given; a
    subnet group unless one is named; and a parameter group when there are parameters.
    """

    engine: pulumi.Output[str]
    """memcached."""
    engine_version: pulumi.Output[str]
    """Version that runs."""
    host: pulumi.Output[str]
    """Name of the configuration endpoint, which tells a client every node (Auto Discovery)."""
    port: pulumi.Output[int]
    """Port of every node and of the configuration endpoint."""
    tls: pulumi.Output[bool]
    """Whether the cache speaks TLS."""
    node_addresses: pulumi.Output[Sequence[str]]
    """`host:port` of every node, for clients without Auto Discovery."""
    member_ids: pulumi.Output[Sequence[str]]
    """Ids of the nodes within the cluster, as metrics and events name them."""
    client_security_group_id: pulumi.Output[str] | None
    """Group to join to reach the cache. Absent with security_group_ids."""
    cluster: aws.elasticache.Cluster
    """The cluster itself."""

    def __init__(
        self, name: str, args: MemcachedCacheArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        checks = check_memcached_cache(name, args)
        checks.raise_problems()
        super().__init__("aws-cache:index:MemcachedCache", name, dict(args), opts)
        checks.log_warnings(self)
        tell(self, memcached_cache_hints(args))
        tags, child = args.get("tags") or {}, pulumi.ResourceOptions(parent=self)
        version = args.get("engine_version", engines.DEFAULT_VERSIONS[ENGINE])
        nodes, port = int(args.get("node_count", DEFAULT_NODE_COUNT)), int(args.get("port", DEFAULT_PORT))
        tls = args.get("transit_encryption", True)

        access = None
        if "security_group_ids" not in args:
            access = access_groups(self, name, args, what="cache", clients="client", ports=[port])
        cluster = aws.elasticache.Cluster(
            name,
            engine=ENGINE,
            engine_version=version,
            node_type=args.get("node_type", DEFAULT_NODE_TYPE),
            num_cache_nodes=nodes,
            az_mode="cross-az" if spreads(args) else "single-az",
            preferred_availability_zones=args.get("preferred_availability_zones"),
            port=port,
            subnet_group_name=subnet_group_name(name, args, child),
            security_group_ids=[access.own.id] if access else args["security_group_ids"],
            parameter_group_name=parameter_group_name(name, args, ENGINE, version, child),
            transit_encryption_enabled=tls,
            maintenance_window=args.get("maintenance_window"),
            notification_topic_arn=args.get("notification_topic_arn"),
            network_type=args.get("network_type"),
            ip_discovery=args.get("ip_discovery"),
            apply_immediately=args.get("apply_immediately", True),
            tags={**tags, "Name": name},
            opts=_cluster_options(self, args),
        )

        self.cluster = cluster
        self.engine = cluster.engine
        self.engine_version = cluster.engine_version_actual
        self.host = cluster.cluster_address
        self.port = pulumi.Output.from_input(port)
        self.tls = pulumi.Output.from_input(tls)
        self.node_addresses = cluster.cache_nodes.apply(
            lambda found: [f"{node.address}:{int(node.port)}" for node in found]
        )
        # AWS derives them from the number of nodes, so they are known at preview (R90).
        self.member_ids = pulumi.Output.from_input(cache_node_ids(nodes))
        self.client_security_group_id = access.client.id if access else None
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def _cluster_options(parent: pulumi.Resource, args: MemcachedCacheArgs) -> pulumi.ResourceOptions:
    # Left out, the version is a constant for new caches only: a new constant must not restart, hence empty, an old one.
    # The id is never stated: one that was imported keeps its own, which is no reason to replace it.
    ignored = ["clusterId", *([] if "engine_version" in args else ["engineVersion"])]
    protect = True if args.get("deletion_protection") else None  # None: as the caller's options say
    return pulumi.ResourceOptions(parent=parent, ignore_changes=ignored, protect=protect)
