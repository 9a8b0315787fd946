"""The supervisor's handle of the hosts: starts the daemon, asks it, and dials the API for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import HostsError, HostsUnavailable
from .namespaces import PATH
from .outside import outside_pid
from .roles import RoleSource
from .rpc import Channel, Passed, write_frame
from .world import service_domain

if TYPE_CHECKING:
    from .certificates import CertificateAuthority

COMMANDS = {"ip": "iproute2", "nft": "nftables", "setpriv": "util-linux"}
LAUNCH = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.hosts.spawn import main; main()"
PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
HostsKind = TypeVar("HostsKind", bound="Hosts")


class Hosts:
    """Everything that runs in the namespaces, as one object. Threads may share it."""

    def __init__(
        self,
        api_address: tuple[str, int],
        authority: CertificateAuthority,
        region: str = "eu-west-1",
        account_id: str = "123456789012",
        credentials: tuple[str, str] = ("test", "test"),
    ) -> None:
        self._api_address = api_address
        self._authority = authority
        self.region = region
        self.account_id = account_id
        self._roles = RoleSource(api_address, region, account_id, credentials)
        self._ready = threading.Event()
        self._failure: str | None = None
        self._services: set[str] = set()
        self._process: subprocess.Popen[bytes]
        self._channel: Channel

    @classmethod
    def start(
        cls: type[HostsKind],
        api_address: tuple[str, int],
        authority: CertificateAuthority,
        readable_paths: Sequence[str | os.PathLike[str]] = (),
        **options: Any,
    ) -> HostsKind:
        """Start the daemon; returns when it answers.

        `api_address` is the one address that can be reached from inside. `readable_paths` are folders that the hosts
        must be able to read (tools, bundles). Options: region, account_id, and `credentials` (access key id and
        secret) with which roles are assumed at the API. Raises HostsUnavailable with the reason and the way out.
        """
        hosts = cls(api_address, authority, **options)
        missing = {package for name, package in COMMANDS.items() if not shutil.which(name, path=PATH)}
        if sys.platform != "linux" or missing:
            needs = " ".join(sorted(missing))
            raise HostsUnavailable(
                f"needs Linux with {needs or 'namespaces'}; apt-get install {needs}".rstrip()
            )
        hosts._launch([str(Path(path).absolute()) for path in readable_paths])
        return hosts

    @property
    def pid(self) -> int:
        """The launcher's process id; the whole sandbox ends with it."""
        return self._process.pid

    def call(self, op: str, call_timeout: float | None = None, **arguments: Any) -> Any:
        """Run an operation of the daemon (its own or one that an extension registered); see Channel.call."""
        return self._channel.call(op, call_timeout, **arguments)

    def apply(self, world: dict[str, Any]) -> dict[str, Any]:
        """Make the network equal to `world`; returns what changed: {"created": [...], "removed": [...]}."""
        fresh = [service for service in world["services"] if service not in self._services]
        certificates = {}
        for service in fresh:
            name = service_domain(service, self.region)
            certificates[service] = self._authority.issue([name, f"*.{name}"]).pair
        result = self.call("apply", world=world, certificates=certificates)
        self._services.update(fresh)
        return result

    def probe(self, host_id: str, address: str, port: int, timeout: float = 2.0) -> str:
        """Try a TCP connection from a host: "open", "refused", "timeout" or "unreachable"."""
        return self.call("probe", host_id=host_id, address=address, port=port, timeout=timeout)

    def resolve(self, host_id: str, name: str) -> list[str]:
        """Ask the host's resolver; the addresses, none when the name does not exist."""
        return self.call("resolve", host_id=host_id, name=name)

    def start_process(
        self,
        host_id: str,
        name: str,
        argv: Sequence[str],
        env: dict[str, str] | None = None,
        files: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Start a process on a host, without capabilities; see processes.Processes.start."""
        arguments = {"argv": list(argv), "env": env or {}, "files": files or {}}
        return self.call("start_process", host_id=host_id, name=name, **arguments)

    def stop_process(self, host_id: str, name: str, grace_seconds: float = 2.0) -> dict[str, Any]:
        """SIGTERM, then SIGKILL after the grace; its state at the end."""
        return self.call("stop_process", host_id=host_id, name=name, grace_seconds=grace_seconds)

    def remove_process(self, host_id: str, name: str) -> None:
        """End a process at once and forget its files and its log."""
        self.call("remove_process", host_id=host_id, name=name)

    def signal(self, host_id: str, name: str, signal_number: int) -> None:
        """Send a signal to the process and its children."""
        self.call("signal_process", host_id=host_id, name=name, signal_number=int(signal_number))

    def process_state(self, host_id: str, name: str) -> dict[str, Any] | None:
        """{"pid", "running", "stopped", "exit_code", "started"}, or None when there never was one."""
        return self.call("process_state", host_id=host_id, name=name)

    def process_log(self, host_id: str, name: str, lines: int = 50) -> list[str]:
        """The last lines that the process wrote to standard output and error."""
        return self.call("process_log", host_id=host_id, name=name, lines=lines)

    def outside_pid(self, inside: int) -> int:
        """The machine's process id of a process that is `inside` for the daemon."""
        return outside_pid(self.pid, inside)

    def enter_command(self, inside: int) -> list[str]:
        """The start of a command line that runs the rest as (inner) root in all namespaces of an inside process."""
        # nsenter would reset the groups, which only root may; anyone else is the inner root already.
        credentials = [] if os.geteuid() == 0 else ["--preserve-credentials"]
        kinds = ["--user", "--mount", "--net", "--pid", "--ipc", "--uts"]  # the others are the machine's own
        return ["nsenter", "--target", str(self.outside_pid(inside)), *kinds, *credentials, "--"]

    def stop(self) -> None:
        """End everything; returns when the launcher is gone, and with it every process inside."""
        self._channel.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, readable_paths: list[str]) -> None:
        ours, theirs = socket.socketpair()
        config = {
            "search": [str(PROJECT), *(entry for entry in sys.path if entry)],
            "readable_paths": readable_paths,
            "region": self.region,
            "account_id": self.account_id,
            "authority": self._authority.certificate_pem,
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", LAUNCH, str(PROJECT), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={"PATH": PATH, "LANG": "C.UTF-8"},  # nothing of the caller's secrets goes inside
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is the supervisor's business
            )
        write_frame(ours, config)
        self._channel = Channel(ours, self._serve, self._ready.set)
        self._channel.start()
        answered = self._ready.wait(START_SECONDS)
        if self._failure is not None or not answered or self._process.poll() is not None:
            self.stop()
            raise HostsUnavailable(
                self._failure or "the sandbox's hosts did not start; see the supervisor's log"
            )

    def _serve(self, op: str, arguments: dict[str, Any]) -> Any:
        """What the daemon may ask of the supervisor, and nothing else."""
        if op == "dial":
            connection = socket.create_connection(self._api_address, 5)
            connection.settimeout(None)  # a descriptor passed on with a time-out would be non-blocking there
            return Passed(connection)
        if op == "assume_role":
            return self._roles.assume(**arguments)
        if op == "ready":
            return self._ready.set()
        if op == "failed":
            self._failure = arguments["reason"]
            return self._ready.set()
        raise HostsError(f"unknown request of the daemon: {op}")
