"""The components can be offered to every Pulumi language: their schema can be inferred."""

from __future__ import annotations

import functools
import json

import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components.alarm_topic import AlarmTopic
from components.cache_access import CacheAccess
from components.cache_alarms import CacheAlarms
from components.endpoint_parameter import EndpointParameter
from components.flow_logs import FlowLogs
from components.internet_access import InternetAccess
from components.memcached_cache import MemcachedCache
from components.network import Network
from components.redis_cache import RedisCache

COMPONENTS = [
    Network,
    InternetAccess,
    FlowLogs,
    CacheAccess,
    RedisCache,
    MemcachedCache,
    EndpointParameter,
    AlarmTopic,
    CacheAlarms,
]


# The SDK leaves a file of pulumi_aws for the garbage collector to close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@functools.cache
def schema():
    return json.loads(ComponentProvider(COMPONENTS, "aws-cache", "", "0.1.0").schema)


def test_every_component_has_its_arguments_and_outputs_described():
    resources = schema()["resources"]

    cache = resources["aws-cache:index:RedisCache"]
    assert cache["inputProperties"]["replicas"]["type"] == "integer"
    assert cache["inputProperties"]["replicas"]["description"].startswith("Copies of the primary, 0-5")
    assert {"host", "port", "tls", "memberIds", "authToken"} <= set(cache["properties"])
    assert len(resources) == len(COMPONENTS)


def test_every_argument_says_what_it_is():
    undescribed = [
        f"{token}.{key}"
        for token, resource in schema()["resources"].items()
        for key, value in resource["inputProperties"].items()
        if not value.get("description")
    ]

    assert undescribed == []
