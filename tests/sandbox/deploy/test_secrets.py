"""Secrets leave a run as a mask only, whatever way they try."""

from __future__ import annotations

import json

from sandbox.deploy.deployment import outputs
from sandbox.deploy.project import Project

from .stack import Stack

SECRET = "hunter2-is-my-token"
PROGRAM = f"""
token = Output.secret("{SECRET}")
a = Thing("a", auth=token, plain="visible")
pulumi.export("token", token)
pulumi.export("nested", {{"inner": a.auth, "plain": a.plain}})
pulumi.export("joined", Output.concat("rediss://:", token, "@host"))
pulumi.log.warn("the token is {SECRET}", resource=a)
"""


def everything_shown(stack: Stack, result: object) -> str:
    return repr(result) + repr(stack.events)


def test_outputs_events_and_messages_are_masked(stack: Stack) -> None:
    result = stack.up(PROGRAM)
    assert result.outputs == {
        "token": "[secret]",
        "nested": {"inner": "[secret]", "plain": "visible"},
        "joined": "[secret]",
    }
    assert stack.messages("warning") == ["the token is [secret]"]
    assert SECRET not in everything_shown(stack, result)
    assert SECRET not in everything_shown(stack, stack.deployment().preview())


def test_errors_of_provider_and_program_are_masked(stack: Stack) -> None:
    stack.provider.failures["create", "a"] = RuntimeError(f"invalid value {SECRET}")
    result = stack.up(PROGRAM)
    assert result.errors == ["fake:index:Thing a: RuntimeError: invalid value [secret]"]
    assert SECRET not in everything_shown(stack, result)
    stack.provider.failures.clear()
    result = stack.up(PROGRAM + "a.auth.apply(lambda text: {}[text])")
    assert result.kind == "failed"
    assert SECRET not in everything_shown(stack, result)


def test_secrets_of_an_earlier_run_are_masked_too(stack: Stack) -> None:
    stack.settled(PROGRAM)
    stack.provider.failures["delete", "a"] = RuntimeError(f"cannot delete {SECRET}")
    result = stack.deployment().destroy()
    assert result.errors == ["fake:index:Thing a: RuntimeError: cannot delete [secret]"]


def test_a_secret_input_stays_a_secret_in_outputs_and_in_what_is_made_of_it(stack: Stack) -> None:
    stack.settled(PROGRAM + 'Thing("b", of=a.auth.apply(lambda text: text.upper()))')
    assert "plaintext" in stack.resources()["a"]["outputs"]["auth"]
    assert json.loads(stack.resources()["b"]["inputs"]["of"]["plaintext"]) == SECRET.upper()


def test_secret_configuration_reaches_the_program_as_a_secret(stack: Stack) -> None:
    stack.declare({"word": {"type": "string", "secret": True}})
    stack.configure({"shop:word": SECRET})
    result = stack.up("""
    config = pulumi.Config()
    pulumi.export("word", config.require_secret("word"))
    Thing("a", word=config.require_secret("word"))
    """)
    assert (result.kind, result.outputs) == ("done", {"word": "[secret]"})


def test_saved_outputs_are_masked_unless_asked_for(stack: Stack) -> None:
    stack.settled(PROGRAM)
    project = Project.load(stack.folder, "dev")
    assert outputs(project)["token"] == "[secret]"
    assert outputs(project, show_secrets=True)["joined"] == f"rediss://:{SECRET}@host"


def test_what_is_not_known_yet_is_shown_in_words(stack: Stack) -> None:
    result = stack.deployment_of("""
    a = Thing("a")
    pulumi.export("arn", a.arn)
    pulumi.export("deep", {"list": [a.arn, 1]})
    """).preview()
    assert result.outputs == {"arn": "[unknown]", "deep": {"list": ["[unknown]", 1]}}
