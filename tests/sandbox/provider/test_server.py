"""The provider over gRPC: as an engine attaches to it, and with a real engine where there is one."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.provider import start_server
from sandbox.provider.tables import TYPES
from tests.sandbox.provider.driver import REGION, token_of, urn
from tests.sandbox.provider.test_failures import FAKE, Fake, refusal


def bag(values):
    return json_format.ParseDict(values, struct_pb2.Struct())


def plain(struct):
    return json_format.MessageToDict(struct)


@pytest.fixture(scope="module")
def stub(api_url, assets):
    with grpc.insecure_channel(f"127.0.0.1:{start_server(api_url, REGION, assets)}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


@pytest.fixture
def fake(monkeypatch):
    made = Fake()
    monkeypatch.setitem(TYPES, token_of(FAKE), made.row())
    return made


def failure(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    return caught.value


def test_an_engine_attaches_and_is_told_to_go_on_without_a_handshake(stub):
    assert stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1")) == empty_pb2.Empty()
    refused = failure(stub.Handshake, provider_pb2.ProviderHandshakeRequest())
    assert refused.code() is grpc.StatusCode.UNIMPLEMENTED
    assert stub.GetPluginInfo(empty_pb2.Empty()).version


def test_no_setting_of_the_provider_replaces_it(stub):
    request = provider_pb2.DiffRequest(olds=bag({"region": REGION}), news=bag({"region": "us-east-1"}))
    assert stub.DiffConfig(request).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_refused_input_arrives_as_a_check_failure(stub):
    answer = stub.Check(
        provider_pb2.CheckRequest(urn=urn("ec2/Vpc", "main"), news=bag({"cidr": "10.0.0.0/16"}))
    )
    assert [(each.property, each.reason) for each in answer.failures] == [
        ("cidr", "aws:ec2/vpc:Vpc: input 'cidr' is not modelled by the sandbox"),
        ("cidrBlock", "aws:ec2/vpc:Vpc: missing required input 'cidrBlock'"),
    ]


def test_an_error_is_one_line_without_a_traceback(stub):
    request = provider_pb2.CreateRequest(
        urn=urn("ec2/Subnet", "s"), properties=bag({"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"})
    )
    assert failure(stub.Create, request).details() == (
        "CreateSubnet: InvalidVpcID.NotFound: VpcID vpc-1 does not exist."
    )
    other = provider_pb2.CheckRequest(urn="urn:pulumi:dev::p::aws:sqs/queue:Queue::q")
    assert failure(stub.Check, other).details() == (
        "aws:sqs/queue:Queue: this resource type is not modelled by the sandbox"
    )


def test_what_is_half_made_is_handed_over_with_its_id_and_state(stub, fake):
    fake.failures["ready"].append(refusal("Broken"))
    fake.failures["delete"].append(refusal("Denied"))
    request = provider_pb2.CreateRequest(urn=urn(FAKE, "it"), properties=bag({"size": "small"}))
    refused = failure(stub.Create, request)
    status = status_pb2.Status()
    status.ParseFromString(dict(refused.trailing_metadata())["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, plain(detail.properties)["size"]) == ("fake-1", "small")
    assert list(detail.reasons) == [refused.details()]


def test_an_asset_passes_through_with_its_hash_and_is_compared_by_it(stub, network, assets):
    (assets / "wire.txt").write_text("one")
    asset = {rpc._special_sig_key: rpc._special_asset_sig, "path": "wire.txt", "hash": "h1"}
    given = {"bucket": network.bucket, "key": "wire", "source": asset}
    name = urn("s3/BucketObjectv2", "o")
    checked = stub.Check(provider_pb2.CheckRequest(urn=name, news=bag(given)))
    assert plain(checked.inputs)["source"] == asset
    made = stub.Create(provider_pb2.CreateRequest(urn=name, properties=checked.inputs))
    assert plain(made.properties)["source"] == asset

    # Later an engine sends hashes only.
    def diff(digest):
        elided = {rpc._special_sig_key: rpc._special_asset_sig, "hash": digest}
        old, new = plain(made.properties) | {"source": elided}, given | {"source": elided}
        request = provider_pb2.DiffRequest(urn=name, id=made.id, olds=bag(old), news=bag(new))
        return list(stub.Diff(request).diffs)

    assert diff("h1") == []
    assert diff("h2") == ["source"]
    stub.Delete(provider_pb2.DeleteRequest(urn=name, id=made.id, properties=made.properties))
