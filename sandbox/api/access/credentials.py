"""Who makes a request: the sandbox's own key, or a session of a role."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from .authorization import Caller
from .signature import Signature

if TYPE_CHECKING:
    from ..context import Context

UNSIGNED, UNKNOWN, EXPIRED, MISMATCH = "unsigned", "unknown", "expired", "mismatch"


class NotAuthenticated(Exception):
    """A request by nobody the sandbox knows; `kind` says why."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


def authenticate(
    context: Context, signature: Signature | None, environ: dict[str, Any], body: bytes
) -> Caller | None:
    """The session of a role, or None for the deployer; raises NotAuthenticated."""
    if signature is None:
        raise NotAuthenticated(UNSIGNED)
    session = _session(signature)
    if session is None:
        return _deployer(context, signature, environ, body)
    if not hmac.compare_digest(signature.token.encode(), session.session_token.encode()):
        raise NotAuthenticated(UNKNOWN)
    if _is_over(session):
        raise NotAuthenticated(EXPIRED)
    _verify(signature, environ, session.secret_access_key, body)
    return Caller(
        session.role_arn,
        session.session_name,
        session.account_id,
        signature.region,
        session.policy or None,
    )


def _deployer(context: Context, signature: Signature, environ: dict[str, Any], body: bytes) -> None:
    if context.deployer is None:  # a part of a sandbox, that has no key of its own
        if signature.key_id.startswith("ASIA"):
            raise NotAuthenticated(UNKNOWN)
        return
    key_id, secret = context.deployer
    if not hmac.compare_digest(signature.key_id.encode(), key_id.encode()):
        raise NotAuthenticated(UNKNOWN)
    _verify(signature, environ, secret, body)


def _verify(signature: Signature, environ: dict[str, Any], secret: str, body: bytes) -> None:
    if not (signature.verifies(environ, secret, body) and signature.age_is_fine()):
        raise NotAuthenticated(MISMATCH)


def _session(signature: Signature) -> Any:
    from moto.sts.models import sts_backends

    return next(
        (
            session
            for account in list(sts_backends.values())
            for session in list(account["aws"].assumed_roles)
            if session.access_key_id == signature.key_id
        ),
        None,
    )


def _is_over(session: Any) -> bool:
    from moto.core.utils import utcnow

    return session.expiration < utcnow()
