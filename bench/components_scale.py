"""A program of 1 to 1,000 caches through the components, beside the same resources declared flat.

`python bench/components_scale.py [--sizes 1 10 100 1000] [--rounds 3]`

Each run is a process of its own, against a monitor in that process which answers at once: what is measured is the
program's side, Python's start and the imports left out. Rounds alternate between the two, so that a busy machine slows
both. Beside the wall time stands the CPU's, which says more where others compute too.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _results import ROOT, show

PLACE = {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}}
GOAL = 1.25


def through_components(name: str) -> None:
    """Declare one cache by its component."""
    from components.redis_cache import RedisCache

    RedisCache(name, dict(PLACE))


def flat(name: str) -> None:
    """Declare what the component makes of the same arguments, resource by resource."""
    import pulumi
    import pulumi_aws as aws

    cache = aws.ec2.SecurityGroup(
        name,
        vpc_id=PLACE["vpc_id"],
        description=f"Cache {name}: its port from its clients, nothing outwards",
        tags={"Name": name},
    )
    client = aws.ec2.SecurityGroup(
        f"{name}-client",
        vpc_id=PLACE["vpc_id"],
        description=f"Members may reach cache {name}",
        tags={"Name": f"{name}-client"},
    )
    port: dict[str, Any] = {"ip_protocol": "tcp", "from_port": 6379, "to_port": 6379, "tags": {}}
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-client-6379",
        security_group_id=cache.id,
        description="Cache port from client",
        referenced_security_group_id=client.id,
        **port,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-client-6379",
        security_group_id=client.id,
        description=f"Cache port of {name}",
        referenced_security_group_id=cache.id,
        **port,
    )
    token = pulumi.Stash(
        f"{name}-token",
        input=pulumi.Output.secret("0" * 48),
        opts=pulumi.ResourceOptions(ignore_changes=["input"]),
    )
    subnets = aws.elasticache.SubnetGroup(
        name, description=f"Subnets of cache {name}", subnet_ids=list(PLACE["subnet_ids"].values()), tags={}
    )
    logs = {
        kind: aws.cloudwatch.LogGroup(f"{name}-{kind}", retention_in_days=14, tags={})
        for kind in ("slow-log", "engine-log")
    }
    aws.elasticache.ReplicationGroup(
        name,
        description=f"Cache {name} of stack {pulumi.get_stack()} of {pulumi.get_project()}",
        engine="redis",
        engine_version="7.1",
        node_type="cache.t4g.micro",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        port=6379,
        subnet_group_name=subnets.name,
        security_group_ids=[cache.id],
        parameter_group_name="default.redis7",
        log_delivery_configurations=[
            {
                "destination": group.name,
                "destination_type": "cloudwatch-logs",
                "log_format": "json",
                "log_type": kind,
            }
            for kind, group in logs.items()
        ],
        auth_token=token.output,
        auth_token_update_strategy="ROTATE",
        transit_encryption_enabled=True,
        at_rest_encryption_enabled=True,
        snapshot_retention_limit=1,
        auto_minor_version_upgrade=True,
        apply_immediately=True,
        tags={"Name": name},
        opts=pulumi.ResourceOptions(ignore_changes=["engineVersion"]),
    )


WAYS: dict[str, Callable[[str], None]] = {"flat": flat, "components": through_components}


def measure(way: str, caches: int, collector: bool) -> dict[str, object]:
    """Declare that many caches in this process and return what it took."""
    from _monitor import Engine, Monitor
    from pulumi.runtime.settings import reset_options
    from pulumi.runtime.stack import run_in_stack

    def run(count: int) -> Monitor:
        monitor = Monitor()
        reset_options(project="shop", stack="dev", monitor_address=monitor, engine_address=Engine())
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(
            run_in_stack(lambda: [WAYS[way](f"cache-{number}") for number in range(count)])
        )
        loop.close()
        return monitor

    run(1)  # pulumi_aws imports each module when it is first touched, and data is read once
    if not collector:
        gc.disable()
    wall, processor = time.perf_counter(), time.process_time()
    monitor = run(caches)
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - processor,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "declared": monitor.declared,
    }


def in_process(way: str, caches: int, collector: bool) -> dict[str, Any]:
    """Measure in a process of its own."""
    words = [
        sys.executable,
        __file__,
        "--measure",
        way,
        str(caches),
        *([] if collector else ["--no-collector"]),
    ]
    return json.loads(subprocess.check_output(words, cwd=ROOT, text=True))


def compared(caches: int, rounds: int, collector: bool) -> dict[str, object]:
    """Return both ways' medians for that many caches, and their ratios."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, runs in found.items():
            runs.append(in_process(way, caches, collector))
    declared = [Counter(runs[0]["declared"]) for runs in found.values()]
    if declared[0] != declared[1]:
        raise SystemExit(f"the two ways declare different resources: {declared[0]} and {declared[1]}")
    row: dict[str, object] = {"caches": caches, "collector": "on" if collector else "off"}
    for key in ("seconds", "cpu_seconds", "mib"):
        flat_one, component = (statistics.median(run[key] for run in runs) for runs in found.values())
        row |= {f"flat {key}": flat_one, f"components {key}": component, f"x {key}": component / flat_one}
    row["cpu ms per cache"] = 1000 * float(str(row["components cpu_seconds"])) / caches
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "CACHES"), help=argparse.SUPPRESS)
    parser.add_argument("--no-collector", action="store_true", help="with Python's garbage collector off")
    options = parser.parse_args()
    if options.measure:
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        warnings.simplefilter("ignore", DeprecationWarning)  # pulumi_aws warns of itself when it is imported
        print(json.dumps(measure(options.measure[0], int(options.measure[1]), not options.no_collector)))
        return
    rows = [compared(size, options.rounds, not options.no_collector) for size in options.sizes]
    print(f"median of {options.rounds}; load {os.getloadavg()[0]:.1f}; the goal is x {GOAL} at most")
    show("components_scale", rows)


if __name__ == "__main__":
    main()
