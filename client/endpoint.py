"""Where a cache is and how to connect to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import InvalidEndpoint

ENGINES = ("redis", "valkey", "memcached")


@dataclass(frozen=True)
class Endpoint:
    """Engine, names, port, TLS and token of one cache; frozen, and its repr hides the token.

    `parameter` and `region` remember the Parameter Store entry it came from, so that a client can read it again
    when the token was rotated or the cache replaced. Raises InvalidEndpoint with every problem in one message.
    """

    engine: str
    host: str
    port: int
    tls: bool = True
    reader_host: str | None = None
    auth_token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    parameter: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise InvalidEndpoint("the endpoint cannot be used: " + "; ".join(problems))

    @property
    def address(self) -> str:
        """`host:port` of the primary, or of the configuration endpoint."""
        return f"{self.host}:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Endpoint:
        """Read CACHE_PARAMETER, or CACHE_ENGINE, CACHE_HOST, CACHE_READER_HOST, CACHE_PORT, CACHE_TLS.

        CACHE_CA_FILE names the trusted certificates, CACHE_AUTH_FILE a file with the token; a token is never
        taken from a variable, as processes of the same user and crash reports can read those.
        """
        from .sources import from_environment

        return from_environment(environment)

    @classmethod
    def from_parameter(cls, name: str, region: str | None = None) -> Endpoint:
        """Read the connection parameter (a SecureString of JSON) from AWS Systems Manager, decrypted.

        Waits at most 2 s for the connection and 5 s for an answer, twice. Raises InvalidEndpoint,
        CacheUnreachable or CacheRefused (code AWS).
        """
        from .sources import from_parameter

        return from_parameter(name, region)

    @classmethod
    def from_stack_outputs(cls, outputs: Mapping[str, Any]) -> Endpoint:
        """Take it from the stack's outputs. They hold no token; `refreshed()` reads it where they name a parameter."""
        from .sources import from_stack_outputs

        return from_stack_outputs(outputs)

    def refreshed(self) -> Endpoint:
        """The same cache as its parameter describes it now; itself when it came from no parameter."""
        if self.parameter is None:
            return self
        fresh = type(self).from_parameter(self.parameter, self.region)
        return replace(fresh, ca_file=self.ca_file)


def _problems(endpoint: Endpoint) -> list[str]:
    problems = _engine_problems(endpoint.engine) + _host_problems("host", endpoint.host)
    if endpoint.reader_host is not None:
        problems += _host_problems("reader_host", endpoint.reader_host)
    port: Any = endpoint.port  # whoever read it from a file may have given anything
    tls: Any = endpoint.tls
    if isinstance(port, bool) or not isinstance(port, int):
        problems.append(f"port: must be a whole number, got {port!r}")
    elif not 1 <= port <= 65535:
        problems.append(f"port: must be 1-65535, got {port}")
    if not isinstance(tls, bool):
        problems.append(f"tls: must be true or false, got {tls!r}")
    return problems + _token_problems(endpoint.auth_token)


def _engine_problems(engine: Any) -> list[str]:
    if engine in ENGINES:
        return []
    from difflib import get_close_matches

    near = get_close_matches(str(engine).lower(), ENGINES, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return [f"engine: must be one of {', '.join(ENGINES)}, got {engine!r}{hint}"]


def _host_problems(name: str, host: Any) -> list[str]:
    if not isinstance(host, str) or not host:
        return [f"{name}: must be a name or an address, got {host!r}"]
    if "://" in host:
        return [f"{name}: must be a bare name without a scheme, got {host!r}"]
    if host.count(":") == 1:
        return [f"{name}: must be without the port, which has a field of its own, got {host!r}"]
    if any(character in "/@?#[]" or not character.isprintable() or character.isspace() for character in host):
        return [f"{name}: must be a name or an address, got {host!r}"]
    return []


def _token_problems(token: Any) -> list[str]:
    # The value itself is never shown, not even a wrong one.
    if token is None or (isinstance(token, str) and token and token.isprintable() and " " not in token):
        return []
    return ["auth_token: must be printable text without spaces"]
