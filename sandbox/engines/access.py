"""Who may do what on a node: the clients' user as ElastiCache restricts it, and two users of the sandbox.

ElastiCache answers a restricted command with `ERR unknown command`; an ACL answers `NOPERM`. The commands
cannot be renamed away instead, as replication itself needs PSYNC. Clients must take either as a refusal.
"""

from __future__ import annotations

import hashlib

# ElastiCache guide, "Supported and restricted commands" (26 entries, read 2026-11-21); `addslot` and
# `delslot` there are `addslots` and `delslots` in the engines.
RESTRICTED = (
    *("acl|setuser", "acl|load", "acl|save", "acl|deluser", "bgrewriteaof", "bgsave"),
    *("cluster|addslots", "cluster|addslotsrange", "cluster|bumpepoch", "cluster|delslots"),
    *("cluster|delslotsrange", "cluster|failover", "cluster|flushslots", "cluster|forget", "cluster|links"),
    *("cluster|meet", "cluster|setslot", "config", "debug", "migrate", "psync", "replicaof", "save"),
    *("slaveof", "shutdown", "sync"),
)
# Not on the service's list, but they would change roles behind the sandbox's back or load code into it.
RESTRICTED_HERE = ("failover", "module")
# Before 7.0 a subcommand cannot be taken away, only given: refuse the command, give what is harmless.
HARMLESS_SUBCOMMANDS = {
    "acl": ("cat", "genpass", "getuser", "help", "list", "log", "users", "whoami"),
    "cluster": ("countkeysinslot", "getkeysinslot", "help", "info", "keyslot", "myid", "nodes", "slots"),
}

ADMIN_USER = "sandbox-admin"
REPLICATION_USER = "sandbox-replication"


def password_rules(tokens: tuple[str, ...]) -> list[str]:
    """The ACL rules that make exactly these tokens valid; hashed, so that no file or command holds one."""
    if not tokens:
        return ["nopass"]
    return ["resetpass", *(_hashed(token) for token in tokens)]


def client_rules(tokens: tuple[str, ...], server_version: tuple[int, int, int]) -> list[str]:
    """The rules of the `default` user: everything but what the service restricts."""
    return ["on", *password_rules(tokens), "~*", "&*", "+@all", *restrictions(server_version)]


def restrictions(server_version: tuple[int, int, int]) -> list[str]:
    """The restricted commands as ACL rules this server understands."""
    names = RESTRICTED + RESTRICTED_HERE
    if server_version >= (7, 0, 0):
        return [f"-{name}" for name in names]
    plain = [f"-{name}" for name in names if "|" not in name]
    for command, subcommands in HARMLESS_SUBCOMMANDS.items():
        plain += [f"-{command}", *(f"+{command}|{subcommand}" for subcommand in subcommands)]
    return plain


def admin_rules(password: str) -> list[str]:
    """The sandbox's own user, reached over a Unix socket; its password is random and known to the sandbox only."""
    return ["on", _hashed(password), "~*", "&*", "+@all"]


def replication_rules(password: str) -> list[str]:
    """The user replicas log in as, so that a rotated token never cuts replication."""
    return ["on", _hashed(password), "+psync", "+replconf", "+ping"]


def _hashed(password: str) -> str:
    return "#" + hashlib.sha256(password.encode()).hexdigest()
