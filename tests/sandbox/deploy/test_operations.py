"""What preview, up, refresh and destroy do, step by step."""

from __future__ import annotations

import pytest

from .stack import Stack

GIVEN = {"type": "fake:index:Thing", "logical_name": "given", "name": "n", "inputs": {"name": "n"}}

PAIR = """
box = Box("box")
first = Thing("first", size=1, opts=Options(parent=box))
second = Thing("second", friend=first.arn, opts=Options(parent=box))
pulumi.export("friend", second.friend)
"""


def test_up_creates_what_the_program_declares_and_exports(stack: Stack) -> None:
    result = stack.up(PAIR)
    assert (result.kind, result.counts, result.errors) == ("done", {"create": 4}, [])
    assert result.outputs == {"friend": stack.resources()["first"]["outputs"]["arn"]}
    assert [name for _, name in stack.steps("create")] == ["shop-dev", "box", "first", "second"]
    assert set(stack.cloud.by_logical_name()) == {"first", "second"}


def test_urns_hold_the_types_of_all_parents_but_the_stack(stack: Stack) -> None:
    stack.settled("""
    outer = Chest("outer")
    inner = Box("inner", opts=Options(parent=outer))
    Thing("leaf", opts=Options(parent=inner))
    """)
    resources = stack.resources()
    assert resources["leaf"]["urn"] == (
        "urn:pulumi:dev::shop::test:index:Chest$test:index:Box$fake:index:Thing::leaf"
    )
    assert resources["leaf"]["parent"] == resources["inner"]["urn"]
    assert resources["outer"]["parent"] == resources["shop-dev"]["urn"]


def test_a_second_up_changes_nothing_and_writes_nothing(stack: Stack) -> None:
    stack.settled(PAIR)
    before = stack.state_path.stat()
    result = stack.up()
    after = stack.state_path.stat()
    assert result.counts == {"same": 4}
    assert stack.provider.calls == []
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_preview_tells_the_steps_and_writes_neither_cloud_nor_state(stack: Stack) -> None:
    result = stack.program(PAIR).deployment().preview()
    assert (result.kind, result.counts) == ("done", {"create": 4})
    assert result.outputs == {"friend": "[unknown]"}
    assert stack.provider.calls == []
    assert not (stack.folder / ".sandbox").exists()


def test_a_preview_of_changes_leaves_the_state_file_as_it_is(stack: Stack) -> None:
    stack.settled(PAIR)
    before = stack.state_path.read_bytes()
    stack.program(PAIR.replace("size=1", "size=2").replace("second", "third"))
    result = stack.deployment().preview()
    assert result.counts == {"same": 2, "update": 1, "create": 1, "delete": 1}
    assert stack.step("first").changed == ("size",)
    assert stack.provider.calls == []
    assert stack.state_path.read_bytes() == before


def test_a_changed_input_is_updated_and_named(stack: Stack) -> None:
    stack.settled(PAIR)
    before = stack.resources()["first"]["id"]
    result = stack.up(PAIR.replace("size=1", "size=2"))
    assert result.counts == {"same": 3, "update": 1}
    assert stack.step("first").changed == ("size",)
    assert stack.resources()["first"]["id"] == before
    assert stack.cloud.things()[before]["inputs"]["size"] == 2


def test_a_removed_resource_is_deleted_after_all_else(stack: Stack) -> None:
    stack.settled(PAIR)
    result = stack.up('Thing("only")')
    assert result.counts == {"same": 1, "create": 1, "delete": 3}
    assert stack.provider.calls == [("create", "only"), ("delete", "second"), ("delete", "first")]


def test_a_replacement_is_made_first_under_a_new_name_and_the_old_one_goes_last(stack: Stack) -> None:
    stack.settled('a = Thing("a", zone="x")\nThing("b", of=a.arn)')
    old = stack.resources()["a"]
    result = stack.up('a = Thing("a", zone="y")\nThing("b", of=a.arn)')
    new = stack.resources()["a"]
    assert result.counts == {"same": 1, "replace": 1, "update": 1}
    assert stack.provider.calls == [("create", "a"), ("update", "b"), ("delete", "a")]
    assert (stack.step("b").changed, old["id"] != new["id"]) == (("of",), True)
    assert old["inputs"]["name"] != new["inputs"]["name"]
    assert (stack.step("a", "replace").changed, stack.step("a", "replace").reasons) == (("zone",), ("zone",))
    assert list(stack.cloud.things()) == sorted([new["id"], stack.resources()["b"]["id"]])


def test_what_must_go_first_takes_with_it_what_cannot_outlive_it(stack: Stack) -> None:
    program = """
    a = Thing("a", address="{}")
    b = Thing("b", zone=a.arn)
    c = Thing("c", note=b.arn)
    """
    stack.settled(program.format("one"))
    result = stack.up(program.format("two"))
    assert result.counts == {"same": 1, "replace": 2, "update": 1}
    assert stack.provider.calls == [
        ("delete", "b"),
        ("delete", "a"),
        ("create", "a"),
        ("create", "b"),
        ("update", "c"),
    ]
    assert len(stack.cloud.things()) == 3


