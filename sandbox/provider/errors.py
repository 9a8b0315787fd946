"""What can go wrong in the provider, each as one line for the person who runs `up`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

_GONE = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist|^404$", re.IGNORECASE)
_IN_USE = {
    "DependencyViolation",
    "DeleteConflict",
    "InvalidNetworkInterface.InUse",
    "CacheSubnetGroupInUse",
    "InvalidCacheParameterGroupState",
    "InvalidReplicationGroupState",
    "InvalidCacheClusterState",
    "InvalidParameterGroupState",
    "ResourceConflictException",
    "ResourceInUseException",
    "OperationAborted",
}


class ProviderError(Exception):
    """A refusal or failure worth one line, without a traceback."""


FAILURES = (ProviderError, ClientError, BotoCoreError, OSError)
"""What the API and the machine may answer; anything else is a fault of this program."""


class PartlyCreated(ProviderError):
    """A resource exists but could not be finished, nor removed again: it must be kept in the state."""

    def __init__(self, message: str, resource_id: str, properties: Mapping[str, object]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.properties = dict(properties)
        self.reasons = [message]


def is_gone(exc: Exception) -> bool:
    """Whether the API says that the thing asked for does not exist."""
    return isinstance(exc, ClientError) and bool(_GONE.search(_code(exc)))


def is_in_use(exc: Exception) -> bool:
    """Whether a deletion was refused only because something still uses the resource."""
    return isinstance(exc, ClientError) and _code(exc).removesuffix("Fault") in _IN_USE


def one_line(exc: BaseException, secrets: Iterable[str] = ()) -> str:
    """The error as AWS's code and message with the operation's name; secret values are masked."""
    if isinstance(exc, ClientError):
        error = exc.response.get("Error", {})
        text = f"{exc.operation_name}: {error.get('Code', 'Unknown')}: {error.get('Message', '')}"
    elif isinstance(exc, ParamValidationError):
        text = f"the request is not valid: {exc.kwargs.get('report', exc)}"
    elif isinstance(exc, BotoCoreError):
        text = f"{type(exc).__name__}: {exc}"
    elif isinstance(exc, (ProviderError, OSError)):
        text = str(exc)
    else:
        text = f"{type(exc).__name__}: {exc}"
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, "[secret]")
    return " ".join(text.split())


def _code(exc: ClientError) -> str:
    return str(exc.response.get("Error", {}).get("Code", ""))
