"""What is wrong in a stack's configuration: the problems of all its sections, under their paths in the stack file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.alarm_arguments import CacheAlarmsArgs
from components.alarm_checks import check_cache_alarms
from components.client_function import check_client_function
from components.database import check_database
from components.endpoint_parameter import check_endpoint_parameter
from components.engines import DEFAULT_VERSIONS as ENGINES
from components.existing_network import ExistingNetwork, check_existing_network
from components.instance_arguments import check_client_instances
from components.memcached_cache import MemcachedCache
from components.memcached_checks import check_memcached_cache
from components.network import Network
from components.network_arguments import check_network, subnet_plan
from components.problems import Checks, Problem
from components.redis_cache import RedisCache
from components.redis_checks import check_redis_cache
from components.web_server import check_web_server
from components.wording import did_you_mean, one_of, show

SECTIONS = ("network", "cache", "endpoint", "clients", "alarms", "web", "tags")
PLACEHOLDER_ZONES = ("first-zone", "second-zone")
"""Stand for the zones of a network that does not say them rightly."""

# Where one of them is named the network exists already.
_EXISTING = ("vpc_id", "private_subnet_ids", "public_subnet_ids")
# What the program passes to the parameters, to the clients and to the alarms; nobody may set it in a stack file.
_ENDPOINT_WIRES = ("engine", "host", "reader_host", "port", "tls", "auth_token", "tags")
_CLIENT_WIRES = ("vpc_id", "subnet_ids", "security_group_ids", "environment", "policies", "tags")
_ALARM_WIRES = ("engine", "node_type", "node_count", "member_ids", "cluster_id", "tags")


class Report:
    """Collects the problems of all sections under their paths in the stack file."""

    def __init__(self, config: Mapping[str, Any], project: str) -> None:
        self._config = config
        self._prefix = f"{project}:"
        self.problems: list[Problem] = []

    def check_sections(self) -> None:
        """Refuse sections there are not, and those of this program under another name, which nobody would read."""
        for key in self._config:
            namespace, _, section = key.rpartition(":")
            if f"{namespace}:" != self._prefix:
                if section in SECTIONS and namespace != "pulumi":  # which has tags of its own
                    self._add(key, f"is read by nobody; did you mean {self._prefix}{section}?")
            elif section not in SECTIONS:
                hint = did_you_mean(section, SECTIONS) or f"; known: {', '.join(SECTIONS)}"
                self._add(section, f"unknown section{hint}")

    def section(self, name: str, wires: Any = ()) -> dict[str, Any]:
        """Return a section's keys, without those that only the program sets."""
        value = self._config.get(f"{self._prefix}{name}", {})
        if isinstance(value, str):
            value = _parsed(value)
        if not isinstance(value, Mapping):
            self._add(name, f"must be a mapping, got {show(name, value)}")
            return {}
        for key in value:
            if key in wires:
                self._add(f"{name}.{key}", "is set by the program; remove it")
        return {key: item for key, item in value.items() if key not in wires}

    def run(
        self, section: str, check_arguments: Callable[[str, Any], Checks], args: Mapping[str, Any]
    ) -> None:
        """Run a component's own check, so that YAML and Python are told the same."""
        for path, message in check_arguments(section.rpartition(".")[2], args).problems:
            full = path if path.startswith("tags.") or path == "tags" else f"{section}.{path}"
            self._add(full, message)

    def network_component(self, network: Mapping[str, Any]) -> tuple[type[Any], Callable[[str, Any], Checks]]:
        """Return the component of the network and its check: an id says that it exists already."""
        if _exists(network):
            return ExistingNetwork, check_existing_network
        return Network, check_network

    def cache_component(self, cache: dict[str, Any]) -> tuple[type[Any], Callable[[str, Any], Checks]]:
        """Return the component of the engine and its check; take the engine out of what the component is not asked."""
        engine = cache.get("engine", "redis")
        if engine == "memcached":
            del cache["engine"]
            return MemcachedCache, check_memcached_cache
        if isinstance(engine, str) and engine not in ENGINES:
            hint = did_you_mean(cache.pop("engine"), ENGINES)
            self._add("cache.engine", f"must be {one_of(ENGINES)}, got {engine!r}{hint}")
        return RedisCache, check_redis_cache

    def endpoint(self) -> dict[str, Any]:
        """Return the arguments of the parameters that say where the cache is, which is not for the section to say."""
        given = self.section("endpoint", _ENDPOINT_WIRES)
        wires = {"engine": "redis", "host": "host", "port": 6379, "tls": True}
        self.run("endpoint", check_endpoint_parameter, {**given, **wires})
        return given

    def clients(self, wires: Mapping[str, Any], network: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the arguments of the instances and of the function, None for what is not asked for."""
        given = self.section("clients", _CLIENT_WIRES)
        function = given.pop("function", False)
        instances = given or None
        if instances:
            public = given.get("public_address") is True and not self.refuses("network")
            zones = _public_zones(network) if public else []
            stands = {**wires, "subnet_ids": dict.fromkeys(zones, "public-subnet")} if zones else wires
            self.run("clients", check_client_instances, {**_placeable(instances, stands), **stands})
        if function is True:
            function = {}
        elif function is False:
            return instances, None
        elif not isinstance(function, Mapping):
            self._add(
                "clients.function", f"must be true, false or a mapping, got {show('function', function)}"
            )
            return instances, None
        for key in function:
            if key in _CLIENT_WIRES:
                self._add(f"clients.function.{key}", "is set by the program; remove it")
        function = {key: value for key, value in function.items() if key not in _CLIENT_WIRES}
        self.run("clients.function", check_client_function, {**_placeable(function, wires), **wires})
        return instances, function

    def web(self, wires: Mapping[str, Any], network: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the arguments of the web server and of its database, None without them."""
        given = self.section("web", _CLIENT_WIRES)
        enabled = given.pop("enabled", bool(given))
        if not isinstance(enabled, bool):
            self._add("web.enabled", f"must be true or false, got {show('enabled', enabled)}")
        database = given.pop("database", {})
        if not isinstance(database, Mapping):
            self._add("web.database", f"must be a mapping, got {show('database', database)}")
            database = {}
        if not enabled and not given and not database:
            return None, None
        place = {"vpc_id", "subnet_ids", "tags"}
        for key in sorted(place & set(database)):
            self._add(f"web.database.{key}", "is set by the program; remove it")
        database = {key: value for key, value in database.items() if key not in place}
        self.run("web.database", check_database, {**database, **wires})
        where = {"host": "host", "port": 3306, "name": "name", "secret": "secret"}
        self.run("web", check_web_server, {**given, **wires, "database": where})
        if _exists(network):
            return (given, database) if enabled else (None, None)
        endpoints = network.get("interface_endpoints", ())
        if isinstance(endpoints, Sequence) and "secretsmanager" not in endpoints:
            self._add(
                "network.interface_endpoints",
                "needs secretsmanager for the web server, which reads the database's password there: "
                "[ssm, ssmmessages, secretsmanager]",
            )
        return (given, database) if enabled else (None, None)

    def alarms(self, watched: Mapping[str, Any]) -> CacheAlarmsArgs | None:
        """Return the arguments of the alarms, None without: the section is empty, or says `enabled: false`."""
        given = self.section("alarms", _ALARM_WIRES)
        enabled = given.pop("enabled", bool(given))
        if not isinstance(enabled, bool):
            self._add("alarms.enabled", f"must be true or false, got {show('enabled', enabled)}")
        ids: dict[str, Any] = {"member_ids": ["member"] * watched["node_count"]}
        if watched["engine"] == "memcached":
            ids["cluster_id"] = "cluster"
        self.run("alarms", check_cache_alarms, {**given, **watched, **ids})
        topic, region = given.get("topic_arn"), self._config.get("aws:region")
        if isinstance(topic, str) and region and topic.count(":") == 5 and topic.split(":")[3] != region:
            self._add("alarms.topic_arn", f"must be a topic of {region} (aws:region), got {topic!r} (R185)")
        return given if enabled else None

    def refuses(self, section: str) -> bool:
        """Say whether something is wrong with a section so far."""
        return any(path.split(".")[0] == section for path, _ in self.problems)

    def check_place(self, network: Mapping[str, Any], zones: list[str], cache: Mapping[str, Any]) -> None:
        """Refuse zones of another region, and addresses the network does not have (R133)."""
        existing = _exists(network)
        wants_ipv6 = cache.get("network_type", "ipv4") in ("ipv6", "dual_stack")
        if wants_ipv6 and not existing and "subnet_group_name" not in cache:
            self._add(
                "cache.network_type",
                "the network has IPv4 ranges only; leave it out, or name a subnet_group_name",
            )
        region = self._config.get("aws:region")
        if not region:
            return
        for zone in zones:
            if zone not in PLACEHOLDER_ZONES and not zone.startswith(region):
                key = "private_subnet_ids" if existing else "availability_zones"
                self._add(f"network.{key}", f"{zone!r} is not a zone of {region} (aws:region)")

    def check_public_address(self, network: Mapping[str, Any], instances: Any, web: Any) -> None:
        """Refuse public addresses for instances where no subnet leads to the internet."""
        if network.get("public_subnets") or network.get("public_subnet_ids"):
            return
        if _exists(network):
            way_out = "network.public_subnet_ids, such as {ZONE: SUBNET}"
        elif network.get("nat_gateways", "NONE") == "NONE":
            way_out = "network.public_subnets, such as {ZONE: planned}"
        else:
            return
        if (instances or {}).get("public_address") is True:
            self._add("clients.public_address", f"needs a public subnet: give {way_out}")
        if web is not None and web.get("public_address", True) is True:
            self._add("web.public_address", f"needs a public subnet: give {way_out}, or set it to false")

    def _add(self, path: str, message: str) -> None:
        problem = Problem(path, message)
        if problem not in self.problems:  # the tags go through the checks of every component
            self.problems.append(problem)


def _exists(network: Mapping[str, Any]) -> bool:
    return any(key in network for key in _EXISTING)


def _public_zones(network: Any) -> list[str]:
    """Return the zones that will have public subnets, by a section that is right."""
    return list(network.get("public_subnet_ids", ()) if _exists(network) else subnet_plan(network).public)


def _placeable(args: Mapping[str, Any], wires: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the choice of zones out where the network does not say rightly which there are."""
    unknown = set(PLACEHOLDER_ZONES) <= set(wires["subnet_ids"])
    return {key: value for key, value in args.items() if not (unknown and key == "availability_zones")}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the latter for text of a thousand brackets
        return text
