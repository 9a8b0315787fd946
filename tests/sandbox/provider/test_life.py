"""Every resource type from creation to deletion, as an engine drives it."""

from __future__ import annotations

import pytest

from sandbox.provider import modelled
from sandbox.provider.values import plain_bag
from tests.sandbox.provider.cases import CASES, TAGS
from tests.sandbox.provider.driver import given, token_of

# A bucket always has a state of versioning: the most that can be done is to suspend it.
LEFT_BEHIND = {"s3/BucketVersioning"}
EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def plain(state):
    """A state without assets, which are equal only as contents."""
    return {key: value for key, value in plain_bag(state).items() if key not in ("code", "source")}


def test_every_modelled_type_has_a_case():
    # The default group cannot be deleted: it has tests of its own.
    tested = {token_of(case.short) for case in CASES.values()} | {token_of("ec2/DefaultSecurityGroup")}
    tested.add(token_of("ec2/Route"))
    assert set(modelled()) == tested


@EVERY_CASE
def test_a_resource_is_made_seen_changed_and_removed(case, driver, network):
    inputs = {**case.inputs(network), **({"tags": {"a": "1", "b": "1"}} if case.tagged else {})}
    resource = driver.create(case.short, **inputs)
    assert case.outputs <= set(plain_bag(resource.state))
    if case.tagged:
        assert resource["tagsAll"] == {"a": "1", "b": "1"}
    assert not driver.diff(resource, **inputs).changes

    seen = driver.read(resource)
    assert plain(seen.state) == plain(resource.state), "a refresh changes nothing"
    assert plain(seen.inputs) == plain(resource.inputs)
    assert not driver.diff(seen, **inputs).changes

    for change in (*case.updates(network), *(TAGS if case.tagged else ())):
        inputs = given({**inputs, **change})
        difference = driver.diff(resource, **inputs)
        assert (set(difference.diffs), difference.replaces) == (set(change), [])
        resource = driver.update(resource, **inputs)
        seen = driver.read(resource)
        assert not driver.diff(resource, **inputs).changes
        assert not driver.diff(seen, **inputs).changes, f"{change} is there after it was made"

    for name, value in case.replacing(network).items():
        assert driver.diff(resource, **{**inputs, name: value}).replaces == [name]

    driver.delete(resource)
    if case.short not in LEFT_BEHIND:
        assert driver.read(resource) is None
    driver.delete(resource)


@EVERY_CASE
def test_what_a_cut_creation_left_behind_is_found_or_made_again(case, driver, network):
    inputs = {**case.inputs(network), **({"tags": {"a": "1"}} if case.tagged else {})}
    checked = driver.checked(case.short, "cut", inputs)
    if "authToken" not in inputs:  # a group's creation is too long to be made for this alone
        assert driver.adopt(case.short, "cut", checked) is None, "nothing was made yet"
    resource = driver.make(case.short, "cut", checked)
    found = driver.adopt(case.short, "cut", checked)
    if found is None:
        again = driver.make(case.short, "cut", checked)
        assert (again.id, plain(again.state)) == (resource.id, plain(resource.state))
    else:
        assert (found[0], plain(found[1])) == (resource.id, plain(resource.state))
    if "__mark" in checked:
        other = driver.checked(case.short, "other", inputs)
        assert driver.adopt(case.short, "other", other) is None, "another resource's mark is no match"
    driver.delete(resource)
