"""What a failing resource, provider or program comes to."""

from __future__ import annotations

import pytest

from .stack import Stack

TREE = """
a = Thing("a")
b = Thing("b", of=a.arn)
Thing("c", of=b.arn)
Thing("alone")
pulumi.export("end", b.arn)
"""


def test_a_failure_is_told_once_and_only_what_needs_it_is_skipped(stack: Stack) -> None:
    stack.provider.failures["create", "a"] = RuntimeError("no room")
    result = stack.up(TREE)
    assert result.errors == ["fake:index:Thing a: RuntimeError: no room"]
    assert (result.kind, result.counts) == ("failed", {"create": 2, "skip": 2})
    assert sorted(stack.steps("skip")) == [("skip", "b"), ("skip", "c")]
    assert stack.step("a").error == "fake:index:Thing a: RuntimeError: no room"
    stack.provider.failures.clear()
    assert stack.up().counts == {"same": 2, "create": 3}


def test_a_failed_up_deletes_nothing_and_keeps_the_old_outputs(stack: Stack) -> None:
    stack.settled('Thing("old")\npulumi.export("was", "here")')
    stack.provider.failures["create", "a"] = RuntimeError("no room")
    result = stack.up(TREE)
    assert result.outputs == {"was": "here"}
    assert stack.provider.named("delete") == []
    assert sorted(stack.cloud.by_logical_name()) == ["alone", "old"]


def test_what_was_made_but_not_finished_is_kept_and_finished_by_the_next_up(stack: Stack) -> None:
    stack.provider.failures["finish", "a"] = RuntimeError("it never became ready")
    result = stack.up('Thing("a")')
    assert result.errors == ["fake:index:Thing a: it never became ready"]
    (made,) = stack.cloud.things()
    assert stack.resources()["a"]["initErrors"] == ["it never became ready"]
    stack.provider.failures.clear()
    assert stack.up().counts == {"same": 1, "update": 1}
    assert list(stack.cloud.things()) == [made]
    assert "initErrors" not in stack.resources()["a"]


def test_an_update_that_fails_is_tried_again(stack: Stack) -> None:
    stack.settled('Thing("a", size=1)')
    stack.provider.failures["update", "a"] = RuntimeError("busy")
    assert stack.up('Thing("a", size=2)').errors == ["fake:index:Thing a: RuntimeError: busy"]
    stack.provider.failures.clear()
    assert stack.up().counts == {"same": 1, "update": 1}


def test_a_deletion_that_fails_keeps_what_it_needs(stack: Stack) -> None:
    stack.settled('a = Thing("a")\nThing("b", of=a.arn)\nThing("c")')
    stack.provider.failures["delete", "b"] = RuntimeError("in use")
    result = stack.deployment().destroy()
    assert result.errors == ["fake:index:Thing b: RuntimeError: in use"]
    assert sorted(stack.cloud.by_logical_name()) == ["a", "b"]
    assert {"a", "b", "shop-dev"} <= set(stack.resources())
    stack.provider.failures.clear()
    assert stack.deployment().destroy().ok
    assert stack.cloud.things() == {}


def test_a_replacement_whose_creation_fails_leaves_the_old_one_in_place(stack: Stack) -> None:
    stack.settled('Thing("a", zone="x")')
    before = stack.resources()["a"]["id"]
    stack.provider.failures["create", "a"] = RuntimeError("no room")
    assert stack.up('Thing("a", zone="y")').kind == "failed"
    assert (stack.resources()["a"]["id"], list(stack.cloud.things())) == (before, [before])


def test_a_replaced_thing_that_could_not_be_deleted_goes_with_the_next_up(stack: Stack) -> None:
    stack.settled('Thing("a", zone="x")')
    stack.provider.failures["delete", "a"] = RuntimeError("in use")
    assert stack.up('Thing("a", zone="y")').kind == "failed"
    assert len(stack.cloud.things()) == 2
    stack.provider.failures.clear()
    assert stack.up().counts == {"same": 2}
    assert list(stack.cloud.things()) == [stack.resources()["a"]["id"]]


def test_inputs_that_the_provider_refuses_are_named(stack: Stack) -> None:
    result = stack.deployment_of('Thing("a", wrong=1)').preview()
    assert result.errors == ["fake:index:Thing a: wrong: is not an input"]


def test_two_resources_of_one_name_are_refused(stack: Stack) -> None:
    result = stack.up('Thing("a")\nThing("a")')
    assert result.errors == [
        "fake:index:Thing a: registered twice; give each resource of a type and parent its own name"
    ]


