"""What Auto Discovery has to show: nodes come and go by a deployment, while the clients work on, and none restarts."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from client import CheckFailed, proof, remote
from client.results import Drill
from client.triggers import Trigger

from .stage import Stage, expect, new_claims

CLAIMS = new_claims()

_NODE_COUNT = re.compile(r"(?<=node_count: )\d+")
_LOG_SECONDS = 20.0
# The sandbox ends a node a second after it has left the list, so that the list is to be asked for more often than that.
# A call has a second, as a busy machine is no fault of the change; a node that is gone refuses at once.
_PLAN = {"poll_seconds": 0.3, "deadline_seconds": 1.0}


@CLAIMS("The function sets a new uuid, gets it back, and its log says so.")
def the_function_logs_what_it_did(stage: Stage) -> str:
    answer = stage.invoke({})
    expect("uuid" in answer, f"it answered {answer}")
    line = f"get uuid {answer['uuid']} at {answer['node']}"
    name, started = stage.outputs["client_function_name"], time.monotonic()
    group = stage.aws("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
    while True:
        events = stage.aws("logs").filter_log_events(logGroupName=group, filterPattern=f'"{answer["uuid"]}"')
        if any(line in event["message"] for event in events["events"]):
            return f"{group}: {line}; {len(answer['nodes'])} nodes"
        if time.monotonic() - started > _LOG_SECONDS:
            raise CheckFailed(f"{group} does not say {line!r}")
        time.sleep(0.5)


@CLAIMS(
    "2 nodes become 4, then 3, by deployments: no error, the keys of the ring's share move, no client restarts."
)
def nodes_come_and_go_under_load(stage: Stage) -> str:
    file = Path(f"Pulumi.{stage.stack}.yaml")
    before = file.read_text("utf-8")
    expect(_NODE_COUNT.findall(before) == ["2"], f"{file} does not say node_count: 2")
    try:
        grown = _drilled(stage, file, before, 2, 4)
        shrunk = _drilled(stage, file, before, 4, 3)
    finally:
        file.write_text(before, "utf-8")
        stage.up()
    return f"{_told(grown, 2, 4)}; {_told(shrunk, 4, 3)}; then 2 again, as the stack file says"


def _drilled(stage: Stage, file: Path, text: str, nodes: int, wanted: int) -> Drill:
    """Work on the cache from every client while a deployment changes the number of nodes."""
    cluster = stage.outputs["host"].split(".")[0]

    def deploy(elasticache: Any) -> None:
        file.write_text(_NODE_COUNT.sub(str(wanted), text), "utf-8")
        stage.up()

    def is_there(elasticache: Any, since: float, events: object) -> bool:
        found = elasticache.describe_cache_clusters(CacheClusterId=cluster)["CacheClusters"][0]
        return found["CacheClusterStatus"] == "available" and found["NumCacheNodes"] == wanted

    change = Trigger(
        "scale-out" if wanted > nodes else "scale-in",
        f"a deployment of {wanted} nodes in the place of {nodes}",
        stage.outputs["region"],
        frozenset({cluster}),
        deploy,
        is_there,
        maximum_seconds=240.0,
    )
    drill = proof.drill(
        remote.places(stage.outputs),
        stage.outputs,
        tell=stage.tell,
        kind=change,
        plan=_PLAN,
    )
    expect(drill.ok, f"{nodes} -> {wanted} nodes: {'; '.join(drill.problems)}")
    expect(not drill.errors, f"{nodes} -> {wanted} nodes: {dict(drill.errors)}")
    return drill


def _told(drill: Drill, nodes: int, wanted: int) -> str:
    shares = drill.shares
    if shares is None:
        raise CheckFailed(f"{nodes} -> {wanted} nodes: no client saw the list of nodes change")
    return (
        f"{nodes} -> {wanted}: {drill.acknowledged} writes, 0 errors, {shares.missing_share:.0%} of {shares.keys} "
        f"keys moved (by the ring {shares.expected_share:.0%})"
    )
