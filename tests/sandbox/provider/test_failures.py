"""What goes wrong: one line each, nothing half made, waits that end."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from botocore.exceptions import ClientError
from pulumi.provider.experimental import provider as protocol

from sandbox.provider import PartlyCreated, ProviderError
from sandbox.provider.fields import text
from sandbox.provider.resource_type import ResourceType
from sandbox.provider.tables import TYPES
from tests.sandbox.provider.driver import secret, token_of

FAKE = "test/Fake"


def refusal(code, message="no", operation="DoIt"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Fake:
    """A resource type in memory; its calls fail as long as the lists hold errors."""

    def __init__(self):
        self.exists = set()
        self.failures = {"create": [], "describe": [], "delete": [], "ready": []}

    def _maybe_fail(self, call):
        if self.failures[call]:
            raise self.failures[call].pop(0)

    def create(self, work, given):
        self._maybe_fail("create")
        self.exists.add("fake-1")
        return "fake-1"

    def describe(self, work, resource, state):
        self._maybe_fail("describe")
        return {"Size": "small"} if resource in self.exists else None

    def delete(self, work, resource, state):
        self._maybe_fail("delete")
        self.exists.discard(resource)

    def ready(self, work, resource, given):
        self._maybe_fail("ready")
        work.wait("it is ready", lambda: given.get("size") != "never")

    def row(self):
        return ResourceType(
            token_of(FAKE),
            "ec2",
            {"size": text("Size"), "token": text(secret=True, write_only=True)},
            create=self.create,
            describe=self.describe,
            delete=self.delete,
            ready=self.ready,
        )


@pytest.fixture
def fake(monkeypatch):
    made = Fake()
    monkeypatch.setitem(TYPES, token_of(FAKE), made.row())
    return made


def test_a_refusal_of_aws_is_one_line_with_operation_code_and_message(driver, network):
    with pytest.raises(ProviderError) as caught:
        driver.create("ec2/Subnet", vpcId=network.vpc, cidrBlock="10.99.0.0/24")
    assert str(caught.value) == "CreateSubnet: InvalidSubnet.Range: The CIDR '10.99.0.0/24' is invalid."


def test_a_server_that_is_away_is_one_line(assets):
    from sandbox.provider import AwsProvider
    from tests.sandbox.provider.driver import REGION, Driver

    provider = AwsProvider("http://127.0.0.1:1", REGION, assets)
    with pytest.raises(ProviderError) as caught:
        Driver(provider, "").create("ec2/Vpc", cidrBlock="10.0.0.0/16")
    assert "Could not connect to the endpoint URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    provider.close()


def test_what_could_not_be_finished_is_removed_again(driver):
    checked = driver.checked(
        "elasticache/ParameterGroup",
        "bad",
        {"family": "redis7", "parameters": [{"name": "nonsense", "value": "1"}]},
    )
    with pytest.raises(ProviderError, match=r"^ModifyCacheParameterGroup: InvalidParameterValue: ") as caught:
        driver.make("elasticache/ParameterGroup", "bad", checked)
    assert not isinstance(caught.value, PartlyCreated)
    assert driver.adopt("elasticache/ParameterGroup", "bad", checked) is None


def test_what_can_be_neither_finished_nor_removed_is_handed_over(driver, fake):
    fake.failures["ready"].append(refusal("Broken", "it does not start"))
    fake.failures["delete"].append(refusal("Denied", "not yours"))
    with pytest.raises(PartlyCreated) as caught:
        driver.create(FAKE, size="small", token=secret("sesame open"))
    assert caught.value.resource_id == "fake-1"
    assert caught.value.reasons == [
        "DoIt: Broken: it does not start; fake-1 is left half made: DoIt: Denied: not yours"
    ]
    assert caught.value.properties["size"].value == "small"
    assert caught.value.properties["token"].is_secret
    assert fake.exists == {"fake-1"}


def test_an_error_never_shows_a_secret(driver, fake):
    fake.failures["create"].append(refusal("Bad", "the token sesame open is weak"))
    with pytest.raises(ProviderError, match=r"^DoIt: Bad: the token \[secret\] is weak$"):
        driver.create(FAKE, token=secret("sesame open"))


def test_a_wait_ends_at_the_deadline_and_cleans_up(driver, fake):
    started = time.monotonic()
    with pytest.raises(ProviderError, match=r"^gave up waiting until it is ready$"):
        driver.make(FAKE, "slow", driver.checked(FAKE, "slow", {"size": "never"}), timeout=0.3)
    assert 0.1 < time.monotonic() - started < 5
    assert fake.exists == set()


def test_a_deletion_is_tried_again_while_something_uses_the_resource(driver, fake):
    resource = driver.create(FAKE, size="small")
    fake.failures["delete"] = [refusal("DependencyViolation")] * 3
    driver.delete(resource)
    assert fake.exists == set()


def test_a_deletion_that_stays_refused_ends_at_the_deadline_with_the_reason(driver, fake):
    resource = driver.create(FAKE, size="small")
    fake.failures["delete"] = [refusal("DependencyViolation", "still in use")] * 1000
    started = time.monotonic()
    with pytest.raises(ProviderError, match=r"^DoIt: DependencyViolation: still in use$"):
        driver.delete(resource, timeout=0.3)
    assert time.monotonic() - started < 5


def test_another_refusal_of_a_deletion_is_told_at_once(driver, fake):
    resource = driver.create(FAKE, size="small")
    fake.failures["delete"] = [refusal("UnauthorizedOperation")] * 2
    with pytest.raises(ProviderError, match=r"^DoIt: UnauthorizedOperation: no$"):
        driver.delete(resource)
    assert len(fake.failures["delete"]) == 1


def test_only_not_found_means_gone(driver, fake):
    resource = driver.create(FAKE, size="small")
    fake.failures["describe"] = [refusal("ThrottlingException", "slow down")]
    with pytest.raises(ProviderError, match=r"^DoIt: ThrottlingException: slow down$"):
        driver.read(resource)
    fake.failures["describe"] = [refusal("InvalidFakeID.NotFound")]
    assert driver.read(resource) is None


def test_a_fault_of_the_program_itself_names_its_kind(driver, fake):
    fake.failures["create"].append(KeyError("Vpcs"))
    with pytest.raises(ProviderError, match=r"^KeyError: 'Vpcs'$"):
        driver.create(FAKE)


def test_operations_run_at_the_same_time(driver, fake, monkeypatch):
    barrier = threading.Barrier(8, timeout=10)
    monkeypatch.setattr(Fake, "_maybe_fail", lambda self, call: call == "describe" and barrier.wait())
    resource = protocol.ReadRequest(f"urn:pulumi:test::p::{token_of(FAKE)}::it", "fake-1", {}, {})

    async def eight():
        return await asyncio.gather(*(driver.provider.read(resource) for _ in range(8)))

    assert len(asyncio.run(eight())) == 8
