"""Each resource option that the deployer models."""

from __future__ import annotations

import pytest

from .stack import Stack

GIVEN = {"type": "fake:index:Thing", "logical_name": "given", "name": "n", "inputs": {"name": "n"}}


def test_ignored_changes_keep_the_old_value(stack: Stack) -> None:
    program = (
        'Thing("a", size={0}, tags={{"a": {0}, "b": {0}}}, opts=Options(ignore_changes=["size", "tags.b"]))'
    )
    stack.settled(program.format(1))
    assert stack.up(program.format(1)).counts == {"same": 2}
    result = stack.up(program.format(2))
    assert result.counts == {"same": 1, "update": 1}
    inputs = stack.resources()["a"]["inputs"]
    assert (inputs["size"], inputs["tags"]) == (1, {"a": 2, "b": 1})


def test_a_stash_keeps_its_first_value(stack: Stack) -> None:
    program = """
    stash = pulumi.Stash("token", input=Output.secret(os.urandom(8).hex()), opts=Options(ignore_changes=["input"]))
    Thing("user", uses=stash.output)
    """
    stack.settled(program)
    before = stack.resources()["token"]["outputs"]
    assert stack.up().counts == {"same": 3}
    assert stack.resources()["token"]["outputs"] == before


def test_a_stash_without_ignored_changes_takes_the_input_and_keeps_the_output(stack: Stack) -> None:
    stack.settled('pulumi.Stash("kept", input="one")')
    assert stack.up('pulumi.Stash("kept", input="two")').counts == {"same": 1, "update": 1}
    assert stack.resources()["kept"]["outputs"] == {"input": "two", "output": "one"}
    assert stack.deployment().destroy().ok


def test_an_alias_keeps_the_resource_and_its_children(stack: Stack) -> None:
    stack.settled('box = Box("old")\na = Thing("a", opts=Options(parent=box))\nThing("b", of=a.arn)')
    before = stack.resources()
    result = stack.up("""
    box = Box("new", opts=Options(aliases=[pulumi.Alias(name="old")]))
    a = Thing("a", opts=Options(parent=box))
    Thing("b", of=a.arn)
    """)
    after = stack.resources()
    assert result.counts == {"same": 4}
    assert (after["a"]["id"], after["a"]["parent"]) == (before["a"]["id"], after["new"]["urn"])


def test_what_is_named_after_its_parents_follows_their_aliases(stack: Stack) -> None:
    program = """
    box = Box("{0}", opts=Options(aliases=[{1}]))
    chest = Chest("{0}-chest", opts=Options(parent=box))
    a = Thing("{0}-chest-a", opts=Options(parent=chest))
    Thing("{0}", of=a.arn, opts=Options(parent=box))
    Thing("other", opts=Options(parent=chest))
    """
    stack.settled(program.format("old", ""))
    before = {one["id"] for one in stack.resources().values() if one.get("id")}

    assert stack.up(program.format("new", 'pulumi.Alias(name="old")')).counts == {"same": 6}

    assert {one["id"] for one in stack.resources().values() if one.get("id")} == before
    assert [name for name in stack.resources() if "old" in name] == []
    assert stack.up(program.format("new", "")).counts == {"same": 6}


def test_an_alias_by_parent_follows_a_resource_into_a_component(stack: Stack) -> None:
    stack.settled('a = Thing("a")\nThing("b", of=a.arn)')
    result = stack.up("""
    box = Box("box")
    a = Thing("a", opts=Options(parent=box, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))
    Thing("b", of=a.arn)
    """)
    assert result.counts == {"same": 3, "create": 1}
    assert stack.resources()["b"]["dependencies"] == [stack.resources()["a"]["urn"]]
    assert stack.provider.calls == []


@pytest.mark.parametrize("second", ["", 'Thing("a", zone="other", opts=Options(protect=True))'])
def test_a_protected_resource_is_neither_deleted_nor_replaced(stack: Stack, second: str) -> None:
    stack.settled('Thing("a", zone="x", opts=Options(protect=True))\nThing("b")')
    result = stack.up(second + '\nThing("b")')
    assert result.kind == "failed"
    assert "it is protected" in result.errors[0]
    assert stack.provider.calls == []
    destroyed = stack.deployment().destroy()
    assert destroyed.errors == ["fake:index:Thing a: it is protected; unprotect it before deleting it"]
    assert sorted(stack.cloud.by_logical_name()) == ["a", "b"]


def test_protection_may_be_taken_off_and_the_state_says_so(stack: Stack) -> None:
    stack.settled('Thing("a", opts=Options(protect=True))')
    assert stack.up('Thing("a")').counts == {"same": 2}
    assert stack.deployment().destroy().ok


@pytest.mark.parametrize("key", ["zone", "address"])
def test_what_is_no_longer_protected_may_be_replaced_in_the_same_run(stack: Stack, key: str) -> None:
    stack.settled(f'Thing("a", {key}="x", opts=Options(protect=True))')
    assert stack.up(f'Thing("a", {key}="y")').counts == {"same": 1, "replace": 1}
    assert len(stack.cloud.things()) == 1


def test_retain_on_delete_leaves_the_thing_and_forgets_it(stack: Stack) -> None:
    stack.settled('Thing("a", opts=Options(retain_on_delete=True))')
    assert stack.up("").counts == {"same": 1, "delete": 1}
    assert (list(stack.cloud.by_logical_name()), stack.provider.named("delete")) == (["a"], [])


