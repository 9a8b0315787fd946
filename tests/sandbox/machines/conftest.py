"""A whole small cloud for each test file: API, hosts, a VPC with endpoints, a role, a bucket."""

from __future__ import annotations

import base64
import io
import json
import logging
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.api import commands, databases, functions, inspection, instances, publishing
from sandbox.api.context import Context
from sandbox.api.loading import load_moto
from sandbox.api.machine_tools import let_go
from sandbox.api.server import ApiServer, listen
from sandbox.hosts import Hosts, available
from sandbox.hosts.certificates import CertificateAuthority

REGION = "eu-west-1"
PROJECT = Path(__file__).resolve().parents[3]
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["ec2.amazonaws.com"]}}


class Cloud:
    """The API of one sandbox in this process, with boto3 clients and the few things that every test needs."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.ec2, self.ssm, self.s3 = self.client("ec2"), self.client("ssm"), self.client("s3")
        self.iam, self.lambda_, self.logs = self.client("iam"), self.client("lambda"), self.client("logs")
        self.vpc_id = self.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=self.vpc_id, **{attribute: {"Value": True}})
        self.subnet_id, self.table_id = self._subnet()
        self.group_id = self.ec2.create_security_group(GroupName="all", Description="all", VpcId=self.vpc_id)[
            "GroupId"
        ]
        self._open_inwards(self.group_id)
        self.role_arn = self._role()
        self.image_id = self.ec2.describe_images(Filters=[{"Name": "name", "Values": ["al2023-ami-*"]}])[
            "Images"
        ][0]["ImageId"]
        self.instances: instances.Instances = context.parts["instances"]
        self.s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": REGION})

    def client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
        options = {"endpoint_url": self.context.endpoint_url, "config": config, "region_name": REGION}
        return boto3.client(service, aws_access_key_id="test", aws_secret_access_key="test", **options)

    def add_endpoint(self, service: str) -> str:
        options: dict[str, Any] = {"VpcEndpointType": "Gateway", "RouteTableIds": [self.table_id]}
        if service != "s3":
            options = {
                "VpcEndpointType": "Interface",
                "SubnetIds": [self.subnet_id],
                "PrivateDnsEnabled": True,
            }
            options["SecurityGroupIds"] = [self.group_id]
        name = f"com.amazonaws.{REGION}.{service}"
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc_id, ServiceName=name, **options)
        return made["VpcEndpoint"]["VpcEndpointId"]

    def run_instance(self, script: str = "", *, profile: bool = True, name: str = "app") -> str:
        options = {"IamInstanceProfile": {"Name": "app"}} if profile else {}
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        made = self.ec2.run_instances(
            ImageId=self.image_id,
            InstanceType="t4g.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnet_id,
            SecurityGroupIds=[self.group_id],
            UserData=script,
            TagSpecifications=tags,
            **options,
        )
        self.launched = made["Instances"][0]
        return self.launched["InstanceId"]

    def wait_for_boot(self, instance_id: str, seconds: float = 30.0) -> dict[str, Any]:
        def over() -> dict[str, Any] | None:
            boot = self.instances.boots([instance_id])[0].as_dict()
            return boot if boot["state"] != "running" else None

        return until(over, seconds)

    def boot(self, script: str, **options: Any) -> str:
        """An instance whose user data has ended well."""
        instance_id = self.run_instance(script, **options)
        boot = self.wait_for_boot(instance_id)
        assert boot["state"] == "ready", boot
        return instance_id

    def send(self, instance_id: str, *lines: str, **parameters: list[str]) -> str:
        answer = self.ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": list(lines), **parameters},
        )
        return answer["Command"]["CommandId"]

    def command(self, instance_id: str, *lines: str, **parameters: list[str]) -> dict[str, Any]:
        """Run Command to its end: what GetCommandInvocation answers then."""
        asked = {"CommandId": self.send(instance_id, *lines, **parameters), "InstanceId": instance_id}

        def over() -> dict[str, Any] | None:
            answer = self.ssm.get_command_invocation(**asked)
            return answer if answer["Status"] not in ("Pending", "InProgress") else None

        return until(over, 30)

    def create_function(self, name: str, code: str, *, wait: bool = True, **options: Any) -> dict[str, Any]:
        """A function, its module `app` being `code`; active unless `wait` is False."""
        asked = {
            "FunctionName": name,
            "Code": {"ZipFile": archive({"app.py": code})},
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": self.role_arn,
            "VpcConfig": {"SubnetIds": [self.subnet_id], "SecurityGroupIds": [self.group_id]},
        }
        made = self.lambda_.create_function(**{**asked, **options})
        if wait:
            self.wait_for_function(name)
        return made

    def wait_for_function(self, name: str) -> None:
        """Until it is active and its last change has reached its host."""

        def over() -> bool:
            said = self.lambda_.get_function_configuration(FunctionName=name)
            return (said["State"], said["LastUpdateStatus"]) == ("Active", "Successful")

        until(over, 20)

    def invoke(self, name: str, event: Any = None) -> dict[str, Any]:
        """{"payload", "error" (None: none), "log"}."""
        answer = self.lambda_.invoke(FunctionName=name, LogType="Tail", Payload=json.dumps(event))
        log = base64.b64decode(answer["LogResult"]).decode()
        return {"payload": json.load(answer["Payload"]), "error": answer.get("FunctionError"), "log": log}

    def _subnet(self) -> tuple[str, str]:
        options = {"VpcId": self.vpc_id, "CidrBlock": "10.20.1.0/24", "AvailabilityZone": "eu-west-1a"}
        subnet_id = self.ec2.create_subnet(**options)["Subnet"]["SubnetId"]
        table_id = self.ec2.create_route_table(VpcId=self.vpc_id)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet_id)
        return subnet_id, table_id

    def _open_inwards(self, group_id: str) -> None:
        permission = {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "10.20.0.0/16"}],
        }
        self.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission])

    def _role(self) -> str:
        arn = self.add_role("app", "s3:*", "ssm:*", "ssmmessages:*", "logs:*", "ec2:*")
        self.iam.create_instance_profile(InstanceProfileName="app")
        self.iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
        return arn

    def add_role(self, name: str, *actions: str) -> str:
        """The ARN of a new role that may do these things."""
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.allow(name, *actions)
        return arn

    def allow(self, role: str, *actions: str) -> None:
        """Let a role do these things too."""
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.iam.put_role_policy(RoleName=role, PolicyName=f"{len(actions)}-actions", PolicyDocument=policy)

    @contextmanager
    def denied(self, role: str, action: str) -> Iterator[None]:
        """A role that may not do this in the block."""
        statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName=role, PolicyName="denied", PolicyDocument=policy)
        try:
            yield
        finally:
            self.iam.delete_role_policy(RoleName=role, PolicyName="denied")


def until(ask: Callable[[], Any], seconds: float) -> Any:
    """The first answer that is not None or False."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"nothing came of it within {seconds} s"
        time.sleep(0.02)
    return answer


