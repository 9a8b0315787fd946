"""All machines of the daemon by host, as the operations that the supervisor calls."""

from __future__ import annotations

import base64
import functools
import json
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import namespaces
from ..errors import HostsError
from . import boots, programs
from .functions import Function, Place
from .image import TOOLS, Identity
from .roots import Root, environment

if TYPE_CHECKING:
    from ..daemon import Daemon

SCRIPTS = "/run/sandbox/scripts"
REQUESTS = "/var/lib/sandbox/requests.jsonl"
REACH = """
import concurrent.futures, json, socket, ssl, sys
bundle, seconds, *names = sys.argv[1:]
context = ssl.create_default_context(cafile=bundle)
def reach(name):
    try:
        with socket.create_connection((name, 443), float(seconds)) as plain:
            with context.wrap_socket(plain, server_hostname=name):
                return "ok"
    except OSError as error:
        return str(error) or type(error).__name__
with concurrent.futures.ThreadPoolExecutor() as pool:
    print(json.dumps(dict(zip(names, pool.map(reach, names)))))
"""


@dataclass
class Machine:
    """An instance: its root, and its first boot."""

    root: Root
    boot: boots.Boot


class Machines:
    """Instances and functions; every method named in OPERATIONS may be called from outside."""

    OPERATIONS = (
        "boot_machine",
        "machine_boot",
        "machine_pid",
        "run_on_machine",
        "machine_reaches",
        "machine_requests",
        "stop_machine",
        "start_machine",
        "reboot_machine",
        "put_function",
        "invoke_function",
        "remove_function",
    )

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._machines: dict[str, Machine] = {}
        self._functions: dict[str, Function] = {}
        self._starting: set[str] = set()
        self._lock = threading.Lock()

    def boot_machine(
        self, host_id: str, tools: str, user_data: str = "", usr: str = "overlay"
    ) -> dict[str, Any]:
        """Make an instance's root on its host and start its user data (base64, as the API has it).

        `usr` is "overlay" (tried first) or "bind". Returns {"seconds", "hides": whether what the image does not
        declare is hidden}.
        """
        started = time.monotonic()
        with self._lock:
            if host_id in self._machines or host_id in self._starting:
                raise HostsError(f"there is already a machine on {host_id}")
            self._starting.add(host_id)
        root = Root(self._home(host_id), self._identity(host_id), Path(tools), usr=usr)
        try:
            root.start(self._network(host_id))
            with self._lock:
                if host_id not in self._starting:
                    raise HostsError(f"{host_id} went away while its machine started")
                self._machines[host_id] = Machine(root, boots.start(root, user_data))
        except BaseException:
            root.remove()
            raise
        finally:
            self._starting.discard(host_id)
        return {"seconds": round(time.monotonic() - started, 3), "hides": root.overlay}

    def machine_boot(self, host_id: str, wait_seconds: float = 0.0) -> dict[str, Any]:
        """How far the boot is; waits up to `wait_seconds` for its end."""
        boot = self._machine(host_id).boot
        boot.finished.wait(wait_seconds)
        return boot.as_dict()

    def machine_pid(self, host_id: str) -> int:
        """PID 1 of the machine as this process counts; Hosts.outside_pid translates it."""
        return self._machine(host_id).root.init_pid

    def run_on_machine(
        self,
        host_id: str,
        script: str,
        user: str = "root",
        timeout_seconds: float = 60.0,
        limits: tuple[int, int] = (1 << 24, 1 << 20),
        as_service: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run a script as a person would, or with `as_service` {"folder", "cwd", "variables"} as an agent does."""
        root = self._machine(host_id).root
        options: dict[str, Any] = {"timeout_seconds": timeout_seconds, "limits": tuple(limits)}
        if as_service is None:
            home = environment(user)["HOME"]
            folder = f"{SCRIPTS}/{uuid.uuid4()}"
            options |= {"folder": folder, "interpreter": "/bin/bash", "cwd": home, "user": user}
        else:
            options |= {"folder": as_service["folder"], "cwd": as_service["cwd"]}
            options |= {"interpreter": "/bin/sh -c", "keep": True}
            options["env"] = {**environment(home=False), **as_service["variables"]}
        return asdict(programs.run_script(root, script, **options))

    def machine_reaches(self, host_id: str, names: list[str], timeout_seconds: float = 2.0) -> dict[str, str]:
        """Whether the machine can open these names at 443 with a certificate that it trusts."""
        bundle = environment()["AWS_CA_BUNDLE"]
        argv = [f"{TOOLS}/python/bin/python3", "-I", "-c", REACH, bundle, str(timeout_seconds), *names]
        result = programs.run(self._machine(host_id).root, argv, timeout_seconds=timeout_seconds * 4 + 5)
        if result.code != 0:
            raise HostsError(f"the machine on {host_id} could not try: {result.stderr.strip()[-500:]}")
        return json.loads(result.stdout)

    def machine_requests(self, host_id: str) -> list[dict[str, Any]]:
        """What was asked of the image's stand-ins: {"time", "program", "arguments", "code", "said"}."""
        result = programs.run(self._machine(host_id).root, ["cat", REQUESTS], timeout_seconds=5)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def stop_machine(self, host_id: str) -> None:
        """End its processes; its disk stays until its host goes."""
        self._machine(host_id).root.stop()

    def start_machine(self, host_id: str) -> None:
        """Start a stopped one from its disk, with its enabled services; user data is not run again."""
        root = self._machine(host_id).root
        if not root.running:
            root.start(self._network(host_id))
            programs.run(root, ["/usr/local/bin/systemctl", "--boot"], env=environment(home=False))

    def reboot_machine(self, host_id: str) -> None:
        """Stop and start."""
        self.stop_machine(host_id)
        self.start_machine(host_id)

    def put_function(self, host_id: str, tools: str, spec: dict[str, Any]) -> None:
        """Make or replace the function on a host.

        spec: name, arn, role (its ARN), handler, timeout (seconds), variables, code and layers (base64 zips).
        """
        home = self._home(f"{host_id}-{uuid.uuid4().hex[:8]}")  # the one before may still be busy in its own
        listen = functools.partial(self._daemon.network.listen, host_id, "127.0.0.1")
        session = spec["name"].ljust(2, "-")  # STS wants two characters, a function's name may have one
        assume = functools.partial(self._daemon.assume_role, spec["role"], session)
        place = Place(home, self._identity(host_id), Path(tools), self._network(host_id), listen, assume)
        function = Function(place, spec)
        with self._lock:
            before, self._functions[host_id] = self._functions.get(host_id), function
        if before:
            before.end()

    def invoke_function(self, host_id: str, request_id: str, event: str) -> dict[str, Any]:
        """Serve one event (base64): the fields of environments.Answer, its payload in base64 too."""
        function = self._functions.get(host_id)
        if function is None:
            raise HostsError(f"there is no function on {host_id}")
        answer = asdict(function.invoke(request_id, base64.b64decode(event)))
        return {**answer, "payload": base64.b64encode(answer["payload"]).decode()}

    def remove_function(self, host_id: str) -> None:
        """End a function; it is no error when there is none."""
        with self._lock:
            function = self._functions.pop(host_id, None)
        if function:
            function.end()

    def remove_host(self, host_id: str) -> None:
        """Nothing of a removed host goes on; its files are deleted in the background, as the network waits."""
        with self._lock:
            self._starting.discard(host_id)
            machine, function = self._machines.pop(host_id, None), self._functions.pop(host_id, None)
        if machine:
            machine.root.stop()
        for end in [machine and machine.root.remove, function and function.end]:
            if end:
                threading.Thread(target=end, name=f"remove-{host_id}", daemon=True).start()

    def _machine(self, host_id: str) -> Machine:
        machine = self._machines.get(host_id)
        if machine is None:
            raise HostsError(f"there is no machine on {host_id}")
        return machine

    def _home(self, host_id: str) -> Path:
        return self._daemon.state / "machines" / host_id

    def _network(self, host_id: str) -> str:
        return str(namespaces.NAMED / self._daemon.network.host(host_id).id)

    def _identity(self, host_id: str) -> Identity:
        host = self._daemon.network.host(host_id)
        return Identity(
            host.address, host.resolver, self._daemon.region, self._daemon.authority_path.read_text()
        )
