"""Changes of the AUTH token and of encryption in transit."""

from __future__ import annotations

from typing import Any

from . import catalogue, checks
from .errors import invalid_combination, invalid_value, not_modelled
from .records import Settings, now

STRATEGIES = ("ROTATE", "SET", "DELETE")
# The first that can change encryption in transit on a running group (R102).
IN_PLACE_FROM = (7, 0, 5)
# The first that can change its token (R111).
TOKEN_CHANGE_FROM = (5, 0, 6)


def token_changes(settings: Settings, parameters: dict[str, Any]) -> dict[str, Any]:
    """ROTATE makes a second token valid, SET leaves only the one just rotated in (R110, R111).

    On a group without a token ROTATE admits the new one beside no token at all, until SET.
    """
    token, strategy = parameters.get("AuthToken"), parameters.get("AuthTokenUpdateStrategy")
    if strategy == "DELETE" and not token:
        raise not_modelled("the strategy DELETE, which moves a group to user groups,")
    if not token:
        if strategy:
            raise invalid_combination(f"AuthTokenUpdateStrategy {strategy} needs an AuthToken.")
        return {}
    strategy = strategy or "ROTATE"
    if strategy not in STRATEGIES or strategy == "DELETE":
        raise invalid_combination(f"AuthTokenUpdateStrategy {strategy} does not go with an AuthToken.")
    if not settings.tls:
        raise invalid_value(
            "The AUTH token modification is only supported when encryption-in-transit is enabled."
        )
    checks.auth_token(token)
    full = catalogue.find_version(settings.engine, settings.version)["full"]
    if settings.engine == "redis" and catalogue.as_numbers(full) < TOKEN_CHANGE_FROM:
        raise invalid_combination(f"Redis {full} cannot change its AUTH token; 5.0.6 is the first that can.")
    if strategy == "SET":
        return _set(settings, token)
    if not settings.tokens:
        return {"incoming_token": token}
    kept = [one for one in settings.tokens[-1:] if one != token]
    return {"tokens": [*kept, token], "token_changed": now()}


def _set(settings: Settings, token: str) -> dict[str, Any]:
    if token not in [*settings.tokens, settings.incoming_token]:
        raise invalid_value("SET needs the AUTH token that was given with ROTATE before.")
    if settings.tokens == [token]:
        return {}
    return {"tokens": [token], "incoming_token": None, "token_changed": now()}


def transit_changes(settings: Settings, parameters: dict[str, Any]) -> dict[str, Any]:
    """off to preferred to required and back, one step an update (R101)."""
    enabled, mode = parameters.get("TransitEncryptionEnabled"), parameters.get("TransitEncryptionMode")
    if enabled is None and mode is None:
        return {}
    tls = settings.tls if enabled is None else enabled
    if not tls:
        if mode:
            raise invalid_combination(
                "TransitEncryptionMode can only be set when TransitEncryptionEnabled is true."
            )
        wanted = "off"
    else:
        wanted = mode or (settings.transit if settings.tls else "preferred")
    if wanted == settings.transit:
        return {}
    full = catalogue.find_version(settings.engine, settings.version)["full"]
    if settings.engine == "redis" and catalogue.as_numbers(full) < IN_PLACE_FROM:
        raise invalid_combination(
            f"Redis {full} cannot change encryption in transit; 7.0.5 is the first that can."
        )
    if {wanted, settings.transit} == {"off", "required"}:
        raise invalid_combination(
            "Encryption in transit is turned on and off through the mode preferred: one update, then another."
        )
    if wanted == "off" and settings.tokens:
        raise invalid_combination("Encryption in transit cannot be turned off while an AUTH token is set.")
    return {"transit": wanted}
