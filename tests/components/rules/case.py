"""One case of the rule book, and how it is put to the component it is about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from components.alarm_checks import check_cache_alarms
from components.cache_access import CacheAccess, check_cache_access
from components.cache_alarms import CacheAlarms
from components.client_function import ClientFunction, check_client_function
from components.client_instances import ClientInstances
from components.database import Database, check_database
from components.endpoint_parameter import EndpointParameter, check_endpoint_parameter
from components.existing_network import ExistingNetwork, check_existing_network
from components.flow_logs import FlowLogs, check_flow_logs
from components.instance_arguments import check_client_instances
from components.internet_access import InternetAccess, check_internet_access
from components.memcached_cache import MemcachedCache
from components.memcached_checks import check_memcached_cache
from components.network import Network
from components.network_arguments import check_network
from components.problems import Checks
from components.redis_cache import RedisCache
from components.redis_checks import check_redis_cache
from tests.components.shared import cache_args

PLACE = {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}}
ENDPOINT = {"engine": "redis", "host": "h", "port": 6379, "tls": True}
ALARMS = {
    "engine": "redis",
    "node_type": "cache.r7g.large",
    "node_count": 2,
    "member_ids": ["c-001", "c-002"],
}
EXISTING = {"vpc_id": "vpc-1", "private_subnet_ids": PLACE["subnet_ids"]}
ZONES = ["eu-west-1a", "eu-west-1b"]


class Subject(NamedTuple):
    """A component, its check, and arguments with which nothing is wrong."""

    component: type
    check: Callable[[str, Any], Checks]
    good: Callable[..., dict[str, Any]]


def _good(**arguments: Any) -> Callable[..., dict[str, Any]]:
    return functools.partial(dict, **arguments)


SUBJECTS = {
    "RedisCache": Subject(RedisCache, check_redis_cache, cache_args),
    "MemcachedCache": Subject(MemcachedCache, check_memcached_cache, cache_args),
    "Network": Subject(Network, check_network, _good(availability_zones=ZONES)),
    "ExistingNetwork": Subject(ExistingNetwork, check_existing_network, _good(**EXISTING)),
    "InternetAccess": Subject(
        InternetAccess,
        check_internet_access,
        _good(vpc_id="vpc-1", public_subnets={"eu-west-1a": "10.0.0.0/24"}),
    ),
    "FlowLogs": Subject(FlowLogs, check_flow_logs, _good(vpc_id="vpc-1", retention_days=365)),
    "CacheAccess": Subject(CacheAccess, check_cache_access, _good(vpc_id="vpc-1", ports=[6379])),
    "EndpointParameter": Subject(EndpointParameter, check_endpoint_parameter, _good(**ENDPOINT)),
    "CacheAlarms": Subject(CacheAlarms, check_cache_alarms, _good(**ALARMS, emails=["me@example.com"])),
    "Database": Subject(Database, check_database, _good(**PLACE)),
    "ClientInstances": Subject(ClientInstances, check_client_instances, _good(**PLACE, instances=["app"])),
    "ClientFunction": Subject(ClientFunction, check_client_function, _good(**PLACE)),
}


class Case(NamedTuple):
    """What differs from good arguments, and what is said of it."""

    rules: tuple[str, ...]
    """Such as R131; empty for what is no rule of AWS."""
    component: str
    argument: str
    """Path of the argument at fault; empty where a warning is about no single one."""
    given: Mapping[str, Any]
    message: str
    name: str = "it"
    """Name of the component."""
    number: int = 1
    """Which it is of the cases with the same rules and argument."""

    @property
    def id(self) -> str:
        """Name of the case among the tests."""
        words = (*self.rules, self.component, self.argument, *([str(self.number)] if self.number > 1 else []))
        return "-".join(words)

    @property
    def arguments(self) -> dict[str, Any]:
        """The whole arguments."""
        return SUBJECTS[self.component].good(**self.given)

    def check(self) -> Checks:
        """Run the component's check."""
        return SUBJECTS[self.component].check(self.name, self.arguments)

    def declare(self) -> Any:
        """Declare the component; only within a program."""
        return SUBJECTS[self.component].component(self.name, self.arguments)


Row = tuple[str, Mapping[str, Any], str, str]


def cases(component: str, rows: Iterable[Row]) -> list[Case]:
    """Return cases of one component from rows of (rules, what is given, argument, message)."""
    return [
        Case(tuple(rules.split()), component, argument, given, message)
        for rules, given, argument, message in rows
    ]
