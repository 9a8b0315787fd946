"""The stack's configuration, read once and checked as a whole before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime import config as runtime_config

from components.alarm_arguments import CacheAlarmsArgs
from components.client_function import ClientFunctionArgs
from components.database import Database, DatabaseArgs
from components.existing_network import ExistingNetwork, ExistingNetworkArgs
from components.instance_arguments import ClientInstancesArgs
from components.memcached_arguments import DEFAULT_NODE_COUNT, DEFAULT_NODE_TYPE, MemcachedCacheArgs
from components.memcached_cache import MemcachedCache
from components.network import Network
from components.network_arguments import NetworkArgs
from components.problems import ConfigurationError
from components.redis_arguments import RedisCacheArgs
from components.redis_cache import RedisCache
from components.web_server import WebServerArgs
from settings_report import PLACEHOLDER_ZONES, Report

# What the program passes from one component to the next; nobody may set it in a stack file.
_NETWORK_WIRES = {"vpc_id": "vpc-from-the-network"}


class Settings(NamedTuple):
    """The checked arguments of each component, without what the program passes between them."""

    network_type: type[Network | ExistingNetwork]
    network: NetworkArgs | ExistingNetworkArgs
    cache_type: type[RedisCache | MemcachedCache]
    cache: RedisCacheArgs | MemcachedCacheArgs
    endpoint: dict[str, Any]
    instances: ClientInstancesArgs | None
    function: ClientFunctionArgs | None
    alarms: CacheAlarmsArgs | None
    web: WebServerArgs | None
    database: DatabaseArgs | None
    tags: Mapping[str, str]


def read() -> Settings:
    """Read the stack's configuration. Raises ConfigurationError with every problem of every section."""
    # pulumi.Config only answers for keys one already knows; a misspelt section shows in the whole of it.
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    return check(values, pulumi.get_project(), pulumi.get_stack())


def check(config: Mapping[str, Any], project: str, stack: str) -> Settings:
    """Return the settings of a configuration: `PROJECT:SECTION` -> mapping (or its JSON), `aws:region` -> name.

    Needs no engine. Raises ConfigurationError with every problem of every section.
    """
    report = Report(config, project)
    report.check_sections()
    tags = report.section("tags")
    network = report.section("network", ("tags",))
    network_type, check_network = report.network_component(network)
    report.run("network", check_network, {**network, "tags": tags})
    zones = _zones(network)
    cache = report.section("cache", _NETWORK_WIRES.keys() | {"subnet_ids", "tags"})
    wires = {**_NETWORK_WIRES, "subnet_ids": {zone: f"subnet-of-{zone}" for zone in zones}}
    cache_type, check_cache = report.cache_component(cache)
    report.run("cache", check_cache, {**cache, **_unless_existing(cache, wires)})
    endpoint = report.endpoint()
    instances, function = report.clients(wires, network)
    web, database = report.web(wires, network)
    alarms = report.alarms(_watched(cache_type, {} if report.refuses("cache") else cache))
    report.check_place(network, zones, cache)
    report.check_public_address(network, instances, web)
    if report.problems:
        raise ConfigurationError(f"the configuration of {project} (stack {stack})", report.problems)
    return Settings(
        network_type, network, cache_type, cache, endpoint, instances, function, alarms, web, database, tags
    )


def _zones(network: Mapping[str, Any]) -> list[str]:
    """Return the zones that will have subnets; stand-ins where the section does not say it rightly."""
    for key in ("private_subnet_ids", "private_subnets", "availability_zones"):
        zones = network.get(key)
        if isinstance(zones, list | Mapping) and zones and all(isinstance(zone, str) for zone in zones):
            return list(zones)
    return list(PLACEHOLDER_ZONES)


def _unless_existing(cache: Mapping[str, Any], wires: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the section replaces by something that exists already."""
    existing = {"subnet_ids": "subnet_group_name", "vpc_id": "security_group_ids"}
    return {key: value for key, value in wires.items() if existing[key] not in cache}


def placed(cache: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cache's arguments with its place in the network, but for what exists already."""
    wires = {key: value for key, value in place.items() if key != "tags"}
    return {**cache, **_unless_existing(cache, wires), "tags": place["tags"]}


def _watched(cache_type: type[RedisCache | MemcachedCache], cache: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the alarms follow of the cache, known before there is one."""
    memcached = cache_type is MemcachedCache
    nodes = cache.get("node_count", DEFAULT_NODE_COUNT) if memcached else 1 + cache.get("replicas", 1)
    return {
        "engine": "memcached" if memcached else cache.get("engine", "redis"),
        "node_type": cache.get("node_type", DEFAULT_NODE_TYPE),
        "node_count": int(nodes),
    }


def watching(stack: Settings, cache: RedisCache | MemcachedCache) -> dict[str, Any]:
    """Return the arguments of the alarms for this cache."""
    ids = {"member_ids": cache.member_ids}
    if isinstance(cache, MemcachedCache):
        ids["cluster_id"] = cache.cluster.cluster_id
    return {**(stack.alarms or {}), **_watched(stack.cache_type, stack.cache), **ids, "tags": stack.tags}


def serving(
    stack: Settings, network: Network | ExistingNetwork, client: Mapping[str, Any], database: Database
) -> dict[str, Any]:
    """Return the arguments of the web server: a client of the cache that reaches the database too."""
    web = stack.web or {}
    public = web.get("public_address", True)
    return {
        **web,
        **client,
        "subnet_ids": network.public_subnet_ids if public else network.private_subnet_ids,
        "security_group_ids": [*client["security_group_ids"], database.client_security_group_id],
        "policies": {**client["policies"], "database": database.read_policy_json},
        "database": {
            "host": database.host,
            "port": database.port,
            "name": database.database_name,
            "secret": database.secret_arn,
        },
    }


def merged(*maps: pulumi.Output[Mapping[str, str]] | None) -> pulumi.Output[dict[str, str]] | None:
    """Return the maps that there are as one, None where there is none."""
    there = present(*maps)
    if not there:
        return None
    return pulumi.Output.all(*there).apply(
        lambda found: {key: value for one in found for key, value in one.items()}
    )


def instance_subnets(instances: ClientInstancesArgs, network: Network | ExistingNetwork) -> Mapping[str, Any]:
    """Return zone -> subnet for the instances: public ones for public addresses, which work nowhere else."""
    return network.public_subnet_ids if instances.get("public_address") else network.private_subnet_ids


def present(*values: Any) -> list[Any]:
    """Return the values that there are."""
    return [value for value in values if value is not None]
