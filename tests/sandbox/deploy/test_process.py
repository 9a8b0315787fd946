"""A run leaves the process as it found it."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import threading

import pytest
from pulumi.runtime.settings import get_project, get_root_resource

from sandbox.deploy import bags
from sandbox.deploy.wire import from_properties, to_properties, to_struct

from .stack import Stack

PROGRAM = """
import helper
pulumi.export("value", helper.VALUE)
Thing("a")
"""


def test_folder_path_arguments_modules_threads_and_context_are_as_before(stack: Stack) -> None:
    (stack.folder / "helper.py").write_text("VALUE = 1\n")
    stack.program(PROGRAM)
    stack.up()  # what the SDK imports lazily is imported now
    before = (os.getcwd(), list(sys.path), sys.argv, set(sys.modules), set(threading.enumerate()))
    main = sys.modules["__main__"]
    context = dict(contextvars.copy_context())
    assert stack.up().ok
    assert (os.getcwd(), list(sys.path), sys.argv, set(sys.modules), set(threading.enumerate())) == before
    assert sys.modules["__main__"] is main
    assert dict(contextvars.copy_context()) == context
    assert (get_project(), get_root_resource()) == ("project", None)


def test_each_run_imports_the_program_s_modules_anew(stack: Stack) -> None:
    helper = stack.folder / "helper.py"
    helper.write_text("VALUE = 1\n")
    assert stack.up(PROGRAM).outputs == {"value": 1}
    helper.write_text("VALUE = 'two'\n")
    assert stack.up().outputs == {"value": "two"}


def test_a_program_sees_the_folder_and_arguments_that_the_language_host_gives_it(stack: Stack) -> None:
    (stack.folder / "src").mkdir()
    stack.declare({}, main="src")
    (stack.folder / "src" / "__main__.py").write_text(
        "import os, sys, pulumi\n"
        "pulumi.export('seen', [os.getcwd(), sys.argv, sys.path[0], __name__])\n"
        "pulumi.export('names', [pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run()])\n"
        "pulumi.export('root', pulumi.runtime.get_root_directory())\n"
    )
    result = stack.up()
    source = str(stack.folder / "src")
    assert result.outputs == {
        "seen": [source, [source], source, "__main__"],
        "names": ["shop", "dev", False],
        "root": str(stack.folder),
    }


def test_the_main_program_may_be_a_file(stack: Stack) -> None:
    (stack.folder / "helper.py").write_text("VALUE = 7\n")
    (stack.folder / "program.py").write_text("import helper, pulumi\npulumi.export('value', helper.VALUE)\n")
    stack.declare({}, main="program.py")
    assert stack.up().outputs == {"value": 7}


def test_a_run_works_inside_a_running_event_loop(stack: Stack) -> None:
    async def main() -> str:
        return await asyncio.to_thread(lambda: stack.up('Thing("a")').kind)

    assert asyncio.run(main()) == "done"


def test_an_asynchronous_program_runs(stack: Stack) -> None:
    result = stack.up("""
    async def main():
        return {"value": 3}
    pulumi.run(main)
    """)
    assert result.outputs == {"value": 3}


def test_two_stacks_may_be_deployed_one_after_the_other(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Stack(tmp_path_factory.mktemp("other"))
    stack.settled('Thing("a")')
    other.settled('Thing("b")')
    assert stack.up().counts == {"same": 2}
    assert sorted(other.resources()) == ["b", "default", "shop-dev"]


def test_a_failed_program_leaves_no_thread_behind(stack: Stack) -> None:
    before = set(threading.enumerate())
    stack.up('a = Thing("a")\na.arn.apply(lambda arn: 1 / 0)\nThing("b", of=a.arn)\nraise ValueError')
    assert set(threading.enumerate()) == before


def test_the_constants_are_the_sdk_s() -> None:
    from pulumi.runtime import rpc

    assert bags.UNKNOWN == rpc.UNKNOWN
    assert (rpc._special_sig_key, rpc._special_secret_sig) == (bags.SIGNATURE, bags.SECRET)
    assert rpc._special_output_value_sig == bags.OUTPUT_VALUE


def test_bags_survive_the_way_to_a_provider_and_back() -> None:
    bag = {
        "text": "x",
        "number": 3,
        "ratio": 0.5,
        "yes": True,
        "nothing": None,
        "list": [1, {"a": "b"}],
        "secret": bags.secret({"deep": [1]}),
        "later": bags.UNKNOWN,
    }
    assert from_properties(to_properties(bag)) == bag
    assert bags.from_file(bags.to_file(bag)) == bag
    assert type(from_properties(to_properties(bag))["number"]) is int
    assert to_struct(bag)["text"] == "x"


def test_assets_reach_the_provider_and_stay_in_the_state(stack: Stack) -> None:
    (stack.folder / "code.txt").write_text("print(1)")
    stack.settled('Thing("a", source=pulumi.FileAsset("code.txt"), text=pulumi.StringAsset("x"))')
    assert stack.resources()["a"]["inputs"]["source"]["path"] == "code.txt"
    assert stack.up().counts == {"same": 2}
