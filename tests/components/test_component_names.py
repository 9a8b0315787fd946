"""Names of components, of 1 to 32 characters, become names that every limit of AWS takes; longer ones are refused."""

from __future__ import annotations

import pytest

from components.problems import ConfigurationError
from tests.components.complete import COMPLETE, ZONES
from tests.components.test_schema import COMPONENTS
from tests.recorder import deploy

pytestmark = pytest.mark.usefixtures("one_bundle")

_SUFFIX = 8  # a hyphen and the seven characters that Pulumi adds
# From the API references; what is not here has no name in AWS, or its id is AWS's own.
LIMITS = {
    "aws:cloudwatch/dashboard:Dashboard": 255,
    "aws:cloudwatch/logGroup:LogGroup": 512,
    "aws:cloudwatch/metricAlarm:MetricAlarm": 255,
    "aws:ec2/securityGroup:SecurityGroup": 255,
    "aws:elasticache/cluster:Cluster": 50,
    "aws:elasticache/parameterGroup:ParameterGroup": 255,
    "aws:elasticache/replicationGroup:ReplicationGroup": 40,
    "aws:elasticache/subnetGroup:SubnetGroup": 255,
    "aws:iam/instanceProfile:InstanceProfile": 128,
    "aws:iam/role:Role": 64,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:kms/alias:Alias": 256,
    "aws:lambda/function:Function": 64,
    "aws:rds/instance:Instance": 63,
    "aws:rds/parameterGroup:ParameterGroup": 255,
    "aws:rds/subnetGroup:SubnetGroup": 255,
    "aws:s3/bucket:Bucket": 63,
    "aws:secretsmanager/secret:Secret": 512,
    "aws:sns/topic:Topic": 256,
    "aws:ssm/parameter:Parameter": 1011,
}
OWN_NAME = ("name", "bucket", "dashboardName", "identifier", "replicationGroupId", "clusterId")


def declare(component, name):
    args = dict(COMPLETE[component.__name__])
    if component.__name__ in ("RedisCache", "MemcachedCache"):
        args["parameters"] = {"timeout" if component.__name__ == "RedisCache" else "idle_timeout": 60}
    # What exists is looked up: each subnet is where it is said to be.
    subnets = {id_: {"id": id_, "availabilityZone": zone, "vpcId": "vpc-1"} for zone, id_ in ZONES.items()}
    lookups = {
        "aws:ec2/getSubnet:getSubnet": lambda arguments: subnets[arguments["id"]],
        "aws:ec2/getVpc:getVpc": {"id": "vpc-1", "cidrBlock": "10.20.0.0/16"},
        "aws:ec2/getPrefixList:getPrefixList": {"id": "pl-1"},
        "aws:ec2/getManagedPrefixList:getManagedPrefixList": {"id": "pl-1"},
    }
    return deploy(lambda: component(name, args), invokes=lookups)


def test_every_component_has_arguments_that_are_complete():
    assert sorted(COMPLETE) == sorted(component.__name__ for component in COMPONENTS)


@pytest.mark.parametrize("name", ["c", "c" * 32])
@pytest.mark.parametrize("component", COMPONENTS, ids=lambda item: item.__name__)
def test_a_name_of_1_to_32_characters_fits_every_limit(component, name):
    run = declare(component, name)

    children = [item for item in run.resources.values() if item.custom]
    assert children
    for item in children:
        own = next((item.inputs[key] for key in OWN_NAME if key in item.inputs), None)
        length = len(own) if own else len(item.name) + _SUFFIX
        assert length <= LIMITS.get(item.type, 512), f"{item.type} {own or item.name}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("c" * 33, "must have 1-32 characters"),
        ("", "must have 1-32 characters"),
        ("Cache", "must be a-z, 0-9 and single hyphens"),
        ("a--b", "must be a-z, 0-9 and single hyphens"),
        ("9c", "must be a-z, 0-9 and single hyphens"),
        ("c-", "must be a-z, 0-9 and single hyphens"),
    ],
)
@pytest.mark.parametrize("component", COMPONENTS, ids=lambda item: item.__name__)
def test_another_name_is_refused_by_name(component, name, reason):
    with pytest.raises(ConfigurationError) as refused:
        declare(component, name)

    assert [problem.path for problem in refused.value.problems] == ["name"]
    assert repr(name) in str(refused.value)
    assert reason in str(refused.value)
