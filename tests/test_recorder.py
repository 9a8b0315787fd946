"""The recorder records what the engine would see, and refuses what the engine would refuse."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from tests.recorder import UNKNOWN, deploy

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
URN = "urn:pulumi:dev::aws-cache::"


class Shelf(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("aws-cache:index:Shelf", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.group = aws.cloudwatch.LogGroup(name, retention_in_days=7, opts=child)
        self.register_outputs({"group": self.group.name, "token": pulumi.Output.secret("hush")})


def test_a_child_is_recorded_with_its_chain_of_types_its_parent_and_its_inputs():
    run = deploy(lambda: Shelf("books", pulumi.ResourceOptions(protect=True)))

    group = run.one(LOG_GROUP)
    assert group.urn == f"{URN}aws-cache:index:Shelf${LOG_GROUP}::books"
    assert group.parent == f"{URN}aws-cache:index:Shelf::books"
    assert group.inputs == {"retentionInDays": 7}
    assert group.protect
    assert run.ancestors(group) == ["books"]
    assert run.counts() == {"aws-cache:index:Shelf": 1, LOG_GROUP: 1}


def test_component_outputs_and_exports_are_recorded_with_their_secrets():
    def program():
        shelf = Shelf("books")
        pulumi.export("name", shelf.group.name)
        pulumi.export("nested", {"token": pulumi.Output.secret("hush")})

    run = deploy(program)

    shelf = run.one("aws-cache:index:Shelf")
    assert shelf.outputs == {"group": "books-1234567", "token": "hush"}
    assert shelf.secret_outputs == {"token"}
    assert run.stack.outputs == {"name": "books-1234567", "nested": {"token": "hush"}}
    assert run.stack.secret_outputs == {"nested.token"}


def test_a_secret_input_stays_secret_in_the_resource_and_in_what_is_made_of_it():
    def program():
        first = aws.ssm.Parameter("first", type="SecureString", value=pulumi.Output.secret("hush"))
        aws.ssm.Parameter("second", type="String", value=pulumi.Output.concat("say ", first.value))

    run = deploy(program)

    second = run.one("aws:ssm/parameter:Parameter", "second")
    assert second.inputs["value"] == "say hush"
    assert second.secrets == {"value"}
    assert second.dependencies == {f"{URN}aws:ssm/parameter:Parameter::first"}


def test_two_resources_of_one_name_are_refused():
    def program():
        aws.cloudwatch.LogGroup("twin")
        aws.cloudwatch.LogGroup("twin")

    with pytest.raises(Exception, match="Duplicate resource URN"):
        deploy(program)


def test_a_lookup_nobody_expected_is_refused():
    with pytest.raises(Exception, match="unexpected lookup aws:index/getRegions:getRegions"):
        deploy(lambda: aws.get_regions())


def test_an_assertion_inside_an_apply_is_not_lost():
    def check(name):
        assert name == "other"

    with pytest.raises(AssertionError):
        deploy(lambda: aws.cloudwatch.LogGroup("books").name.apply(check))


def test_a_preview_leaves_computed_outputs_unknown():
    run = deploy(lambda: Shelf("books"), preview=True)

    assert run.one("aws-cache:index:Shelf").outputs["group"] == UNKNOWN


def test_warnings_are_kept_with_the_resource_they_are_about():
    run = deploy(lambda: pulumi.log.warn("mind the shelf", resource=Shelf("books")))

    assert run.warnings == ["mind the shelf"]
    assert run.logs[0][2].endswith("::books")


def test_one_run_leaves_nothing_to_the_next():
    deploy(lambda: Shelf("books"), config={"aws-cache:size": "1"})

    run = deploy(lambda: pulumi.Config().get("size"))

    assert run.result is None
    assert run.counts() == {}
