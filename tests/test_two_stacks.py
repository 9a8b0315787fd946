"""Two stacks of one project, in one account and region, share no name."""

from __future__ import annotations

import itertools

import pytest

from tests.snapshots.urns import SHAPES
from tests.test_program import run

pytestmark = pytest.mark.usefixtures("one_bundle")

# Inputs by which a resource names itself; all else that is called a name leads to another resource.
NAMING = ("name", "namePrefix", "bucket", "bucketPrefix", "dashboardName", "identifier", "identifierPrefix")
NAMING += ("replicationGroupId", "clusterId", "finalSnapshotIdentifier", "userName", "groupName")
# Of these `name` or `bucket` is the owner's.
PARTS = {"aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"}
STACKS = ("dev", "dev-2", "2", "dev.2")
# Every resource that the program can make, in two shapes.
EVERYTHING = {
    **SHAPES["nat"],
    **SHAPES["valkey"],
    **SHAPES["alarms"],
    "clients": {"instances": ["app"], "function": {"url": "iam"}},
}
MEMCACHED = {**SHAPES["memcached"], "clients": {}}


def names(stack, sections):
    """Return (type, name) of everything with a name of its own choice; the others get seven random characters."""
    resources = run(as_stack=stack, **sections).resources.values()
    return {
        (item.type, item.inputs[key])
        for item in resources
        if item.custom and item.type not in PARTS
        for key in NAMING
        if key in item.inputs
    }


@pytest.mark.parametrize("sections", [EVERYTHING, MEMCACHED], ids=["everything", "memcached"])
def test_no_name_of_one_stack_is_a_name_of_another(sections):
    found = {stack: names(stack, sections) for stack in STACKS}

    assert all(len(each) >= 3 for each in found.values())
    for one, other in itertools.combinations(STACKS, 2):
        assert found[one] & found[other] == set(), (one, other)


def test_what_a_person_addresses_says_project_and_stack():
    paths = {name for type_, name in names("blue", {}) if type_ != "aws:s3/bucket:Bucket"}

    assert paths == {
        "alias/aws-cache/blue/endpoint",
        "/pulumi/aws-cache/blue/endpoint",
        "/pulumi/aws-cache/blue/connection",
    }
