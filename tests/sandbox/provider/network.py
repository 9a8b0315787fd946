"""What most resources need around them."""

from __future__ import annotations

import json
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.provider.driver import Driver


def trust(service: str) -> str:
    return policy("sts:AssumeRole", {"Principal": {"Service": f"{service}.amazonaws.com"}})


def policy(action: str, rest: dict | None = None) -> str:
    statement = {"Effect": "Allow", "Action": [action], **({"Resource": "*"} if rest is None else rest)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Network:
    """Ids by what they are."""

    vpc: str
    subnets: list[str]
    group: str
    other_group: str
    table: str
    other_table: str
    gateway: str
    role: str
    role_arn: str
    profile: str
    image: str
    key: str
    key_arn: str
    other_key: str
    log: str
    log_arn: str
    bucket: str
    function: str
    cache_subnets: str
    database_subnets: str
    topic_arn: str
    mark: str
    """Makes names unique that no provider makes up."""

    @classmethod
    def make(cls, driver: Driver, folder: Path) -> Network:
        with zipfile.ZipFile(folder / "function.zip", "w") as archive:
            archive.writestr("handler.py", "def handler(event, context): return 1")
        (folder / "object.txt").write_text("one")
        vpc = driver.create(
            "ec2/Vpc", "main", cidrBlock="10.0.0.0/16", enableDnsHostnames=True, enableDnsSupport=True
        ).id
        subnets = [
            driver.create(
                "ec2/Subnet",
                zone,
                vpcId=vpc,
                cidrBlock=f"10.0.{number}.0/24",
                availabilityZone=f"eu-west-1{zone}",
            ).id
            for number, zone in enumerate("ab")
        ]
        role = driver.create("iam/Role", "role", assumeRolePolicy=trust("lambda"))
        key, log = driver.create("kms/Key", "key"), driver.create("cloudwatch/LogGroup", "log")
        image = driver.invoke(
            "aws:ssm/getParameter:getParameter",
            name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
        )
        function = driver.client("lambda").create_function(
            FunctionName=f"plain-{uuid.uuid4().hex[:7]}",
            Role=role["arn"],
            Runtime="python3.13",
            Handler="handler.handler",
            Code={"ZipFile": (folder / "function.zip").read_bytes()},
        )
        # moto looks at filters only where there is something to filter.
        driver.create(
            "ec2/VpcEndpoint", "dynamodb", vpcId=vpc, serviceName="com.amazonaws.eu-west-1.dynamodb"
        )
        return cls(
            vpc=vpc,
            subnets=subnets,
            group=driver.create("ec2/SecurityGroup", "group", vpcId=vpc).id,
            other_group=driver.create("ec2/SecurityGroup", "other", vpcId=vpc).id,
            table=driver.create("ec2/RouteTable", "table", vpcId=vpc).id,
            other_table=driver.create("ec2/RouteTable", "other", vpcId=vpc).id,
            gateway=driver.create("ec2/InternetGateway", "gateway", vpcId=vpc).id,
            role=role.id,
            role_arn=role["arn"],
            profile=driver.create("iam/InstanceProfile", "profile", role=role.id).id,
            image=str(image.return_value["value"].value),
            key=key.id,
            key_arn=key["arn"],
            other_key=driver.create("kms/Key", "other").id,
            log=log.id,
            log_arn=log["arn"],
            bucket=driver.create("s3/Bucket", "bucket", forceDestroy=True).id,
            function=function["FunctionName"],
            cache_subnets=driver.create("elasticache/SubnetGroup", "subnets", subnetIds=subnets).id,
            database_subnets=driver.create("rds/SubnetGroup", "database", subnetIds=subnets).id,
            topic_arn=driver.create("sns/Topic", "topic").id,
            mark=uuid.uuid4().hex[:7],
        )