def archive(files: dict[str, str], mode: int = 0o644) -> bytes:
    """A zip of text files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16 | 0x20  # the archive bit of DOS, all that some archivers write
            package.writestr(entry, text)
    return content.getvalue()


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    reason = available()
    if reason:
        pytest.skip(reason)
    state = PROJECT / ".sandbox"
    (state / "tools").mkdir(parents=True, exist_ok=True)
    listener = listen(0)
    port = listener.getsockname()[1]
    authority = CertificateAuthority.create()
    with Hosts.start(("127.0.0.1", port), authority, readable_paths=[state / "tools"]) as hosts:
        context = Context(state, REGION, hosts=hosts, log=logging.getLogger("sandbox.test"))
        context.authority = authority
        parts = (part.install for part in (instances, commands, functions, databases, publishing))
        server = ApiServer(
            context, listener, (*parts, lambda context: inspection.install(context, time.time()))
        )
        load_moto()
        _forget_everything()
        server.start()
        try:
            yield Cloud(context)
        finally:
            server.stop()
            let_go(context)
            _forget_everything()


def _forget_everything() -> None:
    """moto's state, and who patches it, are the process's, not the server's."""
    from moto.moto_api._internal.models import moto_api_backend

    for part in (instances.Instances, commands.Commands, functions.Functions, databases.Keeper):
        part.current = None
    moto_api_backend.reset()
