"""Claims about every server of a cache, whatever its engine: names, TLS, and what must not answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from .checks import SECONDS, Server, Subject
from .connecting import open_socket, start_tls, tls_context
from .deadline import Deadline
from .errors import CacheRefused, CheckFailed

_SILENCE_SECONDS = 0.7  # how long a port must stay silent to count as closed by a security group
_OTHER_NAME = "not-this-cache.invalid"


def names_resolve(subject: Subject[Any]) -> str:
    """Each server's name and the addresses it has now."""

    def resolve(server: Server) -> str:
        return f"is {' '.join(address for address, _ in subject.addresses(server))}"

    return everywhere(subject, resolve)


def tls_with_the_right_name(subject: Subject[Any]) -> str:
    """The protocol, and the names in the certificate."""

    def shake(server: Server) -> str:
        with _handshake(subject, server, server[0]) as secured:
            certificate = secured.getpeercert() or {}
            names = [str(entry[1]) for entry in certificate.get("subjectAltName", ()) if entry[0] == "DNS"]
            return f"{secured.version()}, certificate for {' '.join(names)}"

    return everywhere(subject, shake)


def tls_with_a_wrong_name_fails(subject: Subject[Any]) -> str:
    """The words of the refusal."""

    def shake(server: Server) -> str:
        try:
            with _handshake(subject, server, _OTHER_NAME):
                raise CheckFailed(f"the handshake for {_OTHER_NAME} was accepted")
        except CacheRefused as error:
            return str(error)

    return everywhere(subject, shake)


def plain_text_is_refused(subject: Subject[Any]) -> str:
    """How a plain question, which every engine would answer in some way, was left without an answer."""

    def ask(server: Server) -> str:
        with _socket(subject, server) as sock:
            sock.settimeout(_SILENCE_SECONDS)
            sock.sendall(b"PING\r\n")
            try:
                answer = sock.recv(64)
            except TimeoutError:
                return f"no answer to a plain PING for {_SILENCE_SECONDS} s"
            except ConnectionResetError:
                return "a plain PING: the connection was reset"
        # A TLS alert begins with the byte 0x15; it says no without serving anything.
        if answer and not answer.startswith(b"\x15"):
            raise CheckFailed(f"a plain PING was answered with {answer!r}")
        return "a plain PING: the connection was closed"

    return everywhere(subject, ask)


def other_ports_are_closed(subject: Subject[Any]) -> str:
    """How the port next to the cache's own said no."""

    def knock(server: Server) -> str:
        address, cache_port = subject.addresses(server)[0]
        port, started = cache_port + 1, monotonic()
        try:
            socket.create_connection((address, port), timeout=_SILENCE_SECONDS).close()
        except TimeoutError:
            return f"port {port}: silence for {monotonic() - started:.1f} s"
        except OSError as error:
            return f"port {port}: {(error.strerror or str(error)).lower()}"
        raise CheckFailed(f"port {port} accepted a connection")

    return everywhere(subject, knock)


def everywhere(subject: Subject[Any], ask: Callable[[Server], str]) -> str:
    """Ask every server at the same time; the evidence of each, or the first failure, by the server's name."""

    def ask_one(server: Server) -> str:
        try:
            return ask(server)
        except CheckFailed as error:
            raise CheckFailed(f"{server[0]}: {error}") from error

    with ThreadPoolExecutor(max_workers=len(subject.servers)) as threads:
        answers = list(threads.map(ask_one, subject.servers))
    if len(answers) > 1 and len(set(answers)) == 1:
        return f"{answers[0]} ({len(answers)} servers)"
    return "; ".join(f"{host} {answer}" for (host, _), answer in zip(subject.servers, answers, strict=True))


def _handshake(subject: Subject[Any], server: Server, name: str) -> ssl.SSLSocket:
    context = tls_context(subject.endpoint.ca_file)
    return start_tls(_socket(subject, server), name, context, Deadline(SECONDS))


def _socket(subject: Subject[Any], server: Server) -> socket.socket:
    return open_socket(subject.addresses(server), Deadline(SECONDS))[0]
