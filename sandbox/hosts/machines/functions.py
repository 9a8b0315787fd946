"""Functions: their code, and the execution environments that serve their invocations.

Environments are made when they are needed, at most CONCURRENCY of a function at a time; further invocations wait for
one to be free. All of a function's environments share its one interface, as they do in a VPC.
"""

from __future__ import annotations

import base64
import itertools
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HostsError
from .code import compile_modules, unpack
from .environments import Answer, Environment
from .image import BUNDLE, Identity
from .roots import Root
from .runtime_api import RuntimeApi

CONCURRENCY = 4
FIRST_PORT = 9001
VARIABLES = {
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task:/var/task/lib:/opt/lib",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "HOME": "/tmp",  # noqa: S108 - the only place where a function may write
    "LAMBDA_TASK_ROOT": "/var/task",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "PYTHONPATH": "/var/runtime:/opt/python",
    "AWS_CA_BUNDLE": BUNDLE,
    "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
}


@dataclass(frozen=True)
class Place:
    """Where a function runs, and what it gets there.

    `listen(port)` gives a listening socket on the host's own 127.0.0.1, `assume()` credentials of its role.
    """

    home: Path
    identity: Identity
    tools: Path
    network: str
    listen: Callable[[int], socket.socket]
    assume: Callable[[], dict[str, str]]


class Function:
    """One function on its host, with its code unpacked."""

    def __init__(self, place: Place, spec: dict[str, Any]) -> None:
        self._place = place
        self._spec = {key: value for key, value in spec.items() if key not in ("code", "layers")}
        self._numbers = itertools.count()
        self._free: list[Environment] = []
        self._busy: set[Environment] = set()
        self._places = threading.BoundedSemaphore(CONCURRENCY)
        self._lock = threading.Lock()
        self._ended = False
        code, layers = place.home / "code", place.home / "layers"
        layers.mkdir(parents=True)
        unpack(base64.b64decode(spec["code"]), code)
        for layer in spec["layers"]:
            unpack(base64.b64decode(layer), layers)
        for folder in (code, layers):
            compile_modules(folder, place.tools / "python/bin/python3")

    def invoke(self, request_id: str, event: bytes) -> Answer:
        """Serve one event in a free environment, or in a new one."""
        with self._places:
            environment = self._take()
            try:
                return environment.invoke(request_id, event, float(self._spec["timeout"]))
            finally:
                self._give_back(environment)

    def end(self) -> None:
        """End every environment and delete the code; what is under way fails."""
        with self._lock:
            self._ended = True
            gone, self._free = [*self._free, *self._busy], []
            self._busy = set()
        for environment in gone:
            environment.end()
        shutil.rmtree(self._place.home, ignore_errors=True)

    def _take(self) -> Environment:
        with self._lock:
            if self._ended:
                raise HostsError("the function is gone")
            while self._free:
                environment = self._free.pop()
                if environment.usable:
                    self._busy.add(environment)
                    return environment
                environment.end()
            environment = self._start()
            self._busy.add(environment)
            return environment

    def _give_back(self, environment: Environment) -> None:
        with self._lock:
            if environment not in self._busy:
                return  # ended meanwhile
            self._busy.remove(environment)
            if environment.usable:
                self._free.append(environment)
                return
        threading.Thread(target=environment.end, name="end-environment", daemon=True).start()

    def _start(self) -> Environment:
        number, place, spec = next(self._numbers), self._place, self._spec
        role = place.assume()
        root = Root(place.home / f"environment-{number}", place.identity, place.tools, "function")
        for name, source in {"task": "code", "layers": "layers"}.items():
            (root.home / name).rmdir()
            (root.home / name).symlink_to(place.home / source)
        stream = time.strftime("%Y/%m/%d/[$LATEST]", time.gmtime()) + uuid.uuid4().hex
        values = {
            **VARIABLES,
            **spec["variables"],
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
            "AWS_SESSION_TOKEN": role["Token"],
        }
        try:
            root.start(place.network)
            api = RuntimeApi(place.listen(FIRST_PORT + number % 20000), spec["arn"])
            return Environment(root, api, spec["handler"], values)
        except BaseException:
            root.remove()
            raise
