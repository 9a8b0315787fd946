"""What a doctor asks of Redis and Valkey: the login, the role and a write."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

import redis

from .connecting import tls_context
from .deadline import Deadline
from .diagnosis import QUESTION_SECONDS, Ill, Patient
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused
from .memcached_discovery import ask
from .names import Resolver
from .redis_connection import RedisConnection, ServerError


class RedisPatient(Patient):
    """A Redis or Valkey cache under examination."""

    engine = "Redis"
    greeting = b"PING\r\n"

    def __init__(self, endpoint: Endpoint, resolver: Resolver) -> None:
        super().__init__(endpoint, resolver)
        self._connection: RedisConnection | None = None

    def questions(self) -> Mapping[str, Callable[[], str]]:
        return {
            "Does the name resolve?": self.name,
            "Does the port answer?": self.port,
            "Is TLS as expected?": self.tls,
            "Is it let in?": self.login,
            "Is it the primary?": self.role,
            "Does a write come back?": self.write,
        }

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def understand(self, said: bytes) -> None:
        if said.startswith((b"ERROR", b"CLIENT_ERROR")):
            raise self._memcached(f"the answer is {said!r}")

    def login(self) -> str:
        """Whether the token is right, where there is one."""
        endpoint = self.endpoint
        context = tls_context(endpoint.ca_file) if endpoint.tls else None
        deadline = Deadline(QUESTION_SECONDS)
        try:
            self._connection = RedisConnection.open(
                endpoint.host, self.addresses, context, endpoint.auth_token, deadline
            )
        except CacheRefused as error:
            raise self._refused(error) from error
        except CacheError as error:
            raise self._kept_out(error) from error
        return "yes" + (" with the token" if endpoint.auth_token else ", no token is asked for")

    def role(self) -> str:
        """Whether the endpoint leads to a primary."""
        role = self._connected().role
        if role == "slave":
            advice = (
                "Writes go to the primary: use the primary's endpoint (master.…). If this is it, a failover is under "
                "way, or this machine remembers an old address."
            )
            raise Ill("reader", f"{self.endpoint.host} leads to a replica", advice)
        return f"the node says {role or 'nothing about its role'}"

    def write(self) -> str:
        """Whether a value can be set, read and deleted."""
        key = f"doctor:{uuid.uuid4().hex}"
        deadline = Deadline(QUESTION_SECONDS)
        commands = [("SET", key, "x", "PX", 5000), ("GET", key), ("DEL", key)]
        try:
            replies = self._connected().call_all(commands, deadline)
        except redis.RedisError as error:
            answer = f"{type(error).__name__}: {error}"
            raise Ill("write-refused", answer, "The connection broke at a write.") from error
        for reply in replies:
            if isinstance(reply, ServerError):
                advice = _WRITE_ADVICE.get(reply.code, "The server's words say why.")
                raise Ill("write-refused", str(reply), advice)
        return "set, read and deleted"

    def _connected(self) -> RedisConnection:
        if self._connection is None:
            raise RuntimeError("login comes before this")
        return self._connection

    def _memcached(self, said: str) -> Ill:
        """Memcached where Redis was expected; with Auto Discovery it is a cluster's configuration endpoint."""
        endpoint = self.endpoint
        context = tls_context(endpoint.ca_file) if endpoint.tls else None
        deadline = Deadline(QUESTION_SECONDS)
        try:
            found = ask((endpoint.host, endpoint.port), context, self.names, deadline)
        except CacheError:
            return Ill("memcached", said, "That is Memcached; the endpoint says Redis.")
        answer = f"it answers Auto Discovery: a Memcached cluster of {len(found.nodes)} nodes"
        advice = (
            "That is the configuration endpoint of a Memcached cluster, which holds no data of its own: set engine "
            "to memcached, and the client spreads the keys over the nodes."
        )
        return Ill("configuration-endpoint", answer, advice)

    @staticmethod
    def _kept_out(error: CacheError) -> Ill:
        """No word about the token: the node has no connection left, is held up, or is no Redis."""
        if "max number of clients" in str(error):
            advice = (
                "The node has given all its connections (maxclients): look for clients that open many, or never "
                "close them; CurrConnections in CloudWatch counts them."
            )
            return Ill("full", str(error), advice)
        if "BUSY" in str(error):
            advice = "A script holds everything else up: SCRIPT KILL ends it, if it has written nothing."
            return Ill("busy", str(error), advice)
        return Ill("not-redis", str(error), "What listens there does not answer as Redis does.")

    def _refused(self, error: CacheRefused) -> Ill:
        if error.code == "WRONGPASS":
            advice = (
                "The token was rotated, or belongs to another cache: read the connection parameter again."
            )
            return Ill("wrong-token", str(error), advice)
        if error.code == "NOAUTH":
            advice = "The cache asks for a token: name its connection parameter."
            return Ill("token-missing", str(error), advice)
        if error.code == "PROTOCOL":
            said = self.answer_to(b"version\r\n")
            if said.startswith(b"VERSION"):
                return self._memcached(f"the answer is {said!r}")
            return Ill("not-redis", str(error), "What listens there does not answer as Redis does.")
        if "without any password" in str(error):
            return Ill("token-unexpected", str(error), "The cache has no token: connect without one.")
        return Ill("not-redis", str(error), "The server's words say why.")


_WRITE_ADVICE = {
    "OOM": "The memory is full and the policy evicts nothing: a larger node type, or another maxmemory-policy.",
    "READONLY": "This node is a replica: use the primary's endpoint.",
    "LOADING": "The node has restarted and reads its data: try again soon.",
    "NOPERM": "The user may not write: see its access string.",
}
