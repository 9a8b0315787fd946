"""Real redis-server processes for tests: one, or a primary with its replica behind names that can be moved."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from client import Endpoint

TOKEN = "a-test-token-of-32-characters-xy"
START_SECONDS = 10


@dataclass(frozen=True)
class Certificates:
    """The files of an authority and of one server certificate for `master.test`, `replica.test` and 127.0.0.1."""

    authority: Path
    certificate: Path
    key: Path


class RedisNode:
    """One redis-server, on a free port of 127.0.0.1 as a rule, with everything in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        certificates: Certificates | None = None,
        token: str | None = TOKEN,
        address: tuple[str, int] | None = None,
    ) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.token = token
        self.certificates = certificates
        self.host, self.port = address or ("127.0.0.1", free_port())
        self.start()

    @property
    def address(self) -> tuple[str, int]:
        return (self.host, self.port)

    def command(self, *words: str | int) -> object:
        """Send one command over a connection of its own."""
        with self.administrator() as administrator:
            return administrator.execute_command(*words)

    def administrator(self) -> redis.Redis:
        secured = {"ssl": True, "ssl_ca_certs": str(self.certificates.authority)} if self.certificates else {}
        return redis.Redis(
            port=self.port, host=self.host, password=self.token, socket_timeout=5, protocol=2, **secured
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(
            self.process.pid, os.WUNTRACED
        )  # until then it may still acknowledge what its replica never gets

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the process whatever its state; a stopped one takes SIGKILL too."""
        if self.process.poll() is None:
            self.kill()

    def shut_down(self) -> None:
        """End it so that `start` finds all that it held."""
        self.command("SAVE")
        self.kill()

    def rotate_token(self, token: str) -> None:
        """Take this token from now on, and no connection that was let in with the one before."""
        with self.administrator() as administrator:
            administrator.execute_command("CONFIG", "SET", "masterauth", token)
            administrator.execute_command("CONFIG", "SET", "requirepass", token)
            administrator.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.token = token

    def start(self) -> None:
        """Start it where it was."""
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        settings = {
            "bind": self.host,
            "bind-source-addr": self.host,
            "protected-mode": "no",  # it would refuse other loopback addresses than 127.0.0.1
            "save": '""',
            "dir": str(self.folder),
            "repl-diskless-sync-delay": "0",
        }
        if self.certificates is None:
            settings["port"] = str(self.port)
        else:
            settings |= {
                "port": "0",
                "tls-port": str(self.port),
                "tls-cert-file": str(self.certificates.certificate),
                "tls-key-file": str(self.certificates.key),
                "tls-ca-cert-file": str(self.certificates.authority),
                "tls-auth-clients": "no",
                "tls-replication": "yes",
            }
        if self.token is not None:
            settings |= {"requirepass": self.token, "masterauth": self.token}
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(["redis-server", str(configuration)], stdout=log, stderr=log)
        try:
            wait_until(self._answers, START_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _answers(self) -> bool:
        try:
            return self.command("PING") is not None
        except (redis.ConnectionError, redis.TimeoutError):
            return False


class RedisPair:
    """A primary and its replica, and the names `master.test` and `replica.test`, which lead where the test says."""

    def __init__(self, folder: Path, certificates: Certificates | None = None) -> None:
        self.certificates = certificates
        self.nodes = [RedisNode(folder / "a", certificates)]
        try:
            self.nodes.append(RedisNode(folder / "b", certificates))
        except BaseException:
            self.stop()
            raise
        self.primary, self.replica = self.nodes
        self.look_ups = 0
        self.names: dict[str, list[tuple[str, int]]] = {}
        self.point_names()
        self._follow(self.replica, self.primary)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint of both names; its port is a placeholder, as each node listens on a port of its own."""
        authority = str(self.certificates.authority) if self.certificates else None
        return Endpoint(
            "redis",
            "master.test",
            6379,
            tls=self.certificates is not None,
            reader_host="replica.test",
            auth_token=TOKEN,
            ca_file=authority,
        )

    def resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        """The resolver to give to a client."""
        self.look_ups += 1
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.names[host]

    def point_names(self) -> None:
        """Let the names lead to the nodes that are primary and replica now."""
        self.names = {"master.test": [self.primary.address], "replica.test": [self.replica.address]}

    def promote(self) -> None:
        """Make the replica the primary, as a failover does; the old one is left as it is, and so are the names."""
        self.replica.command("REPLICAOF", "NO", "ONE")
        self.primary, self.replica = self.replica, self.primary

    def swap(self, point_names: bool = True) -> None:
        """Exchange the roles while both nodes live; the names follow, unless the test moves them itself."""
        self.wait_until_in_step()
        self.promote()
        self._follow(self.replica, self.primary)
        if point_names:
            self.point_names()

    def wait_until_in_step(self) -> None:
        """Wait until the replica has all that the primary has; replication is asynchronous."""
        wait_until(lambda: self._offset(self.primary, 1) == self._offset(self.replica, 4), START_SECONDS)

    @staticmethod
    def _offset(node: RedisNode, place_in_role: int) -> int:
        return node.command("ROLE")[place_in_role]

    def cut_replication(self) -> None:
        """Let the replica stay one, with what it has, but get nothing new."""
        self.replica.command("REPLICAOF", "127.0.0.1", free_port())

    def follow(self) -> None:
        """Let the replica follow the primary again, as after a restart."""
        self._follow(self.replica, self.primary)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    @staticmethod
    def _follow(replica: RedisNode, primary: RedisNode) -> None:
        replica.command("REPLICAOF", *primary.address)
        wait_until(lambda: replica.command("ROLE")[3] == b"connected", START_SECONDS)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Ask again and again, with pauses, until it holds; fails when it never does."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"did not come true within {seconds} s"
        time.sleep(0.005)
