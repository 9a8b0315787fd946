"""Small things that the API's tests share."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code, message=""):
    """The call in the block is refused with this error code, and this text in the message."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]


def ami(api, architecture="arm64"):
    name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
    return api.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def run_instance(api, network, **more):
    """The id of a new instance in the first subnet."""
    given = {
        "ImageId": ami(api),
        "InstanceType": "t4g.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnets[0],
        "SecurityGroupIds": [network.group],
    }
    return api.ec2.run_instances(**{**given, **more})["Instances"][0]["InstanceId"]


def interface_endpoint(api, network, service="ssm", **more):
    given = {
        "VpcId": network.vpc,
        "ServiceName": f"com.amazonaws.eu-west-1.{service}",
        "VpcEndpointType": "Interface",
        "SubnetIds": network.subnets,
        "SecurityGroupIds": [network.group],
        "PrivateDnsEnabled": True,
    }
    return api.ec2.create_vpc_endpoint(**{**given, **more})["VpcEndpoint"]
