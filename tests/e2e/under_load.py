"""A change of a stack while an instance writes to its cache, and what the change did."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from client.drill import evaluate
from client.drill_record import WorkerRecord

from .environment import Environment
from .instance_programs import WRITER, on_instance

GAP_SECONDS = 5.0
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
PARAMETER_GROUP = "aws:elasticache/parameterGroup:ParameterGroup"


def up_under_load(environment: Environment) -> str:
    """Bring the stack up while an instance writes, prove that no write was harmed, and return what was printed."""
    with on_instance(environment, WRITER) as writer:
        began = time.time()
        said = environment.up()
    record = WorkerRecord.from_mapping(writer.answer)
    drill = evaluate("up", began, [record])
    assert drill.acknowledged > 20
    assert (drill.lost, drill.doubled) == (0, 0), drill.lost_writes
    assert drill.write_gap_seconds <= GAP_SECONDS
    assert drill.read_gap_seconds <= GAP_SECONDS
    assert record.writes[-1][2] == "ok"
    return said


def steps(said: str, word: str) -> list[str]:
    """The types of AWS's resources to which this was done; components only mirror their arguments."""
    return re.findall(rf"^{word} +(aws:\S+) ", said, re.MULTILINE)


def identities(environment: Environment) -> Mapping[str, str | None]:
    """The physical id of each resource by its URN."""
    return {urn: resource.get("id") for urn, resource in environment.resources().items()}


def group(environment: Environment) -> dict[str, Any]:
    """The replication group as the API shows it."""
    (found,) = environment.boto("elasticache").describe_replication_groups()["ReplicationGroups"]
    return found


def primary(environment: Environment) -> dict[str, Any]:
    """The first member of the group as the API shows it."""
    name = group(environment)["MemberClusters"][0]
    (found,) = environment.boto("elasticache").describe_cache_clusters(CacheClusterId=name)["CacheClusters"]
    return found
