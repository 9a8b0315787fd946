"""A Redis or Valkey cache with cluster mode disabled: one primary, up to five replicas."""

import hashlib
import json
import secrets
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from . import engines, node_types
from .access_groups import access_groups
from .cache_groups import parameter_group_name, subnet_group_name
from .hints import redis_cache_hints, tell
from .names import member_ids
from .redis_arguments import DEFAULT_NODE_TYPE, DEFAULT_PORT, RedisCacheArgs
from .redis_checks import check_redis_cache

_TOKEN_BYTES = 24
_REPLACING = (
    "port",
    "engine",  # back to redis (R42)
    "engine_version",  # downwards (R42)
    "transit_encryption",  # below 7.0.5 (R102)
    "at_rest_encryption",
    "kms_key_arn",
    "subnet_group_name",
    "network_type",
    "restore_snapshot_name",
    "restore_snapshot_arns",
)


class RedisCache(pulumi.ComponentResource):
    """A replication group with what belongs to it.

    Creates the replication group; the two groups of CacheAccess, with their rules, unless security_group_ids is
    given; a subnet group unless one is named; a parameter group when there are parameters; two log groups unless
    there are no logs; and the stash that keeps the generated token. reader_host is absent without replicas: AWS's
    reader endpoint then leads to the primary, and a client that expects a copy there would be wrong.
    """

    engine: pulumi.Output[str]
    """redis or valkey."""
    engine_version: pulumi.Output[str]
    """Version that runs, with its patch."""
    host: pulumi.Output[str]
    """Name of the primary: where to write. It follows a failover."""
    reader_host: pulumi.Output[str] | None
    """Name of the replicas: where to read. Absent without replicas."""
    port: pulumi.Output[int]
    """Port of every node."""
    tls: pulumi.Output[bool]
    """Whether the cache speaks TLS."""
    auth_token: pulumi.Output[str] | None
    """The token, as a secret. Absent with authentication: none."""
    member_ids: pulumi.Output[Sequence[str]]
    """Ids of the nodes' cache clusters, as metrics and events name them."""
    client_security_group_id: pulumi.Output[str] | None
    """Group to join to reach the cache. Absent with security_group_ids."""
    replication_group: aws.elasticache.ReplicationGroup
    """The replication group itself."""

    def __init__(self, name: str, args: RedisCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checks = check_redis_cache(name, args)
        checks.raise_problems()
        super().__init__("aws-cache:index:RedisCache", name, _without_plain_token(args), opts)
        checks.log_warnings(self)
        tell(self, redis_cache_hints(args))
        self._name, self._args, self._tags = name, args, args.get("tags") or {}
        self._engine = args.get("engine", "redis")
        self._version = args.get("engine_version", engines.DEFAULT_VERSIONS[self._engine])
        self._nodes = 1 + int(args.get("replicas", 1))
        port = int(args.get("port", DEFAULT_PORT))

        access = None
        if "security_group_ids" not in args:
            access = access_groups(self, name, args, what="cache", clients="client", ports=[port])
        self.auth_token = self._token()
        group = aws.elasticache.ReplicationGroup(
            name,
            description=f"Cache {name} of stack {pulumi.get_stack()} of {pulumi.get_project()}",
            engine=self._engine,
            engine_version=self._version,
            node_type=args.get("node_type", DEFAULT_NODE_TYPE),
            num_cache_clusters=self._nodes,
            automatic_failover_enabled=self._nodes > 1,
            multi_az_enabled=self._nodes > 1,
            preferred_cache_cluster_azs=args.get("preferred_availability_zones"),
            port=port,
            subnet_group_name=subnet_group_name(name, args, self._child),
            security_group_ids=[access.own.id] if access else args["security_group_ids"],
            parameter_group_name=parameter_group_name(name, args, self._engine, self._version, self._child),
            log_delivery_configurations=self._logs(),
            auth_token=self.auth_token,
            auth_token_update_strategy=args.get("auth_token_update_strategy", "ROTATE")
            if self.auth_token
            else None,
            final_snapshot_identifier=self._final_snapshot(),
            auto_minor_version_upgrade=args.get("auto_minor_version_upgrade", True),
            apply_immediately=args.get("apply_immediately", True),
            tags={**self._tags, "Name": name},
            opts=self._group_options(),
            **_encryption(args),
            **_backups_and_windows(args),
        )

        self.replication_group = group
        self.engine = group.engine
        self.engine_version = group.engine_version_actual
        self.host = group.primary_endpoint_address
        self.reader_host = group.reader_endpoint_address if self._nodes > 1 else None
        self.port = pulumi.Output.from_input(port)
        self.tls = pulumi.Output.from_input(args.get("transit_encryption", True))
        # AWS derives them from the group's id, so they are known as early as it (R22).
        nodes = self._nodes
        self.member_ids = group.id.apply(lambda group_id: member_ids(group_id, nodes))
        self.client_security_group_id = access.client.id if access else None
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _group_options(self) -> pulumi.ResourceOptions:
        # Left out, the version is a constant for new caches only: AWS's own upgrades must not look like a downgrade.
        # The id is never stated: one that was imported keeps its own, which is no reason to replace it.
        ignored = ["replicationGroupId", *([] if "engine_version" in self._args else ["engineVersion"])]
        protect = True if self._args.get("deletion_protection") else None  # None: as the caller's options say
        return pulumi.ResourceOptions(parent=self, ignore_changes=ignored, protect=protect)

    def _token(self) -> pulumi.Output[str] | None:
        """Return the caller's token, else one that was generated in the first run and is kept by the stack."""
        if self._args.get("authentication", "token") == "none":
            return None
        if "auth_token" in self._args:
            return pulumi.Output.secret(self._args["auth_token"])
        generated = secrets.token_hex(_TOKEN_BYTES)
        # Every run generates; ignoring the change keeps the first. `pulumi up --replace URN` rotates it.
        return pulumi.Output.secret(self._stash("token", pulumi.Output.secret(generated)))

    def _stash(self, role: str, value: pulumi.Input[str]) -> pulumi.Output[str]:
        options = pulumi.ResourceOptions(parent=self, ignore_changes=["input"])
        return pulumi.Stash(f"{self._name}-{role}", input=value, opts=options).output

    def _logs(self) -> list[aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgsDict]:
        """Return the deliveries of the logs this version has, each to a group of its own (R161, R162)."""
        days = int(self._args.get("log_retention_days", 14))
        kinds = [
            kind for kind in ("slow_log", "engine_log") if engines.supports(kind, self._engine, self._version)
        ]
        deliveries = []
        for kind in (item.replace("_", "-") for item in kinds if days):
            group = aws.cloudwatch.LogGroup(
                f"{self._name}-{kind}", retention_in_days=days, tags=self._tags, opts=self._child
            )
            deliveries.append(
                {
                    "destination": group.name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": kind,
                }
            )
        return deliveries

    def _final_snapshot(self) -> pulumi.Input[str] | None:
        """Return a name no earlier backup has: one used before would make the destroy fail (R158)."""
        if not self._args.get("final_snapshot"):
            return None
        # What can replace the cache is part of the name, so that the old cache's backup and the new one's differ.
        tiered = node_types.has_data_tiering(self._args.get("node_type", ""))
        name, shape = self._name, json.dumps([*(str(self._args.get(key)) for key in _REPLACING), tiered])
        stack_part = self._stash("final-snapshot", secrets.token_hex(8))
        # 8 characters after the name, as in any id made of it: the longest still fits into 40 (R19).
        return stack_part.apply(lambda part: f"{name}-{_short_hash(part + shape)}")


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:7]


def _without_plain_token(args: RedisCacheArgs) -> dict:
    """Return the component's inputs; a token is secret from where it enters."""
    return {key: pulumi.Output.secret(value) if key == "auth_token" else value for key, value in args.items()}


def _encryption(args: RedisCacheArgs) -> dict:
    return {
        "transit_encryption_enabled": args.get("transit_encryption", True),
        "transit_encryption_mode": args.get("transit_encryption_mode"),
        "at_rest_encryption_enabled": args.get("at_rest_encryption", True),
        "kms_key_id": args.get("kms_key_arn"),
        "data_tiering_enabled": node_types.has_data_tiering(args.get("node_type", "")) or None,
        "network_type": args.get("network_type"),
        "ip_discovery": args.get("ip_discovery"),
    }


def _backups_and_windows(args: RedisCacheArgs) -> dict:
    return {
        "snapshot_retention_limit": int(args.get("snapshot_retention_days", 1)),
        "snapshot_window": args.get("snapshot_window"),
        "maintenance_window": args.get("maintenance_window"),
        "snapshot_name": args.get("restore_snapshot_name"),
        "snapshot_arns": args.get("restore_snapshot_arns"),
        "notification_topic_arn": args.get("notification_topic_arn"),
    }