def test_a_provider_that_fails_is_told_once(stack: Stack) -> None:
    stack.provider.failures["configure", "provider"] = RuntimeError("no endpoint")
    result = stack.up('Thing("a")\nThing("b")')
    assert result.errors == ["pulumi:providers:fake default: RuntimeError: no endpoint"]
    assert result.counts == {"create": 1, "skip": 2}


def test_a_package_without_a_provider_is_told_by_name(stack: Stack) -> None:
    result = stack.up("""
    class Bucket(pulumi.CustomResource):
        pass
    Bucket("gcp:storage:Bucket", "b", {})
    """)
    assert result.errors == ["pulumi:providers:gcp default: ValueError: no provider for gcp"]


def test_a_run_error_is_passed_on_word_for_word_as_a_configuration_problem(stack: Stack) -> None:
    result = stack.up("""
    class Refused(pulumi.RunError):
        pass
    raise Refused("2 problems\\n  cache.replicas: must be 0-5, got 9\\n  cache.port: unknown")
    """)
    assert (result.kind, result.exit_code) == ("configuration", 2)
    assert result.errors == ["2 problems\n  cache.replicas: must be 0-5, got 9\n  cache.port: unknown"]
    assert stack.cloud.things() == {}


def test_any_other_exception_shows_the_lines_of_the_program_only(stack: Stack) -> None:
    (stack.folder / "helper.py").write_text("def divide(a):\n    return a / 0\n")
    result = stack.up("from helper import divide\nvalue = divide(1)")
    assert result.kind == "failed"
    assert result.errors == [
        "the program failed: ZeroDivisionError: division by zero\n"
        "  at helper.py:2 in divide: return a / 0\n"
        "  at __main__.py:7 in <module>: value = divide(1)"
    ]


def test_an_exception_inside_apply_fails_the_program_after_the_rest_was_made(stack: Stack) -> None:
    result = stack.up("""
    def broken(arn):
        raise KeyError(arn)
    a = Thing("a")
    a.arn.apply(broken)
    """)
    assert result.kind == "failed"
    assert result.errors[0].startswith("the program failed: KeyError: 'arn:a-")
    assert "at __main__.py:8 in broken" in result.errors[0]
    assert "a" in stack.resources()


@pytest.mark.parametrize(("code", "kind"), [("0", "done"), ("3", "failed")])
def test_a_program_may_end_itself(stack: Stack, code: str, kind: str) -> None:
    result = stack.up(f'Thing("a")\nimport sys\nsys.exit({code})')
    assert result.kind == kind
    assert "a" in stack.resources()
    if kind == "failed":
        assert result.errors == ["the program ended itself: sys.exit(3)"]


def test_a_syntax_error_names_file_and_line(stack: Stack) -> None:
    result = stack.up("value = (")
    assert result.kind == "failed"
    assert "SyntaxError" in result.errors[0]
    assert "__main__.py" in result.errors[0]


REFUSALS = {
    "transforms": 'Thing("a", opts=Options(transforms=[lambda args: None]))',
    "transforms ": "pulumi.runtime.register_resource_transform(lambda args: None)",
    "resource hooks": """
hook = pulumi.ResourceHook("h", lambda args: None)
Thing("a", opts=Options(hooks=pulumi.ResourceHookBinding(before_create=[hook])))
""",
    "stack references": 'pulumi.StackReference("organization/other/dev")',
    "remote components": 'pulumi.ComponentResource("fake:index:Remote", "r", {}, None, True)',
}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_only_the_real_engine_can_do_is_refused_by_name(stack: Stack, name: str) -> None:
    result = stack.up(REFUSALS[name])
    assert result.kind == "failed"
    assert f"the embedded deployer does not support {name.strip()}\n" in result.errors[0]
    assert "--engine pulumi" in result.errors[0]
    assert stack.cloud.things() == {}


def test_old_transformations_are_the_sdk_s_own_and_work(stack: Stack) -> None:
    stack.settled("""
    def bigger(args):
        return pulumi.ResourceTransformationResult({**args.props, "size": 9}, args.opts)
    Thing("a", size=1, opts=Options(transformations=[bigger]))
    """)
    assert stack.resources()["a"]["inputs"]["size"] == 9


def test_a_listener_that_fails_ends_the_run_with_its_error_and_loses_no_record(stack: Stack) -> None:
    def listener(event: object) -> None:
        raise BrokenPipeError("the terminal is gone")

    deployment = stack.program(TREE).deployment()
    deployment._listener = listener
    with pytest.raises(BrokenPipeError):
        deployment.up()
    assert {"a", "b", "c", "alone"} <= set(stack.resources())
