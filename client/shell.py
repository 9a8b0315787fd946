"""The engine's own command line, opened on this cache: `cache-cli` on an instance.

Host, port, TLS and token are filled in; the token goes through the environment, as arguments are in the process
list. Further arguments are passed on; `--reader` as the first one opens the reader endpoint. Memcached has no such
program: there it is memcached_shell.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from .endpoint import Endpoint
from .errors import InvalidEndpoint
from .exits import exit_with

PROGRAMS = ("valkey-cli", "redis6-cli", "redis-cli")
"""Amazon Linux 2023 calls Redis 6's redis6-cli; any of them speaks to any of the engines."""


def shell_command(
    endpoint: Endpoint, arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The words and the environment of the program to start. Raises InvalidEndpoint when there is none."""
    further = list(arguments)
    host = endpoint.host
    if further[:1] == ["--reader"]:
        if endpoint.reader_host is None:
            raise InvalidEndpoint("this cache has no reader endpoint")
        host = endpoint.reader_host
        further = further[1:]
    found = (shutil.which(name, path=environment.get("PATH")) for name in PROGRAMS)
    program = next((path for path in found if path), None)
    if program is None:
        raise InvalidEndpoint(f"none of {', '.join(PROGRAMS)} is installed; try: sudo dnf install redis6")
    words = [program, "-h", host, "-p", str(endpoint.port)]
    if endpoint.tls:
        words += ["--tls", "--sni", host]
        if endpoint.ca_file is not None:
            words += ["--cacert", endpoint.ca_file]
    token = {} if endpoint.auth_token is None else {"REDISCLI_AUTH": endpoint.auth_token}
    return [*words, *further], {**environment, **token}


def main() -> None:
    """Open the engine's command line."""
    exit_with(_run)


def _run() -> int:
    endpoint, arguments = Endpoint.from_environment(), sys.argv[1:]
    if endpoint.engine == "memcached":
        from .memcached_shell import open_shell

        return open_shell(endpoint, arguments)
    return _become(endpoint, arguments)


def _become(endpoint: Endpoint, arguments: Sequence[str]) -> NoReturn:
    words, environment = shell_command(endpoint, arguments, os.environ)
    os.execve(words[0], words, environment)  # noqa: S606 - it takes this process's place, and needs no shell


if __name__ == "__main__":
    main()
