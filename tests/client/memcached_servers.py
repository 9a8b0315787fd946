"""Real memcached processes behind names, and a configuration endpoint that answers what the test says."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator

from pymemcache.client.base import Client

from client import Endpoint

from .redis_servers import START_SECONDS, Certificates, free_port, wait_until

PORT = 11211


class MemcachedServer:
    """One memcached on a free port of 127.0.0.1; `options` are further ones of its command line."""

    def __init__(self, certificates: Certificates | None = None, options: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self.certificates = certificates
        self.options = options
        self.start()

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def start(self) -> None:
        """Start it, empty, where it was."""
        command = ["memcached", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-m", "64", "-t", "2"]
        command += self.options
        if os.geteuid() == 0:
            command += ["-u", "root"]
        if self.certificates is not None:
            files = f"ssl_chain_cert={self.certificates.certificate},ssl_key={self.certificates.key}"
            command += ["-Z", "-o", files]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(self._accepts, START_SECONDS)
        except BaseException:
            self.stop()
            raise

    @contextlib.contextmanager
    def administrator(self) -> Iterator[Client]:
        """A plain client of this server alone, for a look from outside."""
        context = self.certificates and ssl.create_default_context(cafile=self.certificates.authority)
        client = Client(self.address, timeout=5, default_noreply=False, tls_context=context)
        yield client
        client.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # the signal takes effect a moment later

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the process whatever its state; a stopped one takes SIGKILL too."""
        if self.process.poll() is None:
            self.kill()

    def _accepts(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(self.address, timeout=1):
            return True
        return False


class ConfigurationEndpoint:
    """Answers every question with `answer`; counts them. `answers` by request override it; None hangs."""

    def __init__(self, certificates: Certificates | None = None) -> None:
        self._context = None
        if certificates is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificates.certificate, certificates.key)
        self.answer: bytes | None = b"ERROR\r\n"
        self.answers: dict[bytes, bytes] = {}
        self.questions: list[bytes] = []
        self._release = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        self._release.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(sock)
            if self._context is not None:
                sock = stack.enter_context(self._context.wrap_socket(sock, server_side=True))
            while question := sock.recv(4096):
                self.questions.append(question)
                answer = self.answers.get(question, self.answer)
                if answer is None:
                    self._release.wait(10)
                    return
                for start in range(0, len(answer), 100):
                    sock.sendall(answer[start : start + 100])


class MemcachedCluster:
    """Nodes by name, each a process, and the endpoint `cluster.cfg.test` that lists them."""

    def __init__(
        self, names: list[str], certificates: Certificates | None = None, host: str = "cluster.cfg.test"
    ) -> None:
        self.certificates = certificates
        self.host = host
        self.version = 0
        self.nodes: dict[str, MemcachedServer] = {}
        self.configuration = ConfigurationEndpoint(certificates)
        try:
            self.scale_to(names)
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self) -> Endpoint:
        authority = str(self.certificates.authority) if self.certificates else None
        return Endpoint("memcached", self.host, PORT, tls=self.certificates is not None, ca_file=authority)

    def resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        """The resolver to give to a client."""
        if host == self.host:
            return [("127.0.0.1", self.configuration.port)]
        if host not in self.nodes:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [self.nodes[host].address]

    def scale_to(self, names: list[str]) -> None:
        """List these nodes under the next version; new ones are started, left ones go on running."""
        for name in names:
            if name not in self.nodes:
                self.nodes[name] = MemcachedServer(self.certificates)
        self.version += 1
        self.configuration.answer = reply(self.version, names)

    def tell_nodes(self) -> None:
        """Let every node give the list too, as those of ElastiCache do; they know the older key only."""
        if self.configuration.answer is None:
            raise AssertionError("the configuration endpoint hangs")
        payload = self.configuration.answer.partition(b"\r\n")[2].removesuffix(b"\r\nEND\r\n")
        for node in self.nodes.values():
            with node.administrator() as administrator:
                administrator.set("AmazonElastiCache:cluster", payload)

    def server_of(self, name: str) -> MemcachedServer:
        """The process behind a `host:port`."""
        return self.nodes[name.rpartition(":")[0]]

    def stop(self) -> None:
        self.configuration.stop()
        for node in self.nodes.values():
            node.stop()


def reply(version: int, names: list[str]) -> bytes:
    """What a configuration endpoint says of these nodes."""
    return listing(version, [(name, PORT) for name in names])


def listing(version: int, nodes: list[tuple[str, int]]) -> bytes:
    """The same for nodes whose ports differ."""
    payload = f"{version}\n{' '.join(f'{host}||{port}' for host, port in nodes)}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%b\r\nEND\r\n" % (len(payload), payload)
