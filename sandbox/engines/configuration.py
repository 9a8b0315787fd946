"""The configuration of one node, as text for the server's standard input."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import access

PORT_MOST = 65535
# Taken at start only; every other parameter is set on the running server.
STARTUP_PARAMETERS = ("databases",)
CERTIFICATE, KEY, AUTHORITY, SOCKET = "node.crt", "node.key", "authority.crt", "admin.sock"


@dataclass(frozen=True)
class Secrets:
    """Passwords of the sandbox's own users, one pair per cache."""

    admin: str = field(repr=False)
    replication: str = field(repr=False)


@dataclass(frozen=True)
class NodeConfiguration:
    """What a node needs to know when it starts."""

    directory: str
    address: str
    port: int
    transit_encryption: str
    secrets: Secrets
    server_version: tuple[int, int, int]
    auth_tokens: tuple[str, ...] = field(repr=False)
    parameters: dict[str, str]
    maxmemory_bytes: int
    master: tuple[str, int] | None
    master_uses_tls: bool
    database_file: str
    fronted: bool = False

    def text(self) -> str:
        """The directives; piped to the server, never written to a file."""
        lines = [*self._storage(), *self._listeners(), *self._users(), *self._replication()]
        lines += [
            f'{name} "{self.parameters[name]}"' for name in STARTUP_PARAMETERS if name in self.parameters
        ]
        return "\n".join(lines) + "\n"

    def _storage(self) -> list[str]:
        return [
            f'dir "{self.directory}"',
            f'dbfilename "{self.database_file}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            f"maxmemory {self.maxmemory_bytes}",
        ]

    @property
    def inner_ports(self) -> tuple[int, int]:
        """(plain, TLS): where the server listens; 0 for not at all. A front has the port itself."""
        plain, tls = self.port, self.port
        if self.fronted:
            step = 1 if self.port < PORT_MOST - 1 else -1
            plain, tls = self.port + step, self.port + 2 * step
        served = {"off": (plain, 0), "required": (0, tls), "preferred": (plain, tls)}
        return served[self.transit_encryption]

    def _listeners(self) -> list[str]:
        plain, tls = self.inner_ports
        return [
            f"bind {self.address}",
            "protected-mode no",
            f"port {plain}",
            f"tls-port {tls}",
            f'tls-cert-file "{self.directory}/{CERTIFICATE}"',
            f'tls-key-file "{self.directory}/{KEY}"',
            f'tls-ca-cert-file "{self.directory}/{AUTHORITY}"',
            "tls-auth-clients no",
            f'unixsocket "{self.directory}/{SOCKET}"',
            "unixsocketperm 700",
        ]

    def _users(self) -> list[str]:
        rules = {
            "default": access.client_rules(self.auth_tokens, self.server_version),
            access.ADMIN_USER: access.admin_rules(self.secrets.admin),
            access.REPLICATION_USER: access.replication_rules(self.secrets.replication),
        }
        return [f"user {name} {' '.join(words)}" for name, words in rules.items()]

    def _replication(self) -> list[str]:
        lines = [
            f"masteruser {access.REPLICATION_USER}",
            f"masterauth {self.secrets.replication}",
            f"tls-replication {'yes' if self.master_uses_tls else 'no'}",
            # By file, as a primary sends nothing after a diskless transfer until the replica's next report, up to 1 s.
            "repl-diskless-sync no",
            "repl-ping-replica-period 1",
            "repl-timeout 10",
            f"replica-announce-ip {self.address}",
            f"replica-announce-port {self.port}",
        ]
        if self.server_version >= (7, 0, 0):
            lines.append(f"bind-source-addr {self.address}")  # a machine of several addresses, as loopback
        return lines + ([f"replicaof {self.master[0]} {self.master[1]}"] if self.master else [])
