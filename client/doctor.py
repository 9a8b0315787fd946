"""Why it does not work: one question after the other, from the name to a write, and the cause where one says no.

Each question has a deadline of its own, so that the whole takes at most 3 s even when nothing answers.
"""

from __future__ import annotations

import socket
import ssl
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import redis

from .connecting import open_socket, start_tls, tls_context
from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused, CacheUnreachable, DeadlineExceeded
from .names import Address, Names, Resolver, system_resolver
from .redis_connection import RedisConnection, ServerError

_QUESTION_SECONDS = 0.9
_ANSWER_SECONDS = 0.5


@dataclass(frozen=True)
class Finding:
    """The answer to one question. `cause` is a word for a program, empty when all is well; `advice` is for a person."""

    question: str
    answer: str
    cause: str = ""
    advice: str = ""


class _Ill(Exception):
    """The cause is found."""

    def __init__(self, cause: str, answer: str, advice: str) -> None:
        super().__init__(answer)
        self.cause, self.answer, self.advice = cause, answer, advice


def examine(endpoint: Endpoint, resolver: Resolver = system_resolver) -> Iterator[Finding]:
    """Ask until one answer names the cause; without any, the last finding is a write that worked.

    Causes: name-unknown, name-slow, dropped, refused, unreachable, tls-expected, tls-not-spoken, tls-name,
    tls-untrusted, wrong-token, token-missing, token-unexpected, memcached, configuration-endpoint, not-redis,
    reader, write-refused.
    """
    patient = _Patient(endpoint, resolver)
    questions = {
        "Does the name resolve?": patient.name,
        "Does the port answer?": patient.port,
        "Is TLS as expected?": patient.tls,
        "Is it let in?": patient.login,
        "Is it the primary?": patient.role,
        "Does a write come back?": patient.write,
    }
    try:
        for question, ask in questions.items():
            try:
                yield Finding(question, ask())
            except _Ill as ill:
                yield Finding(question, ill.answer, ill.cause, ill.advice)
                return
    finally:
        if patient.connection is not None:
            patient.connection.close()


