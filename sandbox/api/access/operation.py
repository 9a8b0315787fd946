"""One call of the API, as the tables of permissions see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .matching import NotEvaluated


@dataclass(frozen=True)
class Operation:
    """The service as botocore names it, the operation, its parameters, and where."""

    service: str
    name: str
    parameters: Mapping[str, Any]
    account_id: str
    region: str

    def arn(self, resource: str, service: str | None = None) -> str:
        """An ARN of this account and region."""
        return f"arn:aws:{service or self.service}:{self.region}:{self.account_id}:{resource}"

    def of(self, name: str, default: str = "*") -> str:
        """A parameter, or what stands for one that was left out."""
        return self.parameters.get(name) or default

    def unknown(self) -> NotEvaluated:
        """The refusal of an operation that is not in the tables."""
        called = f"{self.service}:{self.name}"
        return NotEvaluated(
            f"the sandbox does not model which permissions {called} needs, so no role may call it"
        )
