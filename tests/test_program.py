"""The whole program under the recorder: what the shipped environments declare and export.

That what is declared works is for the sandbox to prove; here it is counted.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
import yaml

from components.problems import ConfigurationError
from tests.recorder import deploy

ROOT = Path(__file__).resolve().parent.parent
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
PARAMETER = "aws:ssm/parameter:Parameter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
UNTAGGABLE = {
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/alias:Alias",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "pulumi:index:Stash",
}
OUTPUTS = {
    *("engine", "engine_version", "host", "reader_host", "port", "tls", "member_ids"),
    *("endpoint_parameter", "connection_parameter", "client_instance_ids", "client_function_name"),
    *("vpc_id", "region"),
}


def stack_file(stack):
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def run(stack="dev", preview=False, as_stack=None, **sections):
    changed = {f"aws-cache:{name}": json.dumps(value) for name, value in sections.items()}
    return deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py"))["cache"],
        config={**stack_file(stack), **changed},
        stack=as_stack or stack,
        preview=preview,
    )


@pytest.fixture(scope="module")
def dev():
    return run()


def test_dev_is_exactly_these_resources(dev):
    assert dev.counts() == {
        "aws-cache:index:Network": 1,
        "aws-cache:index:RedisCache": 1,
        "aws-cache:index:EndpointParameter": 1,
        "aws-cache:index:ClientInstances": 1,
        "aws-cache:index:ClientBundle": 1,
        "aws-cache:index:ClientFunction": 1,
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/subnet:Subnet": 2,
        "aws:ec2/routeTable:RouteTable": 2,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 2,
        "aws:ec2/vpcEndpoint:VpcEndpoint": 3,
        "aws:ec2/securityGroup:SecurityGroup": 6,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 3,
        GROUP: 1,
        "aws:elasticache/subnetGroup:SubnetGroup": 1,
        "aws:cloudwatch/logGroup:LogGroup": 3,
        "pulumi:index:Stash": 1,
        "aws:kms/key:Key": 1,
        "aws:kms/alias:Alias": 1,
        PARAMETER: 2,
        "aws:s3/bucket:Bucket": 1,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
        "aws:s3/bucketObjectv2:BucketObjectv2": 1,
        "aws:iam/role:Role": 2,
        "aws:iam/rolePolicy:RolePolicy": 6,
        "aws:iam/instanceProfile:InstanceProfile": 1,
        "aws:ec2/instance:Instance": 1,
        "aws:lambda/function:Function": 1,
    }


def test_dev_exports_the_outputs_of_a_redis_cache_and_its_clients(dev):
    assert set(dev.stack.outputs) == OUTPUTS
    assert dev.stack.outputs["connection_parameter"] == "/pulumi/aws-cache/dev/connection"
    assert dev.stack.outputs["client_instance_ids"] == {"app": "client-app-id"}
    assert dev.stack.outputs["member_ids"] == ["cache-id-001", "cache-id-002"]
    assert dev.stack.outputs["region"] == "eu-west-1"


def test_no_secret_is_exported(dev):
    token = dev.one(GROUP).inputs["authToken"]

    assert dev.stack.secret_outputs == set()
    assert token not in str(dev.stack.outputs)


@pytest.mark.parametrize("preview", [False, True])
def test_the_token_is_secret_wherever_the_program_carries_it(preview):
    declared = run(preview=preview)
    token = declared.one(GROUP).inputs["authToken"]

    carriers = set()
    for item in declared.resources.values():
        for values, secrets in ((item.inputs, item.secrets), (item.outputs, item.secret_outputs)):
            for key, value in values.items():
                if token in str(value):
                    assert any(path == key or path.startswith(f"{key}.") for path in secrets), (
                        f"{item.name}.{key}"
                    )
                    carriers.add(item.type)
    assert {GROUP, "pulumi:index:Stash"} <= carriers


def test_the_clients_get_the_name_of_the_connection_and_the_right_to_read_it(dev):
    connection = "/pulumi/aws-cache/dev/connection"

    variables = dev.one("aws:lambda/function:Function").inputs["environment"]["variables"]
    assert variables["CACHE_PARAMETER"] == connection
    policies = dev.of_type("aws:iam/rolePolicy:RolePolicy")
    for name in ("client-connection", "function-connection"):
        assert f"parameter{connection}" in policies[name].inputs["policy"]


def test_the_clients_join_the_groups_that_reach_the_cache_and_the_endpoints(dev):
    joined = ["cache-client-id", "network-endpoint-client-id"]

    instance = dev.one("aws:ec2/instance:Instance").inputs
    function = dev.one("aws:lambda/function:Function").inputs
    assert instance["vpcSecurityGroupIds"][1:] == joined
    assert function["vpcConfig"]["securityGroupIds"][1:] == joined


def test_every_resource_belongs_to_a_component(dev):
    assert not [item.urn for item in dev.resources.values() if item.custom and not dev.ancestors(item)]


def test_the_stacks_tags_reach_everything_that_can_have_them(dev):
    untagged = {
        item.type
        for item in dev.resources.values()
        if item.custom and item.inputs.get("tags", {}).get("environment") != "dev"
    }

    assert untagged == UNTAGGABLE


def test_without_clients_their_outputs_are_absent():
    declared = run(clients={})

    assert set(declared.stack.outputs) == {name for name in OUTPUTS if not name.startswith("client_")}
    assert not any(item.type.startswith("aws:iam/") for item in declared.resources.values())


def test_without_replicas_there_is_no_reader_host():
    declared = run(cache={"replicas": 0}, clients={})

    assert set(OUTPUTS) - set(declared.stack.outputs) >= {"reader_host"}
    assert "reader_host" not in declared.one(PARAMETER, "endpoint-connection").inputs["value"]


def test_instances_with_public_addresses_stand_in_a_public_subnet_and_others_do_not():
    zones = ["eu-west-1a", "eu-west-1b"]
    network = {"availability_zones": zones, "public_subnets": {"eu-west-1c": "planned"}}
    public = run(network=network, clients={"instances": ["app"], "public_address": True, "function": True})
    private = run(network=network, clients={"instances": ["app"]})

    instance = "aws:ec2/instance:Instance"
    assert public.one(instance).inputs["subnetId"] == "network-public-eu-west-1c-id"
    assert private.one(instance).inputs["subnetId"].startswith("network-private-")
    subnets = public.one("aws:lambda/function:Function").inputs["vpcConfig"]["subnetIds"]
    assert subnets == [f"network-private-{zone}-id" for zone in zones]


def test_memcached_is_the_same_program_without_token_and_reader():
    declared = run(cache={"engine": "memcached", "node_count": 3})

    host = "cache-id.abc123.cfg.euw1.cache.amazonaws.com"
    assert json.loads(declared.one(PARAMETER, "endpoint-connection").inputs["value"]) == {
        "engine": "memcached",
        "host": host,
        "port": 11211,
        "tls": True,
    }
    assert declared.one(PARAMETER, "endpoint-endpoint").inputs["value"] == f"{host}:11211"
    assert set(declared.stack.outputs) == (OUTPUTS - {"reader_host"}) | {"node_addresses"}
    assert declared.stack.outputs["member_ids"] == ["0001", "0002", "0003"]
    assert declared.of_type(GROUP) == {}
    assert declared.stack.secret_outputs == set()


def test_alarms_watch_the_nodes_of_the_cache_by_their_real_ids():
    declared = run(alarms={"emails": ["a@example.com"]})
    watched = run(cache={"engine": "memcached", "node_count": 3}, alarms={"enabled": True})

    def dimensions(made):
        return [
            item.inputs["dimensions"] for item in made.of_type(ALARM).values() if "-cpu-percent-" in item.name
        ]

    assert dimensions(declared) == [{"CacheClusterId": name} for name in declared.stack.outputs["member_ids"]]
    assert dimensions(watched) == [
        {"CacheClusterId": "cache-id", "CacheNodeId": node} for node in ("0001", "0002", "0003")
    ]
    assert run().of_type(ALARM) == {}


def test_prod_turns_the_dial():
    declared = run("prod")
    group = declared.one(GROUP)

    assert group.protect
    assert (group.inputs["numCacheClusters"], group.inputs["nodeType"]) == (3, "cache.r7g.large")
    assert (group.inputs["snapshotRetentionLimit"], group.inputs["snapshotWindow"]) == (14, "03:00-04:00")
    assert "finalSnapshotIdentifier" in group.inputs
    assert declared.counts()[ALARM] == 3 * 9
    assert declared.counts()["aws:sns/topicSubscription:TopicSubscription"] == 1


def test_the_web_server_is_a_client_of_the_cache_and_of_its_own_database():
    network = {
        "availability_zones": ["eu-west-1a", "eu-west-1b"],
        "public_subnets": {"eu-west-1a": "planned"},
        "interface_endpoints": ["ssm", "ssmmessages", "secretsmanager"],
    }
    declared = run(network=network, web={"allowed_cidr_blocks": {"office": "203.0.113.0/24"}})
    outputs = declared.stack.outputs
    instance = declared.one("aws:ec2/instance:Instance", "demo-web")

    assert outputs["client_instance_ids"] == {"app": "client-app-id", "web": "demo-web-id"}
    assert (outputs["web_address"], outputs["web_url"]) == ("198.51.100.7", "http://198.51.100.7:8008")
    assert (outputs["database_port"], outputs["database_secret_name"]) == (3306, "rds!db-0a1b2c3d")
    assert outputs["database_host"].startswith("database-id.")
    assert instance.inputs["vpcSecurityGroupIds"][1:] == [
        "cache-client-id",
        "network-endpoint-client-id",
        "database-client-id",
    ]
    policies = [item.name for item in declared.of_type("aws:iam/rolePolicy:RolePolicy").values()]
    assert {"demo-connection", "demo-database"} <= set(policies)
    assert instance.inputs["subnetId"] == "network-public-eu-west-1a-id"
    hidden = run(network=network, web={"public_address": False})
    private = hidden.one("aws:ec2/instance:Instance", "demo-web").inputs["subnetId"]
    assert private.startswith("network-private-eu-west-1")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_shipped_environments_warn_of_nothing(stack):
    assert run(stack).warnings == []


def test_a_configuration_error_stops_the_program_before_anything_is_registered():
    with pytest.raises(
        ConfigurationError, match=r"1 problem in the configuration of aws-cache \(stack dev\)"
    ):
        run(cache={"replicas": 9})


def test_the_project_describes_every_section_and_gives_it_an_empty_default():
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))

    assert project["name"] == "aws-cache"
    for section in ("network", "cache", "endpoint", "clients", "alarms", "web", "tags"):
        assert project["config"][section]["type"] == "object"
        assert project["config"][section]["default"] == {}
        assert project["config"][section]["description"]
    assert len(project["config"]) == 7


def test_the_program_is_short():
    assert len((ROOT / "__main__.py").read_text("utf-8").splitlines()) <= 80
