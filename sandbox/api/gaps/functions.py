"""Where a function's log goes, which moto forgets: it writes to /aws/lambda/NAME whatever was declared."""

from __future__ import annotations

from typing import Any

from .patch import around

DEFAULT = {"LogFormat": "Text"}


def install() -> None:
    """Patches creation, change and description of a function's LoggingConfig."""
    from moto.awslambda.models import LambdaFunction

    @around(LambdaFunction, "__init__")
    def make(
        original: Any, function: Any, account_id: str, spec: dict[str, Any], *args: Any, **more: Any
    ) -> None:
        original(function, account_id, spec, *args, **more)
        _log_as(function, spec.get("LoggingConfig") or {})

    @around(LambdaFunction, "update_configuration")
    def change(original: Any, function: Any, updates: dict[str, Any]) -> Any:
        if "LoggingConfig" in updates:
            _log_as(function, updates["LoggingConfig"])
        return original(function, updates)

    @around(LambdaFunction, "get_configuration")
    def describe(original: Any, function: Any, *args: Any, **more: Any) -> dict[str, Any]:
        return {**original(function, *args, **more), "LoggingConfig": dict(function.sandbox_logging)}


def _log_as(function: Any, wanted: dict[str, Any]) -> None:
    default = {**DEFAULT, "LogGroup": f"/aws/lambda/{function.function_name}"}
    function.sandbox_logging = {**default, **{name: value for name, value in wanted.items() if value}}
    function.logs_group_name = function.sandbox_logging["LogGroup"]