def test_a_provider_that_is_asked_to_delete_first_is_still_the_program_s(stack: Stack) -> None:
    program = 'Thing("a", address="{}", opts=Options(version="1.2.3"))'
    stack.settled(program.format("one")).settled(program.format("two"))
    assert "default_1_2_3" in stack.resources()
    assert stack.up().counts == {"same": 2}


def test_delete_before_replace_may_be_asked_for_and_forbidden(stack: Stack) -> None:
    program = 'Thing("a", {0}="{1}", name="n{2}", opts=Options(delete_before_replace={3}))'
    stack.settled(program.format("zone", "x", 1, True))
    stack.up(program.format("zone", "y", 1, True))
    assert stack.provider.calls == [("delete", "a"), ("create", "a")]
    stack.settled(program.format("address", "x", 2, False))
    stack.up(program.format("address", "y", 3, False))
    assert stack.provider.calls == [("create", "a"), ("delete", "a")]


def test_destroy_deletes_in_the_reverse_order_of_need_and_leaves_an_empty_state(stack: Stack) -> None:
    stack.settled(PAIR)
    result = stack.deployment().destroy()
    assert result.counts == {"delete": 4}
    assert stack.provider.calls == [("delete", "second"), ("delete", "first")]
    assert (stack.deployed()["resources"], stack.cloud.things(), result.outputs) == ([], {}, {})


def test_a_refresh_takes_over_what_was_changed_and_what_vanished(stack: Stack) -> None:
    stack.settled(PAIR + 'Thing("third", opts=Options(depends_on=[first]))')
    first, second = stack.resources()["first"]["id"], stack.resources()["second"]["id"]
    thing = stack.cloud.things()[second]
    stack.cloud.write(second, {**thing, "inputs": {**thing["inputs"], "colour": "red"}})
    stack.cloud.remove(first)
    result = stack.deployment().refresh()
    assert result.counts == {"same": 3, "update": 1, "delete": 1}
    assert "colour" in stack.step("second").changed
    assert stack.resources()["second"]["outputs"]["colour"] == "red"
    assert "first" not in stack.resources()
    assert "dependencies" not in stack.resources()["third"]
    assert stack.up().counts["create"] == 1


def test_a_refresh_of_what_is_as_it_was_writes_nothing(stack: Stack) -> None:
    stack.settled(PAIR)
    before = stack.state_path.stat().st_mtime_ns
    assert stack.deployment().refresh().counts == {"same": 4}
    assert stack.state_path.stat().st_mtime_ns == before


def test_components_are_updated_when_their_inputs_change_and_keep_their_outputs(stack: Stack) -> None:
    program = """
    box = Box("box", {{"size": {0}}})
    box.register_outputs({{"doubled": {0} * 2}})
    """
    stack.settled(program.format(1))
    result = stack.up(program.format(2))
    assert result.counts == {"same": 1, "update": 1}
    assert stack.resources()["box"]["outputs"] == {"doubled": 4}


def test_steps_that_need_nothing_of_each_other_run_at_the_same_time(stack: Stack) -> None:
    for name in ("t0", "t1", "t2"):
        stack.provider.hold("create", name)[1].set()
    stack.settled('[Thing(f"t{n}") for n in range(12)]')
    assert 1 < stack.provider.most_at_once <= 16


def test_a_function_of_the_provider_answers_the_program(stack: Stack) -> None:
    result = stack.up('pulumi.export("answer", lookup("why")["answer"])')
    assert result.outputs == {"answer": "why"}


@pytest.mark.parametrize("command", ["up", "preview"])
def test_a_function_that_fails_fails_the_program_with_its_reason(stack: Stack, command: str) -> None:
    stack.program('pulumi.runtime.invoke("fake:index:nothing", {})')
    result = getattr(stack.deployment(), command)()
    assert result.kind == "failed"
    assert "no function fake:index:nothing" in result.errors[0]


def test_a_resource_is_read_by_its_id(stack: Stack) -> None:
    stack.cloud.write(
        "given-1", {"type": "fake:index:Thing", "logical_name": "x", "name": "n", "inputs": {"name": "n"}}
    )
    program = """
    class Known(pulumi.CustomResource):
        def __init__(self, name, id):
            super().__init__("fake:index:Thing", name, {"arn": None}, Options(id=id))
    pulumi.export("arn", Known("known", "given-1").arn)
    """
    result = stack.up(program)
    assert (result.counts, result.outputs) == ({"create": 1}, {"arn": "arn:given-1"})
    assert stack.resources()["known"]["external"] is True
    assert stack.deployment().destroy().ok
    assert list(stack.cloud.things()) == ["given-1"]


def test_reading_what_does_not_exist_fails_by_name(stack: Stack) -> None:
    result = stack.up("""
    class Known(pulumi.CustomResource):
        def __init__(self, name, id):
            super().__init__("fake:index:Thing", name, {}, Options(id=id))
    Known("known", "nobody")
    """)
    assert result.errors == ["fake:index:Thing known: there is none with id 'nobody'"]
