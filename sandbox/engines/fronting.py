"""The front of a node, as the daemon starts it and talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from ..front.settings import CONTROL
from .admin import unix_connection
from .errors import EngineError
from .launcher import Launcher, Process

START_SECONDS = 10.0
CHANGE_SECONDS = 2.0
# Neither the environment nor the packages installed here: the standard library and the front's own package.
PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.front.__main__ import main; main()"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def launch_front(launcher: Launcher, host_id: str, directory: str, settings: dict[str, Any]) -> Process:
    """Start a front in a node's directory; it waits for its port where another still has it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{directory}/{CONTROL}")
    argv = [sys.executable, "-I", "-S", "-c", PROGRAM, ROOT]
    return launcher.start(host_id, argv, f"{directory}/server.log", json.dumps(settings))


def await_front(process: Process, directory: str, tail: Callable[[], str]) -> None:
    """Wait until a front listens; `tail` is the end of the log it writes."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            change_front(directory, {})
            return
        except EngineError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise EngineError(f"the front does not listen; the end of its log:\n{tail()}") from None
            time.sleep(0.005)


def change_front(directory: str, change: dict[str, Any]) -> None:
    """Tell a running front something new; raises EngineError when it does not take it."""
    try:
        with unix_connection(f"{directory}/{CONTROL}", CHANGE_SECONDS) as connection:
            connection.sendall(json.dumps(change).encode() + b"\n")
            answer = connection.recv(16)
    except OSError as error:
        raise EngineError(f"the front does not answer: {error}") from error
    if answer != b"ok\n":
        raise EngineError("the front refused a change; see its log")