def test_deleted_with_spares_the_call(stack: Stack) -> None:
    stack.settled('a = Thing("a")\nThing("b", opts=Options(deleted_with=a))')
    stack.deployment().destroy()
    assert stack.provider.named("delete") == ["a"]


def test_depends_on_orders_creation_and_deletion(stack: Stack) -> None:
    stack.settled('a = Thing("a")\nThing("b", opts=Options(depends_on=[a]))')
    assert stack.provider.named("create") == ["a", "b"]
    assert stack.resources()["b"]["dependencies"] == [stack.resources()["a"]["urn"]]
    stack.deployment().destroy()
    assert stack.provider.named("delete") == ["b", "a"]


def test_additional_secret_outputs_are_secrets_in_the_state_and_to_the_program(stack: Stack) -> None:
    result = stack.up("""
    a = Thing("a", opts=Options(additional_secret_outputs=["token"]))
    pulumi.export("token", a.token)
    """)
    assert result.outputs == {"token": "[secret]"}
    assert "plaintext" in stack.resources()["a"]["outputs"]["token"]


def test_custom_timeouts_reach_the_provider(stack: Stack) -> None:
    program = """
    times = pulumi.CustomTimeouts(create="1m30s", update="2h", delete="250ms")
    Thing("a", size={}, opts=Options(custom_timeouts=times))
    """
    stack.settled(program.format(1)).settled(program.format(2))
    assert stack.deployment().destroy().ok
    assert stack.provider.timeouts == {("create", "a"): 90.0, ("update", "a"): 7200.0, ("delete", "a"): 0.25}


def test_replace_on_changes_makes_an_update_a_replacement(stack: Stack) -> None:
    program = 'Thing("a", size={}, opts=Options(replace_on_changes=["size"]))'
    stack.settled(program.format(1))
    assert stack.up(program.format(2)).counts == {"same": 1, "replace": 1}


def test_explicit_providers_are_configured_recorded_and_inherited(stack: Stack) -> None:
    program = """
    provider = FakeProvider("here", place="{0}")
    box = Box("box", opts=Options(providers=[provider]))
    Thing("a", opts=Options(parent=box))
    """
    assert stack.up(program.format("x")).counts == {"create": 4}
    assert stack.provider.configured == {"fake:config:place": "x"}
    resources = stack.resources()
    assert resources["a"]["provider"] == f"{resources['here']['urn']}::{resources['here']['id']}"
    assert stack.up(program.format("y")).counts == {"same": 3, "update": 1}


def test_a_resource_that_moves_to_another_provider_is_replaced(stack: Stack) -> None:
    stack.settled('Thing("a")')
    result = stack.up('Thing("a", opts=Options(provider=FakeProvider("other")))')
    assert result.counts == {"same": 1, "create": 1, "replace": 1}
    assert len(stack.cloud.things()) == 1


def test_a_default_provider_gets_the_package_s_configuration(stack: Stack) -> None:
    stack.configure({"fake:place": "north", "fake:nested": {"a": [1, True]}, "shop:other": "x"})
    stack.settled('Thing("a", opts=Options(version="1.2.3"))')
    assert stack.provider.configured == {"fake:config:place": "north", "fake:config:nested": '{"a":[1,true]}'}
    default = stack.resources()["default_1_2_3"]
    assert default["inputs"] == {
        "place": "north",
        "nested": '{"a":[1,true]}',
        "version": "1.2.3",
        "__internal": {},
    }


def test_a_newer_default_provider_takes_the_resources_over(stack: Stack) -> None:
    stack.settled('Thing("a", opts=Options(version="1.2.3"))')
    assert stack.up('Thing("a", opts=Options(version="1.3.0"))').counts == {"same": 2}
    assert "default_1_2_3" not in stack.resources()
    assert stack.resources()["a"]["provider"].split("::")[3] == "default_1_3_0"


def test_what_was_read_may_become_owned_and_what_was_owned_read(stack: Stack) -> None:
    known = """
    class Known(pulumi.CustomResource):
        def __init__(self, name, id):
            super().__init__("fake:index:Thing", name, {"arn": None}, Options(id=id))
    Known("a", "given-1")
    """
    stack.cloud.write(
        "given-1", {"type": "fake:index:Thing", "logical_name": "x", "name": "n", "inputs": {"name": "n"}}
    )
    stack.settled(known)
    assert stack.up('Thing("a")').counts == {"same": 1, "create": 1}
    own = stack.resources()["a"]["id"]
    assert stack.up(known).counts == {"same": 1}
    assert own not in stack.cloud.things()
    assert "given-1" in stack.cloud.things()


def test_with_a_plan_first_what_is_refused_leaves_nothing_made(stack: Stack) -> None:
    deployment = stack.deployment_of('first = Thing("first")\nThing("a", wrong=first.arn)')
    refused = deployment.up(plan_first=True)
    assert (refused.kind, refused.counts) == ("failed", {})
    assert refused.errors == ["fake:index:Thing a: wrong: is not an input"]
    assert (stack.cloud.things(), stack.provider.calls, stack.events) == ({}, [], [])
    assert stack.deployment_of('Thing("first")').up(plan_first=True).counts == {"create": 2}
