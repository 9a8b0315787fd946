"""A run of a stack in a process of its own, which kills itself at a given moment inside the provider."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from pathlib import Path
from typing import Any

from sandbox.deploy import deployment  # noqa: F401 - the forked processes start with it imported

from .fake_cloud import die_at
from .stack import Stack

# A server forked once, with the SDK imported, so that each killed run costs a fork only.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


def run_and_die(folder: Path, command: str, moment: int, seed: int) -> int | None:
    """Runs a command; the process dies at the n-th moment of a change in the cloud. Returns its exit code."""
    process = CONTEXT.Process(target=_run, args=(str(folder), command, moment, seed))
    process.start()
    process.join(60)
    return process.exitcode


def _run(folder: str, command: str, moment: int, seed: int) -> None:
    stack = Stack.existing(Path(folder))
    stack.provider.cut_at = die_at(moment)
    delays = random.Random(seed)
    meet = stack.provider._meet

    async def meet_late(call: str, name: str) -> Any:
        await asyncio.sleep(delays.random() / 100)
        return await meet(call, name)

    stack.provider._meet = meet_late  # type: ignore[method-assign]
    result = getattr(stack.deployment(), command)()
    os._exit(0 if result.ok else 1)