class _Patient:
    def __init__(self, endpoint: Endpoint, resolver: Resolver) -> None:
        self.endpoint = endpoint
        self.connection: RedisConnection | None = None
        self._names = Names(resolver)
        self._addresses: list[Address] = []

    def name(self) -> str:
        host = self.endpoint.host
        try:
            self._addresses = self._names.look_up(host, self.endpoint.port, Deadline(_QUESTION_SECONDS))
        except DeadlineExceeded as error:
            raise _Ill(
                "name-slow", str(error), "The resolver does not answer: check the VPC's DNS settings."
            ) from error
        except CacheUnreachable as error:
            advice = (
                "ElastiCache names resolve everywhere once the cache exists: check the spelling and the region, and "
                "that the VPC has DNS support; a replaced cache has a new name, which its connection parameter holds."
            )
            raise _Ill("name-unknown", str(error), advice) from error
        return f"{host} is {', '.join(address for address, _ in self._addresses)}"

    def port(self) -> str:
        try:
            sock, address = self._open()
        except DeadlineExceeded as error:
            advice = (
                "Silence means that a security group or a missing route drops the packets: this client must be in the "
                "cache's VPC (or have a route to it) and in the client group that the cache admits at this port."
            )
            raise _Ill("dropped", str(error), advice) from error
        except CacheUnreachable as error:
            refused = "refused" in str(error)
            advice = (
                f"The host is there and nothing listens at {self.endpoint.port}: is that the cache's port?"
                if refused
                else "This network has no way to that address."
            )
            raise _Ill("refused" if refused else "unreachable", str(error), advice) from error
        sock.close()
        return f"{address[0]}:{address[1]} accepts connections"

    def tls(self) -> str:
        return self._with_tls() if self.endpoint.tls else self._without_tls()

    def login(self) -> str:
        endpoint = self.endpoint
        context = tls_context(endpoint.ca_file) if endpoint.tls else None
        try:
            self.connection = RedisConnection.open(
                endpoint.host, self._addresses, context, endpoint.auth_token, Deadline(_QUESTION_SECONDS)
            )
        except CacheRefused as error:
            raise self._refused(error) from error
        except CacheError as error:
            raise _Ill(
                "not-redis", str(error), "What listens there does not answer as Redis does."
            ) from error
        return "yes" + (" with the token" if endpoint.auth_token else ", no token is asked for")

    def role(self) -> str:
        role = self._connected().role
        if role == "slave":
            advice = (
                "Writes go to the primary: use the primary's endpoint (master.…). If this is it, a failover is under "
                "way, or this machine remembers an old address."
            )
            raise _Ill("reader", f"{self.endpoint.host} leads to a replica", advice)
        return f"the node says {role or 'nothing about its role'}"

    def write(self) -> str:
        key = f"doctor:{uuid.uuid4().hex}"
        deadline = Deadline(_QUESTION_SECONDS)
        try:
            replies = self._connected().call_all(
                [("SET", key, "x", "PX", 5000), ("GET", key), ("DEL", key)], deadline
            )
        except redis.RedisError as error:
            raise _Ill(
                "write-refused", f"{type(error).__name__}: {error}", "The connection broke at a write."
            ) from error
        for reply in replies:
            if isinstance(reply, ServerError):
                raise _Ill(
                    "write-refused", str(reply), _WRITE_ADVICE.get(reply.code, "The server's words say why.")
                )
        return "set, read and deleted"

    def _connected(self) -> RedisConnection:
        if self.connection is None:
            raise RuntimeError("login comes before this")
        return self.connection

    def _open(self) -> tuple[socket.socket, Address]:
        return open_socket(self._addresses, Deadline(_QUESTION_SECONDS))

    def _with_tls(self) -> str:
        sock, _ = self._open()
        try:
            secured = start_tls(
                sock, self.endpoint.host, tls_context(self.endpoint.ca_file), Deadline(_QUESTION_SECONDS)
            )
        except CacheError as error:
            raise self._tls_failure(error) from error
        with secured:
            return f"{secured.version()}, the certificate is for {self.endpoint.host}"

    def _tls_failure(self, error: CacheError) -> _Ill:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
                advice = (
                    "Connect by the name that AWS gave the cache, not by an address or an alias of your own."
                )
                return _Ill("tls-name", str(error), advice)
            return _Ill(
                "tls-untrusted", str(error), "The certificate authority is not trusted: see CACHE_CA_FILE."
            )
        said = self._plain_answer()
        if said:
            advice = "The cache has no encryption in transit, and the client expects it: set tls to what the cache has."
            return _Ill("tls-not-spoken", f"the port speaks plain text: {said!r}", advice)
        return _Ill("tls-not-spoken", str(error), "The port does not complete a TLS handshake.")

    def _without_tls(self) -> str:
        said = self._plain_answer()
        if said.startswith((b"ERROR", b"CLIENT_ERROR")):
            raise _Ill("memcached", f"the answer is {said!r}", "That is Memcached; the endpoint says Redis.")
        if said:
            return f"plain text, as expected: {said[:40]!r}"
        sock, _ = self._open()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = (
            False,
            ssl.CERT_NONE,
        )  # only whether TLS is spoken at all
        try:
            start_tls(sock, self.endpoint.host, context, Deadline(_QUESTION_SECONDS)).close()
        except CacheError as error:
            advice = "The port neither speaks plain Redis nor TLS."
            raise _Ill("not-redis", f"no answer to PING, no TLS: {error}", advice) from error
        advice = "The cache has encryption in transit, and this client speaks plain text: set tls to true."
        raise _Ill("tls-expected", "the port speaks TLS, not plain text", advice)

    def _plain_answer(self) -> bytes:
        """What the port says to a PING without TLS; empty for silence or a closed connection."""
        try:
            sock, _ = self._open()
            with sock:
                sock.settimeout(_ANSWER_SECONDS)
                sock.sendall(b"PING\r\n")
                answer = sock.recv(200)
        except (OSError, CacheError):
            return b""
        return b"" if answer.startswith(b"\x15") else answer  # 0x15: a TLS alert

    def _refused(self, error: CacheRefused) -> _Ill:
        if error.code == "WRONGPASS":
            advice = (
                "The token was rotated, or belongs to another cache: read the connection parameter again."
            )
            return _Ill("wrong-token", str(error), advice)
        if error.code == "NOAUTH":
            return _Ill(
                "token-missing", str(error), "The cache asks for a token: name its connection parameter."
            )
        if error.code == "PROTOCOL":
            said = str(error)
            if "ERROR" in said:
                return _Ill("memcached", said, "That is Memcached; the endpoint says Redis.")
            return _Ill("not-redis", said, "What listens there does not answer as Redis does.")
        if "without any password" in str(error):
            return _Ill("token-unexpected", str(error), "The cache has no token: connect without one.")
        return _Ill("not-redis", str(error), "The server's words say why.")


_WRITE_ADVICE = {
    "OOM": "The memory is full and the policy evicts nothing: a larger node type, or another maxmemory-policy.",
    "READONLY": "This node is a replica: use the primary's endpoint.",
    "NOPERM": "The user may not write: see its access string.",
}
