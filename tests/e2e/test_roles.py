"""What the roles of the default environment may do, asked from where they are used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .environment import Environment

pytestmark = [pytest.mark.system, pytest.mark.namespaces]

OTHERS = "arn:aws:ssm:eu-west-1:123456789012:parameter/of/others"
HIDDEN = "The ciphertext refers to a customer master key that does not exist"


REFUSED = 255
HOST_OF = """python3.11 -c 'import json, sys; print(json.load(sys.stdin)["host"])'"""


def aws(dev: Environment, words: str, code: int = 0) -> str:
    """Run the AWS CLI on the instance; what it said."""
    done = dev.sandbox("run", "app", "--", f"aws --region eu-west-1 --output text {words}", code=code)
    return done.stdout + done.stderr


def read(dev: Environment, name: str, code: int = 0, options: str = "--with-decryption") -> str:
    return aws(dev, f"ssm get-parameter --name {name} --query Parameter.Value {options}", code)


def role_of_the_instance(dev: Environment) -> str:
    instance = dev.boto("ec2").describe_instances()["Reservations"][0]["Instances"][0]
    profile = instance["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    found = dev.boto("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
    return found["Roles"][0]["RoleName"]


@contextmanager
def denied(dev: Environment, action: str) -> Iterator[None]:
    """The instance's role may not do this in the block."""
    iam, role = dev.boto("iam"), role_of_the_instance(dev)
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="denied", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied")


@pytest.fixture
def of_others(dev: Environment) -> Iterator[str]:
    """A parameter that is nobody's of this stack."""
    ssm, name = dev.boto("ssm"), "/of/others"
    ssm.put_parameter(Name=name, Value="secret of others", Type="SecureString")
    yield name
    ssm.delete_parameter(Name=name)


def test_the_instance_reads_its_connection(dev: Environment):
    said = read(dev, dev.outputs()["connection_parameter"], options=f"--with-decryption | {HOST_OF}")

    assert said.strip() == dev.outputs()["host"]


def test_the_instance_cannot_read_another_parameter(dev: Environment, of_others: str):
    said = read(dev, of_others, code=REFUSED)

    assert f"is not authorized to perform: ssm:GetParameter on resource: {OTHERS}" in said
    assert f"assumed-role/{role_of_the_instance(dev)}/{dev.outputs()['client_instance_ids']['app']}" in said
    assert "secret of others" not in said


def test_the_instance_cannot_list_its_way_to_parameters(dev: Environment):
    assert "ssm:DescribeParameters because no identity-based policy" in aws(
        dev, "ssm describe-parameters", REFUSED
    )
    assert "ssm:GetParametersByPath" in aws(dev, "ssm get-parameters-by-path --path / --recursive", REFUSED)


def test_the_value_is_closed_without_the_key(dev: Environment):
    name = dev.outputs()["connection_parameter"]

    with denied(dev, "kms:Decrypt"):
        assert HIDDEN in read(dev, name, code=REFUSED)
        locked = read(dev, name, options="")
        refused = dev.sandbox("run", "app", "--", "cache-client verify", code=None)

    assert dev.outputs()["host"] not in locked
    assert refused.returncode == 4
    assert HIDDEN in refused.stderr


def test_the_instance_cannot_read_a_secret(dev: Environment):
    secrets = dev.boto("secretsmanager")
    secrets.create_secret(Name="of-others", SecretString="secret of others")
    try:
        said = read(dev, "/aws/reference/secretsmanager/of-others", code=REFUSED)
    finally:
        secrets.delete_secret(SecretId="of-others", ForceDeleteWithoutRecovery=True)

    assert "AccessDeniedException" in said
    assert "secret of others" not in said


def test_the_instance_cannot_read_another_bucket(dev: Environment):
    s3 = dev.boto("s3")
    s3.create_bucket(Bucket="of-others", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="of-others", Key="x", Body=b"secret of others")
    try:
        assert "s3:ListAllMyBuckets" in aws(dev, "s3api list-buckets", REFUSED)
        assert "Forbidden" in aws(dev, "s3 cp s3://of-others/x -", 1)
    finally:
        s3.delete_object(Bucket="of-others", Key="x")
        s3.delete_bucket(Bucket="of-others")


def test_without_its_permissions_the_agent_takes_no_command(dev: Environment):
    with denied(dev, "ssmmessages:*"):
        said = dev.client("verify", "--from", "instances", code=None)

    assert said.returncode == 3
    assert "Systems Manager does not reach the instance" in said.stdout + said.stderr
    dev.client("verify", "--from", "instances")


def test_without_a_data_channel_there_is_no_session(dev: Environment):
    with denied(dev, "ssmmessages:CreateDataChannel"):
        said = dev.client("get", "city", "--tunnel", "app", code=3)

    assert "Systems Manager does not reach the instance" in said.stderr
