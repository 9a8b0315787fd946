"""The examples under the recorder: each declares the figures of its system; that it works is shown elsewhere."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
import yaml

from tests.recorder import deploy

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))
SUBNET = "aws:ec2/subnet:Subnet"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
CLUSTER = "aws:elasticache/cluster:Cluster"
INSTANCE = "aws:ec2/instance:Instance"
FUNCTION = "aws:lambda/function:Function"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ABSENT_WITHOUT_INTERNET = {
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/route:Route",
}


def stack_file(name):
    return yaml.safe_load((ROOT / "examples" / f"{name}.yaml").read_text("utf-8"))["config"]


@pytest.fixture(scope="module")
def declared(request):
    """Each example's deployment, made once."""
    made = {}

    def example(name):
        if name not in made:
            config = {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in stack_file(name).items()
            }
            made[name] = deploy(lambda: runpy.run_path(str(ROOT / "__main__.py")), config=config, stack=name)
        return made[name]

    return example


def subnets(declared):
    found = declared.of_type(SUBNET)
    return {name: (one.inputs["availabilityZone"], one.inputs["cidrBlock"]) for name, one in found.items()}


def only_from(declared, port):
    """Group of the target -> the groups and ranges it admits at this port."""
    return {
        (one.inputs["securityGroupId"], one.inputs.get("referencedSecurityGroupId") or one.inputs["cidrIpv4"])
        for one in declared.of_type(INGRESS).values()
        if one.inputs["fromPort"] == port
    }


def services(declared):
    return {one.inputs["serviceName"].rpartition(".")[2] for one in declared.of_type(ENDPOINT).values()}


