"""A key of our own for what a component keeps."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

SHORTEST_DELETION_DAYS = 7
"""How soon a deleted key is gone, by AWS's least."""


def rotating_key(
    name: str,
    description: str,
    policy: str,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    deletion_window_days: int = SHORTEST_DELETION_DAYS,
) -> aws.kms.Key:
    """Return a key that AWS renews every year, and that only the policy lets anyone use."""
    return aws.kms.Key(
        name,
        description=description,
        enable_key_rotation=True,
        deletion_window_in_days=deletion_window_days,
        policy=policy,
        tags=tags,
        opts=opts,
    )
