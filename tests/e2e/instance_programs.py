"""Programs on an instance that use the cache as an application does, while the test changes something."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .environment import Environment

MAXIMUM_SECONDS = 100
ROUNDS_AT_THE_END = 20

BEGINNING = """
import json, os, pathlib, time
from client import CacheError, Endpoint, connect
from client.drill_record import DrillPlan
from client.drill_worker import run_worker
folder = pathlib.Path("/tmp", "{name}")
folder.mkdir()
stop = (folder / "stop").exists
"""

WRITER = (
    BEGINNING
    + """
(folder / "begun").touch()
plan = DrillPlan("{name}", "app", settle_seconds=1e6, maximum_seconds={maximum_seconds})
print(json.dumps(run_worker(Endpoint.from_environment(), plan, stop=stop).as_mapping()))
"""
)
"""Writes and reads as in a drill, whatever happens, until it is stopped; prints its record."""

FOLLOWER = (
    BEGINNING
    + """
told, ends, more = [], time.monotonic() + {maximum_seconds}, {rounds_at_the_end}
with connect(Endpoint.from_environment()) as cache:
    while more and time.monotonic() < ends:
        more -= stop()
        value = str(time.time()).encode()
        try:
            cache.set("followed", value)
            found = "ok" if cache.get("followed") == value else "another value"
        except CacheError as error:
            found = type(error).__name__
        told.append([time.time(), found, cache.endpoint.port])
        (folder / "begun").touch()
        time.sleep(0.05)
print(json.dumps(told))
"""
)
"""Sets and gets a value until it is stopped, and some rounds more, with one client.

It prints [time, how it went, port] of each round; the last ROUNDS_AT_THE_END began after it was stopped.
"""


class Running:
    """A program that runs on an instance, under a name of its own.

    `answer` is what it printed, once `on_instance` has ended.
    """

    def __init__(self, environment: Environment, instance: str, program: str) -> None:
        self._environment, self._instance = environment, instance
        self.name = uuid.uuid4().hex[:8]
        self._folder = f"/tmp/{self.name}"
        text = program.format(
            name=self.name, maximum_seconds=MAXIMUM_SECONDS, rounds_at_the_end=ROUNDS_AT_THE_END
        )
        self._process = environment.start(
            *("run", instance, "--timeout", str(MAXIMUM_SECONDS + 20), "--"),
            "set -a; . /etc/cache-client/env; set +a; cd /opt/cache-client/current\n"
            f"exec python3.11 - <<'PROGRAM'\n{text}PROGRAM\n",
        )
        self.answer: Any = None

    def wait_until_begun(self) -> None:
        """Return when the program is at work."""
        self._run(f"for i in $(seq 300); do [ -e {self._folder}/begun ] && exit 0; sleep 0.1; done; exit 1")

    def finish(self) -> None:
        """Stop the program and take what it printed."""
        self._run(f"touch {self._folder}/stop")
        said, _ = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, said
        self.answer = json.loads(said.splitlines()[-1])

    def end(self) -> None:
        """End the command on the laptop, if it still runs."""
        self._process.kill()
        self._process.communicate()

    def _run(self, script: str) -> subprocess.CompletedProcess[str]:
        return self._environment.sandbox("run", self._instance, "--", script)


@contextmanager
def on_instance(environment: Environment, program: str, instance: str = "app") -> Iterator[Running]:
    """Run a program on an instance while the block is executed."""
    running = Running(environment, instance, program)
    try:
        running.wait_until_begun()
        yield running
        running.finish()
    finally:
        running.end()
