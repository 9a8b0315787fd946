"""Policy documents of IAM as JSON."""

import json
from collections.abc import Mapping


def policy_document(*statements: Mapping[str, object]) -> str:
    """Return a policy of these statements as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def assume_role_policy(service: str) -> str:
    """Return the trust policy by which SERVICE.amazonaws.com may take the role."""
    return policy_document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    )
