"""A provider of the caller's, which says region and account, is what everything goes through."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pytest

from components.existing_network import ExistingNetwork
from tests.components.complete import COMPLETE
from tests.components.test_schema import COMPONENTS
from tests.snapshots.declared import MORE

pytestmark = pytest.mark.usefixtures("one_bundle")

ELSEWHERE = "urn:pulumi:dev::aws-cache::pulumi:providers:aws::elsewhere::elsewhere-id"
BUILT_IN = ("pulumi:providers:aws", "pulumi:index:Stash")
LOOKING_UP = {
    *(
        "AlarmTopic",
        "CacheAlarms",
        "ClientFunction",
        "ClientInstances",
        "EndpointParameter",
        "ExistingNetwork",
    ),
    *("FlowLogs", "Network", "WebServer"),
}


def elsewhere() -> aws.Provider:
    return aws.Provider("elsewhere", region="us-east-1")


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda item: item.__name__)
def test_every_resource_and_lookup_goes_through_the_callers_provider(deploy, component):
    name = component.__name__
    args = {**COMPLETE[name], **MORE.get(name, {})}

    run = deploy(lambda: component("it", args, pulumi.ResourceOptions(providers=[elsewhere()])))

    resources = [item for item in run.resources.values() if item.custom and item.type not in BUILT_IN]
    assert {item.provider for item in resources} == {ELSEWHERE}
    assert run.lookup_providers == ({ELSEWHERE} if name in LOOKING_UP else set())


class Whole(pulumi.ComponentResource):
    """What hands its provider down."""

    def __init__(self, provider: aws.Provider) -> None:
        super().__init__("test:index:Whole", "whole", None, pulumi.ResourceOptions(providers=[provider]))


@pytest.mark.parametrize(
    "options",
    [
        lambda: pulumi.ResourceOptions(provider=elsewhere()),
        lambda: pulumi.ResourceOptions(providers={"aws": elsewhere()}),
        lambda: pulumi.ResourceOptions(parent=Whole(elsewhere())),
    ],
    ids=["provider", "providers", "parent"],
)
def test_an_existing_network_is_looked_up_where_it_is(deploy, options: Callable[[], pulumi.ResourceOptions]):
    args = {**COMPLETE["ExistingNetwork"], **MORE["ExistingNetwork"]}

    run = deploy(lambda: ExistingNetwork("net", args, options()))

    assert len([token for token, _ in run.invokes if token == "aws:ec2/getSubnet:getSubnet"]) == 1
    assert run.lookup_providers == {ELSEWHERE}


def test_without_one_the_default_provider_is_asked(deploy):
    run = deploy(lambda: ExistingNetwork("net", {**COMPLETE["ExistingNetwork"], **MORE["ExistingNetwork"]}))

    assert run.lookup_providers == {""}
