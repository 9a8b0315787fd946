"""A public instance from outside: its page on 127.0.0.1, for as long as a group opens it."""

from __future__ import annotations

import socket
import urllib.request
from typing import Any

import pytest

from .conftest import Cloud, until

SERVE = """#!/bin/bash
mkdir /srv/page; echo welcome >/srv/page/index.html
cd /srv/page; setsid python3 -m http.server 8123 >/dev/null 2>&1 </dev/null &
"""


@pytest.fixture(scope="module")
def group_id(cloud: Cloud) -> str:
    made = cloud.ec2.create_security_group(GroupName="page", Description="page", VpcId=cloud.vpc_id)
    return made["GroupId"]


@pytest.fixture(scope="module")
def instance_id(cloud: Cloud, group_id: str) -> str:
    """An instance with a public address, in a subnet that leads to an internet gateway."""
    gateway = cloud.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=cloud.vpc_id)
    cloud.ec2.create_route(RouteTableId=cloud.table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    interface = {
        "DeviceIndex": 0,
        "SubnetId": cloud.subnet_id,
        "Groups": [group_id],
        "AssociatePublicIpAddress": True,
    }
    made = cloud.ec2.run_instances(
        ImageId=cloud.image_id,
        InstanceType="t4g.micro",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[interface],
        UserData=SERVE,
    )["Instances"][0]["InstanceId"]
    assert cloud.wait_for_boot(made)["state"] == "ready"
    return made


def admit(cloud: Cloud, group_id: str, allowed: bool = True) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 8123, "ToPort": 8123, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    change = "authorize_security_group_ingress" if allowed else "revoke_security_group_ingress"
    getattr(cloud.ec2, change)(GroupId=group_id, IpPermissions=[rule])


def rows(cloud: Cloud) -> list[dict[str, Any]]:
    return cloud.context.parts["publishing"].rows()


def page(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/", timeout=10) as answer:
        return answer.read().decode()


def test_a_page_is_open_here_for_as_long_as_the_group_opens_it(cloud, instance_id, group_id):
    assert rows(cloud) == []
    admit(cloud, group_id)
    (row,) = rows(cloud)

    assert row["public"].endswith(":8123")
    assert until(lambda: _read(row["here"]), 10) == "welcome\n"
    admit(cloud, group_id, allowed=False)
    assert rows(cloud) == []
    assert until(lambda: _read(row["here"]) is None, 10)


def test_where_the_port_is_taken_another_is_told(cloud, instance_id, group_id):
    with until(_take_the_port, 10):
        admit(cloud, group_id)
        (row,) = rows(cloud)
        assert row["here"] != "127.0.0.1:8123"
        assert until(lambda: _read(row["here"]), 10) == "welcome\n"
    admit(cloud, group_id, allowed=False)


def _take_the_port() -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", 8123))
    except OSError:
        return None  # a listener of before is about to close


def _read(address: str) -> str | None:
    try:
        return page(address)
    except OSError:
        return None  # its server is about to start
