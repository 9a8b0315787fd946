"""What the tables cover: the whole program, and only names that exist."""

from __future__ import annotations

import importlib
import inspect
import json

import pytest

from sandbox.provider import modelled
from sandbox.provider.functions import FUNCTIONS
from sandbox.provider.plan import planned_creation, problems
from sandbox.provider.tables import TYPES
from tests.test_program import run

EVERYTHING = {
    "network": {
        "availability_zones": ["eu-west-1a", "eu-west-1b"],
        "public_subnets": {"eu-west-1c": "planned"},
        "nat_gateways": "ONE_PER_ZONE",
        "interface_endpoints": ["ssm"],
        "flow_logs_retention_days": 365,
    },
    "cache": {
        "replicas": 2,
        "parameters": {"maxmemory-policy": "noeviction"},
        "final_snapshot": True,
        "deletion_protection": True,
        "maintenance_window": "sun:05:00-sun:06:00",
        "snapshot_window": "03:00-04:00",
    },
    "clients": {
        "instances": ["app", "batch"],
        "detailed_monitoring": True,
        "ingress": {"ssh": {"port": 22, "cidr_block": "203.0.113.0/24"}},
        "function": {"url": "iam"},
    },
    "alarms": {"emails": ["on-call@example.com"], "thresholds": {"swap_bytes": 0}},
}
MEMCACHED = {
    **EVERYTHING,
    "cache": {
        "engine": "memcached",
        "node_count": 3,
        "preferred_availability_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1a"],
        "parameters": {"idle_timeout": 60},
        "maintenance_window": "sun:05:00-sun:06:00",
        "notification_topic_arn": "arn:aws:sns:eu-west-1:123456789012:events",
        "ip_discovery": "ipv4",
        "deletion_protection": True,
    },
}


def sdk_class(token: str) -> type:
    """`aws:ec2/vpc:Vpc` as a class of pulumi_aws."""
    module, kind = token.split(":")[1].split("/")[0], token.split(":")[2]
    return getattr(importlib.import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}"), kind)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


@pytest.mark.parametrize(
    ("stack", "sections"),
    [("dev", {}), ("prod", {}), ("dev", EVERYTHING), ("dev", MEMCACHED)],
    ids=["dev", "prod", "everything", "memcached"],
)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_every_type_and_input_that_the_program_registers_is_modelled(stack, sections, preview):
    known = modelled()
    registered = [
        item
        for item in run(stack, preview, **sections).resources.values()
        if item.custom and not item.type.startswith("pulumi:")
    ]
    assert len(registered) > 30
    missing = [
        (item.type, name)
        for item in registered
        for name in item.inputs
        if name not in known.get(item.type, {})
    ]
    assert missing == []
    refused = [
        (item.type, item.name, reason)
        for item in registered
        for _, reason in problems(TYPES[item.type], item.inputs, "eu-west-1")
    ]
    assert refused == []


def test_every_lookup_that_the_program_makes_is_answered():
    looked_up = {token for token, _ in run("dev", **EVERYTHING).invokes}
    assert looked_up
    assert looked_up <= set(FUNCTIONS)


@pytest.mark.parametrize("token", TYPES)
def test_every_modelled_name_is_one_of_the_real_provider(token):
    row, kind = TYPES[token], sdk_class(token)
    inputs = {camel(name) for name in inspect.signature(kind._internal_init).parameters} - {
        "resourceName",
        "opts",
    }
    outputs = {camel(name) for name in inspect.signature(kind.get).parameters} | inputs
    assert set(row.all_fields()) <= inputs
    assert set(row.outputs) <= outputs


@pytest.mark.parametrize("token", TYPES)
def test_a_group_of_inputs_has_a_call_and_a_call_has_inputs(token):
    row = TYPES[token]
    groups = {each.group for each in row.fields.values()} - {""}
    assert groups == set(row.updates)
    assert set(row.last_updates) <= groups
    assert set(row.after_create) <= groups
    assert set(row.unsettled) <= set(row.fields)


@pytest.mark.parametrize("token", TYPES)
def test_a_preview_knows_defaults_and_leaves_the_rest_unknown(token):
    planned = planned_creation(TYPES[token], {}, "eu-west-1", {})
    json.dumps(planned)
    assert set(TYPES[token].outputs) <= set(planned)
