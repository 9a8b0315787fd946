"""A create request as settings: everything checked, what was left out chosen as the service chooses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import catalogue, checks, windows
from .errors import invalid_combination, invalid_value, not_modelled
from .records import Settings, SubnetGroup, now
from .store import Store

if TYPE_CHECKING:
    from .service import Service

# What the service can and this sandbox cannot: a request with one of them is refused, unless the value says "off".
UNMODELLED = {
    "GlobalReplicationGroupId": (),
    "PrimaryClusterId": (),
    "NodeGroupConfiguration": (),
    "CacheSecurityGroupNames": (),
    "SnapshotArns": (),
    "UserGroupIds": (),
    "DataTieringEnabled": (False,),
    "NetworkType": ("ipv4",),
    "IpDiscovery": ("ipv4",),
    "ClusterMode": ("disabled",),
    "ServerlessCacheSnapshotName": (),
    "Durability": ("default",),
    "OutpostMode": (),
    "PreferredOutpostArn": (),
    "PreferredOutpostArns": (),
}


def refuse_unmodelled(parameters: dict[str, Any], names: dict[str, tuple[Any, ...]] = UNMODELLED) -> None:
    """Refuse, by name, what would otherwise be dropped."""
    for name, harmless in names.items():
        value = parameters.get(name)
        if value not in (None, [], *harmless):
            raise not_modelled(f"the parameter {name}")


def settings_from(service: Service, store: Store, engine: str, parameters: dict[str, Any]) -> Settings:
    """The settings that a create request describes."""
    refuse_unmodelled(parameters)
    row = catalogue.find_version(engine, parameters.get("EngineVersion"))
    node_type(parameters.get("CacheNodeType"), engine, row["full"])
    subnets = subnet_group(service, store, parameters.get("CacheSubnetGroupName"))
    maintenance, snapshot = windows.choose(
        parameters.get("PreferredMaintenanceWindow"), parameters.get("SnapshotWindow")
    )
    topic = parameters.get("NotificationTopicArn")
    settings = Settings(
        engine=engine,
        version=row["version"],
        node_type=parameters["CacheNodeType"],
        port=checks.port(parameters.get("Port")),
        parameter_group=parameter_group(store, parameters.get("CacheParameterGroupName"), row["family"]),
        subnet_group=subnets.name,
        vpc_id=subnets.vpc_id,
        security_group_ids=security_groups(
            service, store, parameters.get("SecurityGroupIds"), subnets.vpc_id
        ),
        maintenance_window=maintenance,
        snapshot_window=snapshot,
        snapshot_retention=checks.snapshot_retention(parameters.get("SnapshotRetentionLimit")),
        auto_minor=parameters.get("AutoMinorVersionUpgrade", True),
        topic_arn=checks.topic(topic, store.region, store.account_id) if topic else None,
        logs=checks.logs(
            parameters.get("LogDeliveryConfigurations") or [], catalogue.as_numbers(row["full"]), before=[]
        ),
    )
    _encryption(store, parameters, settings)
    return settings


def node_type(name: str | None, engine: str, version: str) -> str:
    """A type that can be had and runs this version (R50-R57)."""
    if not name:
        raise invalid_value("The parameter CacheNodeType must be provided.")
    found = catalogue.find_node_type(name)
    if found["tiered"]:
        raise not_modelled(f"data tiering, which {name} needs,")
    least = found.get(engine)
    if engine in found["firm"] and least and catalogue.as_numbers(version) < catalogue.as_numbers(least):
        raise invalid_combination(f"{name} needs {engine} {least} or later; {version} was asked for.")
    return name


def parameter_group(store: Store, name: str | None, family: str) -> str:
    """A group of the right family, without cluster mode (R38, R80, R81)."""
    group = store.parameter_group(name or f"default.{family}")
    if group.family != family:
        raise invalid_combination(
            f"Expected a parameter group of family {family} but found one of family {group.family}"
        )
    if group.values.get("cluster-enabled") == "yes":
        raise not_modelled(f"cluster mode, which the parameter group {group.name} turns on,")
    return group.name


def subnet_group(service: Service, store: Store, name: str | None) -> SubnetGroup:
    """The named group; `default` is made of the default VPC's subnets when it is first asked for (R128)."""
    if name and name.lower() != "default":
        return store.subnet_group(name)
    if "default" not in store.subnet_groups:
        backend: Any = service.context.ec2(store.region)
        subnets = [
            s
            for zone in backend.subnets.values()
            for s in zone.values()
            if s.default_for_az in (True, "true")
        ]
        if not subnets:
            raise invalid_value("There is no default VPC to put the cache in; name a cache subnet group.")
        places = [(subnet.id, subnet.availability_zone) for subnet in subnets]
        store.subnet_groups["default"] = SubnetGroup(
            "default", "Default CacheSubnetGroup", subnets[0].vpc_id, places
        )
    return store.subnet_groups["default"]


def security_groups(service: Service, store: Store, ids: list[str] | None, vpc_id: str) -> list[str]:
    """Groups of the cache's VPC; none means that VPC's default group (R129)."""
    backend: Any = service.context.ec2(store.region)
    if not ids:
        return [backend.get_default_security_group(vpc_id).id]
    for one in ids:
        group = backend.get_security_group_from_id(one)
        if group is None:
            raise invalid_value(f"Some security group Ids do not exist: {one}")
        if group.vpc_id != vpc_id:
            raise invalid_combination(
                f"The security group {one} is not in the VPC {vpc_id} of the subnet group."
            )
    return list(ids)


def _encryption(store: Store, parameters: dict[str, Any], settings: Settings) -> None:
    """TLS, token and encryption at rest (R95-R108)."""
    tls, mode = bool(parameters.get("TransitEncryptionEnabled")), parameters.get("TransitEncryptionMode")
    if mode and not tls:
        raise invalid_combination(
            "TransitEncryptionMode can only be set when TransitEncryptionEnabled is true."
        )
    settings.transit = (mode or "required") if tls else "off"
    token = parameters.get("AuthToken")
    if token:
        if not tls:
            raise invalid_value("The AUTH token is only supported when encryption-in-transit is enabled")
        settings.tokens, settings.token_changed = [checks.auth_token(token)], now()
    at_rest = parameters.get("AtRestEncryptionEnabled")
    settings.at_rest = (settings.engine == "valkey") if at_rest is None else at_rest
    key = parameters.get("KmsKeyId")
    if key and not at_rest:
        raise invalid_combination("KmsKeyId can only be set when AtRestEncryptionEnabled is true.")
    settings.kms_key_id = checks.key_arn(key, store.region) if key else None
