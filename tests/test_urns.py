"""Nothing is renamed between versions: the URNs of every shape are those that are committed."""

from __future__ import annotations

import pytest

from tests.snapshots import urns

pytestmark = pytest.mark.usefixtures("one_bundle")


@pytest.mark.parametrize("shape", urns.SHAPES)
def test_no_resource_changes_its_urn(shape):
    difference = urns.FILES.difference(shape, urns.urns(shape))

    assert not difference, difference


def test_every_snapshot_has_its_shape():
    assert {path.stem for path in urns.FILES.folder.glob("*.txt")} == set(urns.SHAPES)


def test_a_renamed_resource_is_shown_with_the_way_to_renew():
    renamed = urns.FILES.committed("dev").replace("::cache-slow-log", "::cache-slow")

    lines = urns.FILES.difference("dev", renamed).splitlines()
    assert lines[0].startswith("the URNs of dev changed: stacks that exist would lose what a `-` line names")
    assert "`python -m tests.snapshots.urns` renews the snapshot" in lines[0]
    changed = [line.rpartition("::")[2] for line in lines if line.startswith(("-urn", "+urn"))]
    assert changed == ["cache-slow-log", "cache-slow"]


def test_the_same_program_in_another_order_of_zones_and_instances_has_the_same_urns():
    one = urns.run(
        network={"availability_zones": ["eu-west-1a", "eu-west-1b"]}, clients={"instances": ["read", "write"]}
    )
    other = urns.run(
        network={"availability_zones": ["eu-west-1b", "eu-west-1a"]}, clients={"instances": ["write", "read"]}
    )

    assert set(one.resources) == set(other.resources)
