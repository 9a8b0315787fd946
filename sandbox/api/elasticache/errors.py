"""Refusals, with the codes of the service and, where public reports show them, its words.

Where the service's own words are known they come first, and what helps the person stands behind in brackets.
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class Refusal(ServiceException):
    """An error answer: `code` as the service's model names it, and a message."""


def invalid_value(message: str) -> Refusal:
    """A value that is wrong by itself."""
    return Refusal("InvalidParameterValue", message)


def invalid_combination(message: str) -> Refusal:
    """Values that do not go together."""
    return Refusal("InvalidParameterCombination", message)


def not_modelled(what: str) -> NotImplementedError:
    """Something the service can do and this sandbox cannot: said, never ignored. The server answers 501."""
    return NotImplementedError(f"{what} is not modelled by the sandbox")


def group_not_found(name: str) -> Refusal:
    """No such replication group."""
    return Refusal("ReplicationGroupNotFoundFault", f"ReplicationGroup {name} not found.")


def cluster_not_found(name: str) -> Refusal:
    """No such cache cluster."""
    return Refusal("CacheClusterNotFound", f"CacheCluster not found: {name}")


def wrong_state(kind: str, name: str, status: str) -> Refusal:
    """The cache is busy with something else. `kind` is the record's type."""
    if kind == "replication-group":
        return Refusal(
            "InvalidReplicationGroupState", f"Replication group {name} is {status}, not available."
        )
    return Refusal("InvalidCacheClusterState", f"Cache cluster {name} is {status}, not available.")
