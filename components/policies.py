"""Policy documents of IAM as JSON, and the statements that several share."""

import json
from collections.abc import Mapping

_ADMINISTRATION = (
    "Create Describe Enable List Put Update Revoke Disable Get Delete Tag Untag Schedule Cancel Rotate"
)
"""First words of the operations that manage a key and open nothing with it."""

KEY_USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*")
"""What a service does with a key when it stores and reads for somebody."""


def policy_document(*statements: Mapping[str, object]) -> str:
    """Return a policy of these statements as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def assume_role_policy(service: str, condition: Mapping[str, object] | None = None) -> str:
    """Return the trust policy by which SERVICE.amazonaws.com may take the role."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": f"{service}.amazonaws.com"},
    }
    return policy_document({**statement, **({"Condition": condition} if condition else {})})


def account_administers_key(partition: str, account_id: str) -> dict[str, object]:
    """Return the statement by which the account manages a key, and without which nobody could change it again."""
    return {
        "Sid": "AccountAdministers",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account_id}:root"},
        "Action": [f"kms:{verb}*" for verb in _ADMINISTRATION.split()],
        "Resource": "*",
    }
