"""Nothing that a component declares changes by the way: properties and options are those that are committed."""

from __future__ import annotations

import pytest

from tests.components.complete import COMPLETE
from tests.snapshots import declared

pytestmark = pytest.mark.usefixtures("one_bundle")


@pytest.mark.parametrize("component", COMPLETE)
def test_a_component_declares_what_it_did(component):
    difference = declared.FILES.difference(component, declared.declared(component))

    assert not difference, difference


def test_every_component_has_its_snapshot():
    names = {component.__name__ for component in declared.COMPONENTS}

    assert {path.stem for path in declared.FILES.folder.glob("*.txt")} == names == set(COMPLETE)


def test_a_changed_property_is_shown_with_the_way_to_renew():
    opened = declared.FILES.committed("CacheAccess").replace("10.9.0.0/24", "10.0.0.0/8")

    lines = declared.FILES.difference("CacheAccess", opened).splitlines()
    assert lines[0].startswith(
        "what CacheAccess declares changed: the next update changes what stacks have made by it"
    )
    assert lines[0].endswith("When it is meant, `python -m tests.snapshots.declared` renews the snapshot")
    assert [line for line in lines if line.startswith(("- ", "+ "))] == [
        "-    cidrIpv4: 10.9.0.0/24",
        "+    cidrIpv4: 10.0.0.0/8",
    ]


def test_no_secret_is_in_a_snapshot():
    assert not [name for name in COMPLETE if declared.TOKEN in declared.FILES.committed(name)]
