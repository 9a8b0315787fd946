"""Whether a caller may do what a call needs: its identity policies, and the policy of the resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import policies
from .policies import ALLOW, DENY

if TYPE_CHECKING:
    from ..context import Context

IDENTITY, BOUNDARY, SESSION, RESOURCE = (
    "identity-based policy",
    "permissions boundary",
    "session policy",
    "resource-based policy",
)


@dataclass(frozen=True)
class Need:
    """One action on one resource ("*" where it has none), with what only this need knows for its conditions.

    `policy` is the resource's own; `only_by_policy` marks a key, whose policy must let the caller or its account in.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    policy: str | None = None
    only_by_policy: bool = False


@dataclass(frozen=True)
class Caller:
    """A session of a role."""

    role_arn: str
    session: str
    account_id: str
    region: str
    session_policy: str | None = None

    @property
    def arn(self) -> str:
        """The session's ARN, as AWS's messages name it."""
        name = self.role_arn.rpartition("/")[2]
        return f"arn:aws:sts::{self.account_id}:assumed-role/{name}/{self.session}"


class Denied(Exception):
    """A need that no policy allows, or that one denies; the message is AWS's."""

    def __init__(self, caller: str, need: Need, why: str) -> None:
        self.need = need
        on = f" on resource: {need.resource}" if need.resource != "*" else ""
        super().__init__(f"User: {caller} is not authorized to perform: {need.action}{on} {why}")


class Access:
    """The policies of one sandbox's account."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def caller(self, role_arn: str, session: str, region: str | None = None) -> Caller:
        """A service that acts in a role: the agent on an instance, Lambda for a function."""
        return Caller(role_arn, session, self._context.account_id, region or self._context.region)

    def allows(self, caller: Caller, *needs: Need) -> bool:
        """Whether all of it is allowed."""
        try:
            self.require(caller, *needs)
        except Denied:
            return False
        return True

    def require(self, caller: Caller, *needs: Need, secure: bool = True) -> None:
        """Raises Denied for the first need that is not allowed, NotEvaluated where the sandbox cannot tell."""
        layers = dict(_layers(caller))
        for need in needs:
            context = {**_context(caller, secure), **need.context}
            _decide(caller, need, context, layers)


def public_allows(policy: str | None, need: Need) -> bool:
    """Whether a resource's own policy lets everybody do it."""
    found = [
        statement
        for statement in (policies.statements(policy) if policy else [])
        if policies.applies(statement, need.action, need.resource, need.context)
        and policies.names_principal(statement, {})
    ]
    effects = {statement["Effect"] for statement in found}
    return effects == {"Allow"}


def _decide(caller: Caller, need: Need, context: Mapping[str, str], layers: Mapping[str, list[str]]) -> None:
    own = {
        name: policies.verdict(documents, need.action, need.resource, context)
        for name, documents in layers.items()
    }
    denied, direct, delegated = _of_resource(caller, need, context)
    denying = [name for name, verdict in own.items() if verdict == DENY] or ([RESOURCE] if denied else [])
    if denying:
        article = "an" if denying[0] == IDENTITY else "a"
        raise Denied(caller.arn, need, f"with an explicit deny in {article} {denying[0]}")
    if need.only_by_policy and not (direct or delegated):
        raise Denied(caller.arn, need, f"because no {RESOURCE} allows the {need.action} action")
    for name, verdict in own.items():
        if verdict != ALLOW and not (direct and name == IDENTITY):
            raise Denied(caller.arn, need, f"because no {name} allows the {need.action} action")


def _of_resource(caller: Caller, need: Need, context: Mapping[str, str]) -> tuple[bool, bool, bool]:
    """Whether the resource's policy denies the caller, lets it in by itself, or leaves it to its account."""
    root = f"arn:aws:iam::{caller.account_id}:root"
    account = (root, caller.account_id)
    itself = (caller.role_arn, caller.arn)
    found = [
        statement
        for statement in (policies.statements(need.policy) if need.policy else [])
        if policies.applies(statement, need.action, need.resource, context)
    ]
    denied = any(_names(one, (*itself, *account)) for one in found if one["Effect"] == "Deny")
    allowing = [statement for statement in found if statement["Effect"] == "Allow"]
    return denied, any(_names(one, itself) for one in allowing), any(_names(one, account) for one in allowing)


def _names(statement: Mapping[str, Any], principals: tuple[str, ...]) -> bool:
    return policies.names_principal(statement, {"AWS": principals})


def _layers(caller: Caller) -> Iterator[tuple[str, list[str]]]:
    """The caller's policies by kind; each kind must allow."""
    from moto.iam.models import iam_backends

    backend = iam_backends[caller.account_id]["aws"]
    role = next((one for one in list(backend.roles.values()) if one.arn == caller.role_arn), None)
    if role is None:
        yield IDENTITY, []
        return
    attached = [_document(policy) for policy in list(role.managed_policies.values())]
    yield IDENTITY, [*role.policies.values(), *attached]
    if role.permissions_boundary_arn:
        yield BOUNDARY, [_document(backend.managed_policies[role.permissions_boundary_arn])]
    if caller.session_policy:
        yield SESSION, [caller.session_policy]


def _document(policy: Any) -> str:
    return next(version.document for version in policy.versions if version.is_default)


def _context(caller: Caller, secure: bool) -> dict[str, str]:
    return {
        "aws:principalarn": caller.role_arn,
        "aws:principalaccount": caller.account_id,
        "aws:principaltype": "AssumedRole",
        "aws:principalisawsservice": "false",
        "aws:requestedregion": caller.region,
        "aws:resourceaccount": caller.account_id,
        "aws:securetransport": str(secure).lower(),
        "aws:viaawsservice": "false",
    }
