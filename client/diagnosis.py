"""What a doctor asks of any cache before it speaks the engine's own language: name, port and TLS.

Each question has a deadline of its own, so that the whole takes at most 3 s even when nothing answers.
"""

from __future__ import annotations

import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from .connecting import open_socket, start_tls, tls_context
from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError, CacheUnreachable, DeadlineExceeded
from .names import Address, Names, Resolver

QUESTION_SECONDS = 0.9
_ANSWER_SECONDS = 0.5
_WRONG_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class Ill(Exception):
    """The cause is found: a word for a program, what was seen, and what a person may do."""

    def __init__(self, cause: str, answer: str, advice: str) -> None:
        super().__init__(answer)
        self.cause, self.answer, self.advice = cause, answer, advice


class Patient(ABC):
    """One cache under examination. `greeting` is a question that the engine answers in plain text."""

    engine: str
    greeting: bytes

    def __init__(self, endpoint: Endpoint, resolver: Resolver) -> None:
        self.endpoint = endpoint
        self.names = Names(resolver)
        self.addresses: list[Address] = []

    @abstractmethod
    def questions(self) -> Mapping[str, Callable[[], str]]:
        """The questions in their order, each with what asks it: it returns what was seen, or raises Ill."""

    @abstractmethod
    def understand(self, said: bytes) -> None:
        """Raise Ill when the answer to the greeting is that of something else."""

    @abstractmethod
    def close(self) -> None:
        """Close what was opened and is not closed yet."""

    def name(self) -> str:
        """Whether the name resolves."""
        host = self.endpoint.host
        try:
            self.addresses = self.names.look_up(host, self.endpoint.port, Deadline(QUESTION_SECONDS))
        except DeadlineExceeded as error:
            advice = "The resolver does not answer: check the VPC's DNS settings."
            raise Ill("name-slow", str(error), advice) from error
        except CacheUnreachable as error:
            advice = (
                "ElastiCache names resolve everywhere once the cache exists: check the spelling and the region, and "
                "that the VPC has DNS support; a replaced cache has a new name, which its connection parameter holds."
            )
            raise Ill("name-unknown", str(error), advice) from error
        return f"{host} is {', '.join(address for address, _ in self.addresses)}"

    def port(self) -> str:
        """Whether the port accepts connections."""
        try:
            sock, address = self._open()
        except DeadlineExceeded as error:
            raise Ill("dropped", str(error), DROPPED_ADVICE) from error
        except CacheUnreachable as error:
            refused = "refused" in str(error)
            advice = (
                f"The host is there and nothing listens at {self.endpoint.port}: is that the cache's port?"
                if refused
                else "This network has no way to that address."
            )
            raise Ill("refused" if refused else "unreachable", str(error), advice) from error
        sock.close()
        return f"{address[0]}:{address[1]} accepts connections"

    def tls(self) -> str:
        """Whether the port speaks TLS, or plain text, as the endpoint says."""
        return self._with_tls() if self.endpoint.tls else self._without_tls()

    def _open(self) -> tuple[socket.socket, Address]:
        return open_socket(self.addresses, Deadline(QUESTION_SECONDS))

    def _with_tls(self) -> str:
        sock, _ = self._open()
        context = tls_context(self.endpoint.ca_file)
        try:
            secured = start_tls(sock, self.endpoint.host, context, Deadline(QUESTION_SECONDS))
        except CacheError as error:
            raise self._tls_failure(error) from error
        with secured:
            return f"{secured.version()}, the certificate is for {self.endpoint.host}"

    def _tls_failure(self, error: CacheError) -> Ill:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _WRONG_NAME:
                advice = (
                    "Connect by the name that AWS gave the cache, not by an address or an alias of your own."
                )
                return Ill("tls-name", str(error), advice)
            advice = "The certificate authority is not trusted: see CACHE_CA_FILE."
            return Ill("tls-untrusted", str(error), advice)
        said = self._plain_answer()
        if said:
            advice = "The cache has no encryption in transit, and the client expects it: set tls to what the cache has."
            return Ill("tls-not-spoken", f"the port speaks plain text: {said!r}", advice)
        return Ill("tls-not-spoken", str(error), "The port does not complete a TLS handshake.")

    def _without_tls(self) -> str:
        said = self._plain_answer()
        if said:
            self.understand(said)
            return f"plain text, as expected: {said[:40]!r}"
        sock, _ = self._open()
        context = ssl.create_default_context()
        # Only whether TLS is spoken at all.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            start_tls(sock, self.endpoint.host, context, Deadline(QUESTION_SECONDS)).close()
        except CacheError as error:
            advice = f"The port neither speaks plain {self.engine} nor TLS."
            greeting = self.greeting.decode().strip()
            raise Ill(
                f"not-{self.engine.lower()}", f"no answer to {greeting}, no TLS: {error}", advice
            ) from error
        advice = "The cache has encryption in transit, and this client speaks plain text: set tls to true."
        raise Ill("tls-expected", "the port speaks TLS, not plain text", advice)

    def _plain_answer(self) -> bytes:
        """What the port says to the greeting without TLS; empty for silence or a closed connection."""
        answer = self.answer_to(self.greeting, secured=False)
        return b"" if answer.startswith(b"\x15") else answer  # 0x15: a TLS alert

    def answer_to(self, question: bytes, secured: bool | None = None) -> bytes:
        """What is said to a question, with TLS as the endpoint has it; empty for silence or a closed connection."""
        try:
            sock, _ = self._open()
            if self.endpoint.tls if secured is None else secured:
                context = tls_context(self.endpoint.ca_file)
                sock = start_tls(sock, self.endpoint.host, context, Deadline(_ANSWER_SECONDS))
            with sock:
                sock.settimeout(_ANSWER_SECONDS)
                sock.sendall(question)
                return sock.recv(200)
        except (OSError, CacheError):
            return b""


DROPPED_ADVICE = (
    "Silence means that a security group or a missing route drops the packets: this client must be in the "
    "cache's VPC (or have a route to it) and in the client group that the cache admits at this port."
)