def test_there_is_an_example_of_every_system():
    assert EXAMPLES == ["memcached-discovery", "memcached-pair", "redis-ha", "single-node", "web-demo"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_warns_of_nothing_and_says_what_it_is(declared, name):
    assert declared(name).warnings == []
    assert stack_file(name)["aws-cache:tags"] == {"example": name}
    text = (ROOT / "examples" / f"{name}.yaml").read_text("utf-8")
    assert text.startswith("# ")
    assert {len(line) > 120 for line in text.splitlines()} == {False}


def test_the_pair_has_the_figures_of_its_system(declared):
    pair = declared("memcached-pair")
    cluster = pair.one(CLUSTER).inputs

    assert {key: cluster[key] for key in ("engine", "engineVersion", "numCacheNodes", "azMode", "port")} == {
        "engine": "memcached",
        "engineVersion": "1.6.22",
        "numCacheNodes": 2,
        "azMode": "cross-az",
        "port": 11211,
    }
    assert cluster["transitEncryptionEnabled"] is False
    names = {one.inputs["name"] for one in pair.of_type("aws:ssm/parameter:Parameter").values()}
    assert names == {"/app-10/endpoint", "/app-10/connection"}
    assert pair.one("aws:kms/alias:Alias").inputs["name"] == "alias/app-10"
    assert pair.one("aws:kms/key:Key", "endpoint").inputs["enableKeyRotation"] is True
    assert len(pair.of_type("aws:elasticache/subnetGroup:SubnetGroup")) == 1
    assert pair.counts().keys().isdisjoint(ABSENT_WITHOUT_INTERNET)


def test_the_pairs_instances_are_closed_and_watched(declared):
    pair = declared("memcached-pair")
    found = pair.of_type(INSTANCE)

    assert set(found) == {"client-write", "client-read"}
    for one in found.values():
        assert one.inputs["monitoring"] is True
        assert one.inputs["metadataOptions"]["httpTokens"] == "required"
        assert one.inputs["rootBlockDevice"]["encrypted"] is True
        assert one.inputs["associatePublicIpAddress"] is False
    assert only_from(pair, 11211) == {("cache-id", "cache-client-id")}
    assert {target for target, _ in only_from(pair, 443)} == {"network-endpoint-id"}
    assert len(pair.of_type(INGRESS)) == 2
    assert pair.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs["ingress"] == []


def test_the_pairs_flow_logs_are_kept_for_a_year_under_their_own_key(declared):
    pair = declared("memcached-pair")
    days = [
        one.inputs["retentionInDays"]
        for one in pair.of_type("aws:cloudwatch/logGroup:LogGroup").values()
        if one.inputs.get("kmsKeyId")
    ]

    assert days == [365]
    assert pair.one("aws:ec2/flowLog:FlowLog").inputs["trafficType"] == "ALL"
    assert len(pair.of_type("aws:kms/key:Key")) == 2


def test_redis_ha_has_the_figures_of_its_system(declared):
    made = declared("redis-ha")
    group = made.one(GROUP).inputs

    assert {
        key: group[key]
        for key in ("numCacheClusters", "nodeType", "port", "multiAzEnabled", "automaticFailoverEnabled")
    } == {
        "numCacheClusters": 2,
        "nodeType": "cache.t4g.micro",
        "port": 6379,
        "multiAzEnabled": True,
        "automaticFailoverEnabled": True,
    }
    assert group["preferredCacheClusterAzs"] == ["eu-west-1a", "eu-west-1b"]
    assert (group["transitEncryptionEnabled"], group["atRestEncryptionEnabled"]) == (True, True)
    assert services(made) == {"s3", "ssm", "ssmmessages"}
    assert made.counts().keys().isdisjoint(ABSENT_WITHOUT_INTERNET)
    assert only_from(made, 6379) == {("cache-id", "cache-client-id")}


def test_instance_and_function_of_redis_ha_have_a_subnet_and_a_group_each(declared):
    made = declared("redis-ha")
    instance, function = made.one(INSTANCE).inputs, made.one(FUNCTION).inputs

    assert instance["subnetId"] == "network-private-eu-west-1a-id"
    assert function["vpcConfig"]["subnetIds"] == ["network-private-eu-west-1b-id"]
    assert instance["vpcSecurityGroupIds"][0] == "client-id"
    assert function["vpcConfig"]["securityGroupIds"][0] == "function-id"
    assert function["architectures"] == ["arm64"]
    assert function["handler"] == "client.tutorials.redis_handler.handler"
    assert made.one("aws:lambda/functionUrl:FunctionUrl").inputs["authorizationType"] == "AWS_IAM"


def test_discovery_begins_with_two_nodes_and_a_function_that_sets_a_uuid(declared):
    made = declared("memcached-discovery")

    assert made.one(CLUSTER).inputs["numCacheNodes"] == 2
    assert made.one(CLUSTER).inputs["transitEncryptionEnabled"] is True
    assert made.one(FUNCTION).inputs["handler"] == "client.tutorials.memcached_handler.handler"


def test_the_web_demo_opens_the_page_only_and_to_its_visitors_only(declared):
    made = declared("web-demo")

    assert only_from(made, 8008) == {("demo-id", "203.0.113.0/24")}
    assert only_from(made, 3306) == {("database-id", "database-client-id")}
    assert only_from(made, 6379) == {("cache-id", "cache-client-id")}
    assert len(made.of_type(INGRESS)) == 4
    assert made.one(INSTANCE).inputs["associatePublicIpAddress"] is True
    assert made.one(GROUP).inputs["numCacheClusters"] == 1
    assert services(made) == {"s3", "ssm", "ssmmessages", "secretsmanager"}
    assert made.stack.outputs["web_url"].endswith(":8008")


def test_the_single_node_has_exactly_the_address_plan_of_its_system(declared):
    made = declared("single-node")

    assert made.one("aws:ec2/vpc:Vpc").inputs["cidrBlock"] == "10.70.0.0/16"
    assert subnets(made) == {
        "network-private-eu-west-1a": ("eu-west-1a", "10.70.101.0/24"),
        "network-private-eu-west-1b": ("eu-west-1b", "10.70.102.0/24"),
        "network-public-eu-west-1c": ("eu-west-1c", "10.70.201.0/24"),
    }
    assert len(made.of_type("aws:ec2/internetGateway:InternetGateway")) == 1
    assert len(made.of_type("aws:ec2/routeTable:RouteTable")) == 3
    assert services(made) == {"s3"}
    assert (made.one(GROUP).inputs["numCacheClusters"], made.one(GROUP).inputs["nodeType"]) == (
        1,
        "cache.t4g.micro",
    )
    assert made.one(INSTANCE).inputs["subnetId"] == "network-public-eu-west-1c-id"
    assert "keyName" not in made.one(INSTANCE).inputs
    assert only_from(made, 6379) == {("cache-id", "cache-client-id")}
    assert len(made.of_type(INGRESS)) == 1
    assert {"host", "port", "engine_version"} <= set(made.stack.outputs)
