"""Where a program deploys to, as policies have to name it."""

from typing import NamedTuple

import pulumi
import pulumi_aws as aws


class Place(NamedTuple):
    """One region of one account."""

    partition: str
    region: str
    account_id: str


def place_of(resource: pulumi.Resource) -> Place:
    """Return where this resource and its children are deployed to."""
    lookup = pulumi.InvokeOptions(parent=resource)
    return Place(
        aws.get_partition(opts=lookup).partition,
        aws.get_region(opts=lookup).region,
        aws.get_caller_identity(opts=lookup).account_id,
    )
