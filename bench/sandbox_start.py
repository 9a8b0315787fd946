"""How soon a sandbox is there, answers its first calls and is gone, and what it takes while it idles."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from _results import show

from sandbox.cloud import Cloud

RUNS = 5
IDLE_SECONDS = 5.0


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def one_life() -> dict[str, float]:
    """The figures of one sandbox from its start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        cloud = Cloud.start(Path(folder))
        figures = {"ready": time.perf_counter() - began}
        try:
            sts, ec2 = cloud.client("sts"), cloud.client("ec2")
            sts.get_caller_identity()
            figures["first answer"] = time.perf_counter() - began
            ec2.describe_vpcs()
            figures["first network answer"] = time.perf_counter() - began
            figures["call"] = timed(ec2.describe_vpcs)
            figures["status"] = timed(cloud.status)
            figures |= idle(cloud)
        finally:
            figures["stop"] = timed(cloud.stop)
    return figures


def idle(cloud: Cloud) -> dict[str, float]:
    """Memory, and the share of one processor while nobody asks anything."""
    supervisor = psutil.Process(cloud.record.pid)
    processes = [supervisor, *supervisor.children(recursive=True)]

    def work() -> float:
        return sum(sum(one.cpu_times()[:2]) for one in processes)

    time.sleep(IDLE_SECONDS)  # what a first deployment needs is loaded meanwhile
    before = work()
    time.sleep(IDLE_SECONDS)
    memory = sum(one.memory_info().rss for one in processes) / 2**20
    return {"idle processor %": 100 * (work() - before) / IDLE_SECONDS, "idle MiB": memory}


def main() -> None:
    """Prints the median and the worst of several lives."""
    lives = [one_life() for _ in range(RUNS)]
    rows = []
    for name in lives[0]:
        values = [life[name] for life in lives]
        unit = "" if name.startswith("idle") else " s"
        rows.append({"what": name + unit, "median": statistics.median(values), "worst": max(values)})
    show("sandbox_start", rows)


if __name__ == "__main__":
    main()
