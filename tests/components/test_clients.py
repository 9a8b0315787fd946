"""The clients of a cache: what the instances and the function declare, and what they refuse."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pulumi
import pytest

from components.client_function import ClientFunction, check_client_function
from components.client_instances import ClientInstances
from components.instance_arguments import check_client_instances, instance_cpu, zone_of
from components.problems import ConfigurationError

ZONES = {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}
PLACE = {"vpc_id": "vpc-1", "subnet_ids": ZONES}
HERE = str(Path(__file__).parent)
SERVICE = {"name": "shop", "package": HERE, "command": "-m shop"}
INSTANCE, FUNCTION = "aws:ec2/instance:Instance", "aws:lambda/function:Function"


def instances(**args):
    return lambda: ClientInstances("client", {**PLACE, "instances": ["app"], **args})


def function(**args):
    return lambda: ClientFunction("function", {**PLACE, **args})


def test_two_instances_are_these_resources_and_no_others(deploy):
    counts = deploy(instances(instances=["write", "read"])).counts()

    assert counts == {
        "aws-cache:index:ClientInstances": 1,
        "aws-cache:index:ClientBundle": 1,
        "aws:s3/bucket:Bucket": 1,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
        "aws:s3/bucketObjectv2:BucketObjectv2": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 2,
        "aws:iam/instanceProfile:InstanceProfile": 1,
        "aws:ec2/securityGroup:SecurityGroup": 1,
        INSTANCE: 2,
    }


def test_an_instance_is_private_encrypted_and_asks_for_a_metadata_token(deploy):
    item = deploy(instances()).one(INSTANCE).inputs

    assert item["associatePublicIpAddress"] is False
    assert item["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert item["rootBlockDevice"]["encrypted"] is True
    assert "keyName" not in item


def test_each_argument_of_the_instances_reaches_its_property(deploy):
    deployed = deploy(
        instances(
            instance_type="m7i.large",
            security_group_ids=["sg-cache", "sg-endpoints"],
            detailed_monitoring=True,
            key_name="key",
            public_address=True,
            tags={"team": "cache"},
        )
    )
    item = deployed.one(INSTANCE).inputs

    assert item["instanceType"] == "m7i.large"
    assert item["vpcSecurityGroupIds"][1:] == ["sg-cache", "sg-endpoints"]
    assert (item["monitoring"], item["keyName"], item["associatePublicIpAddress"]) == (True, "key", True)
    assert item["tags"] == {"team": "cache", "Name": "client-app"}


def test_the_user_data_carries_environment_and_packages_and_no_placeholder(deploy):
    text = (
        deploy(instances(environment={"CACHE_PARAMETER": "/p/s/connection"}, packages=["htop"]))
        .one(INSTANCE)
        .inputs["userData"]
    )

    (encoded,) = re.findall(r"^ENVIRONMENT=(\S+)$", text, re.MULTILINE)
    assert base64.b64decode(encoded).decode().splitlines() == [
        "AWS_DEFAULT_REGION=eu-west-1",
        "AWS_REGION=eu-west-1",
        "CACHE_PARAMETER=/p/s/connection",
    ]
    assert "PACKAGES='redis6 htop'" in text
    assert "PYTHON=python3.11" in text
    assert not re.search(r"@[A-Z0-9]+@", text)


def test_the_role_may_use_the_agent_and_fetch_this_bundle_and_what_it_is_given(deploy):
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})

    deployed = deploy(instances(policies={"connection": policy}))

    found = {
        name: json.loads(item.inputs["policy"])
        for name, item in deployed.of_type("aws:iam/rolePolicy:RolePolicy").items()
    }
    assert set(found) == {"client-agent", "client-bundle", "client-connection"}
    assert "ssm:GetParameter" not in json.dumps(found["client-agent"])
    key = deployed.one("aws:s3/bucketObjectv2:BucketObjectv2").inputs["key"]
    assert found["client-bundle"]["Statement"][0]["Resource"].endswith(f"/{key}")
    assert deployed.one(INSTANCE).dependencies >= {
        item.urn for item in deployed.of_type("aws:iam/rolePolicy:RolePolicy").values()
    }


def test_a_newer_image_does_not_replace_the_instances(deploy):
    assert deploy(instances()).one(INSTANCE).ignore_changes == ("ami",)


def test_only_declared_traffic_may_come_in(deploy):
    rule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    assert deploy(instances()).of_type(rule) == {}

    found = deploy(instances(ingress={"ssh": {"port": 22, "cidr_block": "203.0.113.0/24"}})).one(rule)

    assert found.name == "client-ingress-ssh"
    assert {key: found.inputs[key] for key in ("fromPort", "toPort", "ipProtocol", "cidrIpv4")} == {
        "fromPort": 22,
        "toPort": 22,
        "ipProtocol": "tcp",
        "cidrIpv4": "203.0.113.0/24",
    }


def test_the_outputs_name_each_instance(deploy):
    component = deploy(instances(instances=["write", "read"])).one("aws-cache:index:ClientInstances")

    assert set(component.outputs["instance_ids"]) == {"write", "read"}
    assert set(component.outputs) == {
        *("instance_ids", "private_ips", "public_ips", "security_group_id", "role_name"),
    }


def test_no_instances_are_maps_without_names(deploy):
    outputs = deploy(instances(instances=[])).one("aws-cache:index:ClientInstances").outputs

    assert outputs["instance_ids"] == outputs["private_ips"] == outputs["public_ips"] == {}


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({"instances": ["App"]}, "instances", "must be 1-32 characters of a-z, 0-9 and hyphens"),
        ({"instances": ["app", "app"]}, "instances", "each name once, got 'app' more than once"),
        ({"instance_type": "cache.t4g.micro"}, "instance_type", "an EC2 type, not a cache node type"),
        ({"instance_type": "micro"}, "instance_type", "must look like t4g.micro, got 'micro'"),
        ({"security_group_ids": ["sg"] * 5}, "security_group_ids", "at most 4"),
        (
            {"ingress": {"all": {"port": 65536, "cidr_block": "10.0.0.0/8"}}},
            "ingress.all.port",
            "must be 1-65535, got 65536",
        ),
        (
            {"ingress": {"ssh": {"port": 0, "cidr_block": "10.0.0.0/8"}}},
            "ingress.ssh.port",
            "must be 1-65535, got 0",
        ),
        ({"ingress": {"ssh": {"port": 22}}}, "ingress.ssh", "needs either cidr_block or security_group_id"),
        (
            {"ingress": {"ssh": {"port": 22, "cidr_block": "0.0.0.0/0"}}},
            "ingress.ssh.cidr_block",
            "whole internet",
        ),
        (
            {"ingress": {"ssh": {"port": 22, "cidr_block": "10.0.0.1/8"}}},
            "ingress.ssh.cidr_block",
            "'10.0.0.1/8' has bits set behind its prefix; did you mean 10.0.0.0/8?",
        ),
        (
            {"ingress": {"ssh": {"port": 22, "cidr_block": "0.0.0.0/0.0.0.0"}}},
            "ingress.ssh.cidr_block",
            "'0.0.0.0/0.0.0.0' is to be written as 0.0.0.0/0",
        ),
        (
            {"ingress": {"ssh": {"port": 22, "cidr_block": "office"}}},
            "ingress.ssh.cidr_block",
            "must be an IPv4 range such as 203.0.113.0/24, got 'office'",
        ),
        ({"packages": ["htop", "-y"]}, "packages[1]", "must be the name of a package, got '-y'"),
        ({"packages": ["p" * 1000] * 5}, "packages", "at most 4000 characters in all"),
        ({"packages": ["\ud800"]}, "packages[0]", "must be text, got '\\ud800'"),
        ({"instance_typ": "t4g.micro"}, "instance_typ", "did you mean instance_type?"),
        ({"subnet_ids": {}}, "subnet_ids", "needs at least one subnet"),
        ({"subnet_ids": 5}, "subnet_ids", "must be a mapping of names to values, got 5"),
        ({"availability_zones": []}, "availability_zones", "must name at least one zone, or be left out"),
        (
            {"availability_zones": ["eu-west-1a", "eu-west-1a"]},
            "availability_zones[1]",
            "'eu-west-1a' is there twice",
        ),
        (
            {"availability_zones": ["eu-west-1c"]},
            "availability_zones[0]",
            "no subnet is in 'eu-west-1c': eu-west-1a or eu-west-1b",
        ),
        (
            {"files": {"bin/report": __file__}},
            "files.bin/report",
            "must be a path such as /usr/local/bin/report, of letters, digits and . _ -",
        ),
        ({"files": {"/bin/../report": __file__}}, "files./bin/../report", "must be a path such as"),
        ({"files": {"/bin/report": "/nowhere"}}, "files./bin/report", "there is no file '/nowhere'"),
        ({"service": {**SERVICE, "name": "Shop"}}, "service.name", "must be 1-32 characters of a-z, 0-9"),
        (
            {"service": {**SERVICE, "package": __file__}},
            "service.package",
            f"there is no folder {__file__!r}",
        ),
        (
            {"service": {**SERVICE, "requirements": HERE}},
            "service.requirements",
            f"there is no file {HERE!r}",
        ),
        ({"service": {**SERVICE, "command": " "}}, "service.command", "must be one line of words for Python"),
        (
            {"service": {**SERVICE, "prepare": "a\nb"}},
            "service.prepare",
            "must be one line of words for Python",
        ),
    ],
)
def test_wrong_arguments_of_the_instances_are_refused(args, path, words):
    problems = check_client_instances("client", {**PLACE, "instances": ["app"], **args}).problems

    assert [(problem.path, words in problem.message) for problem in problems] == [(path, True)]


@pytest.mark.parametrize("port", [1, 65535])
def test_any_port_may_be_opened_to_a_range_or_a_group(port):
    ingress = {
        "range": {"port": port, "cidr_block": "203.0.113.0/24"},
        "group": {"port": port, "security_group_id": "sg-9"},
    }

    given = {**PLACE, "instances": ["app"], "security_group_ids": ["sg"] * 4, "ingress": ingress}
    assert check_client_instances("client", given).problems == []


@pytest.mark.parametrize(
    ("instance_type", "cpu"),
    [
        ("t4g.micro", "arm64"),
        ("m6gd.large", "arm64"),
        ("c7gn.large", "arm64"),
        ("a1.large", "arm64"),
        ("t3.micro", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("m7i-flex.large", "x86_64"),
        ("r6id.large", "x86_64"),
    ],
)
def test_the_instance_type_decides_the_cpu_of_the_image(instance_type, cpu):
    assert instance_cpu(instance_type) == cpu


def test_an_instance_keeps_its_zone_when_others_come_and_go():
    zones = sorted(ZONES)

    assert {zone_of(f"app-{number}", zones) for number in range(20)} == set(zones)
    assert zone_of("app", zones) == zone_of("app", zones[::-1])


def test_another_zone_moves_no_instance_but_into_that_zone():
    names, before = [f"app-{number}" for number in range(300)], ["eu-west-1a", "eu-west-1b"]
    moved = [name for name in names if zone_of(name, [*before, "eu-west-1c"]) != zone_of(name, before)]

    assert 70 < len(moved) < 130
    assert {zone_of(name, [*before, "eu-west-1c"]) for name in moved} == {"eu-west-1c"}


def test_zones_may_be_chosen_among_those_with_subnets(deploy):
    chosen = deploy(instances(instances=["write", "read", "third"], availability_zones=["eu-west-1b"]))

    assert {item.inputs["subnetId"] for item in chosen.of_type(INSTANCE).values()} == {"subnet-b"}
    assert deploy(function(availability_zones=["eu-west-1b"])).one(FUNCTION).inputs["vpcConfig"][
        "subnetIds"
    ] == ["subnet-b"]


def test_the_function_is_these_resources_and_no_others(deploy):
    assert deploy(function()).counts() == {
        "aws-cache:index:ClientFunction": 1,
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 2,
        "aws:ec2/securityGroup:SecurityGroup": 1,
        FUNCTION: 1,
    }


def test_each_argument_of_the_function_reaches_its_property(deploy):
    deployed = deploy(
        function(
            security_group_ids=["sg-cache"],
            environment={"CACHE_PARAMETER": "/p/s/connection"},
            handler="mine.handler",
            timeout_seconds=30,
            memory_mib=512,
            tags={"team": "cache"},
        )
    )
    item = deployed.one(FUNCTION).inputs

    assert (item["handler"], item["timeout"], item["memorySize"]) == ("mine.handler", 30, 512)
    assert item["environment"] == {"variables": {"CACHE_PARAMETER": "/p/s/connection"}}
    assert item["vpcConfig"]["subnetIds"] == ["subnet-a", "subnet-b"]
    assert item["vpcConfig"]["securityGroupIds"][1:] == ["sg-cache"]
    assert item["loggingConfig"]["logGroup"] == deployed.one("aws:cloudwatch/logGroup:LogGroup").outputs.get(
        "name", "function-log-1234567"
    )
    assert item["tags"] == {"team": "cache"}


def test_a_signed_url_has_the_two_permissions_it_needs_and_no_public_principal(deploy):
    deployed = deploy(function(url="iam"))

    permissions = deployed.of_type("aws:lambda/permission:Permission")
    assert deployed.one("aws:lambda/functionUrl:FunctionUrl").inputs["authorizationType"] == "AWS_IAM"
    assert {item.inputs["action"] for item in permissions.values()} == {
        "lambda:InvokeFunctionUrl",
        "lambda:InvokeFunction",
    }
    assert {item.inputs["principal"] for item in permissions.values()} == {"123456789012"}


def test_a_public_url_needs_a_confirmation(deploy):
    with pytest.raises(ConfigurationError, match="allow_public_url: true"):
        deploy(function(url="public"))

    deployed = deploy(function(url="public", allow_public_url=True))

    assert deployed.one("aws:lambda/functionUrl:FunctionUrl").inputs["authorizationType"] == "NONE"


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({"url": "iamm"}, "url", "must be none, iam or public, got 'iamm'; did you mean iam?"),
        ({"timeout_seconds": 901}, "timeout_seconds", "must be 1-900, got 901"),
        ({"memory_mib": 64}, "memory_mib", "must be 128-10240, got 64"),
        ({"security_group_ids": ["sg"] * 5}, "security_group_ids", "at most 4"),
        ({"subnet_ids": {str(number): "subnet" for number in range(17)}}, "subnet_ids", "1-16"),
        ({"memory": 256}, "memory", "did you mean memory_mib?"),
    ],
)
def test_wrong_arguments_of_the_function_are_refused(args, path, words):
    problems = check_client_function("function", {**PLACE, **args}).problems

    assert [(problem.path, words in problem.message) for problem in problems] == [(path, True)]


def test_nothing_is_declared_when_arguments_are_wrong(deploy):
    registered = []

    def program():
        with pytest.raises(ConfigurationError):
            ClientInstances("client", {**PLACE, "instances": ["app"], "instance_type": "micro"})
        registered.append(pulumi.get_stack())

    assert deploy(program).counts() == {}
    assert registered == ["dev"]
