"""What stands in for AWS in this sandbox, told from what really runs, for the status and every report."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .context import Context

ALWAYS = (
    "The AWS API is moto's, with an ElastiCache of the sandbox's own.",
    "The policies of roles, keys, buckets, secrets and functions are enforced for what instances and functions call; a "
    "call that is not modelled is refused to them, and whoever deploys may do everything. Who may assume a role, and "
    "what the policy of an endpoint admits, is recorded only.",
    "Statuses, failovers and boots take the time they take here, not AWS's.",
)


def stand_ins(context: Context) -> list[str]:
    """Sentences, each about one stand-in."""
    return [
        *dict.fromkeys(
            (*_engines(context), *_databases(context), *_machines(context), *_alarms(context), *ALWAYS)
        )
    ]


def _engines(context: Context) -> Iterator[str]:
    for cache in context.parts["elasticache"].status():
        server = cache.get("server")
        if server:
            yield f"{server} of this machine runs as ElastiCache's {cache['engine']}."
        if cache.get("maxmemory_reduced_from"):
            yield f"Nodes of {cache['name']} have less memory than their type has on AWS."
        for name, reason in cache.get("parameters_not_applied", {}).items():
            yield f"The parameter {name} of {cache['name']} is recorded, not applied: {reason}."


def _databases(context: Context) -> Iterator[str]:
    for database in context.parts["databases"].status():
        yield f"{database['server']} of this machine stands in for RDS's {database['engine']}; no backup is made."


def _machines(context: Context) -> Iterator[str]:
    instances = context.parts["instances"]
    if not instances.boots():
        return
    used = {
        request["program"] for boot in instances.boots() for request in instances.requests(boot.instance_id)
    }
    yield f"Instances and functions run on this machine's CPU ({platform.machine()}) and kernel."
    yield from context.parts["tools"].notes
    for program in sorted(used):
        yield f"{program} on the instances is a small stand-in that knows what the image declares."


def _alarms(context: Context) -> Iterator[str]:
    from moto.cloudwatch.models import cloudwatch_backends

    if cloudwatch_backends[context.account_id][context.region].alarms:
        yield "Alarms are recorded and stay without data, as nothing is measured here; no e-mail is sent."
