"""The form of function URLs, and of the permissions to call them, which moto leaves as they were asked for."""

from __future__ import annotations

import re
from typing import Any

from .patch import around


def install() -> None:
    """Patches the description of a URL, and the statement that a permission becomes."""
    from moto.awslambda.models import FunctionUrlConfig
    from moto.awslambda.policy import Policy

    @around(FunctionUrlConfig, "to_dict")
    def describe(original: Any, config: Any) -> dict[str, Any]:
        told = original(config)
        mode = config.config.get("InvokeMode") or "BUFFERED"
        return {**told, "FunctionUrl": f"{config.url}/", "InvokeMode": mode}

    @around(Policy, "decode_policy")
    def statement(original: Any, policy: Any, asked: dict[str, Any]) -> Any:
        auth_type = asked.pop("FunctionUrlAuthType", None)
        via_url = asked.pop("InvokedViaFunctionUrl", None)
        if re.fullmatch(r"\d{12}", str(asked.get("Principal", ""))):
            asked["Principal"] = f"arn:aws:iam::{asked['Principal']}:root"
        decoded = original(policy, asked)
        condition = decoded.statements[0].setdefault("Condition", {})
        if auth_type:
            condition.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = auth_type
        if via_url is not None:
            condition["Bool"] = {"lambda:InvokedViaFunctionUrl": str(via_url).lower()}
        if not condition:
            del decoded.statements[0]["Condition"]
        return decoded
