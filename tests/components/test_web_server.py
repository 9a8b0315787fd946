"""The demo application's instance: what it is told, who may open its page, and what is refused."""

from __future__ import annotations

import base64
import re

import pytest

from components.web_server import WebServer, check_web_server

INSTANCE = "aws:ec2/instance:Instance"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
DATABASE = {"host": "db.example", "port": 3306, "name": "demo", "secret": "arn:secret"}


def args(**changes):
    return {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a"}, "database": DATABASE, **changes}


def server(**changes):
    return lambda: WebServer("web", args(**changes))


def user_data(run, name):
    text = run.one(INSTANCE).inputs["userData"]
    return base64.b64decode(re.search(rf"^{name}=(.*)$", text, re.MULTILINE)[1].strip("'")).decode()


def test_the_application_is_told_where_its_database_is_and_never_a_password(deploy):
    run = deploy(server(ttl_seconds=30, row_limit=100, environment={"CACHE_PARAMETER": "/a/b"}))

    assert user_data(run, "ENVIRONMENT").splitlines() == [
        "AWS_DEFAULT_REGION=eu-west-1",
        "AWS_REGION=eu-west-1",
        "CACHE_PARAMETER=/a/b",
        "WEB_DATABASE_HOST=db.example",
        "WEB_DATABASE_NAME=demo",
        "WEB_DATABASE_PORT=3306",
        "WEB_DATABASE_SECRET=arn:secret",
        "WEB_ROW_LIMIT=100",
        "WEB_TTL_SECONDS=30",
    ]


def test_systemd_loads_the_rows_then_serves_and_starts_it_again(deploy):
    unit = user_data(deploy(server(port=9000)), "UNIT")

    assert "ExecStartPre=/usr/bin/python3.11 -m webapp load\n" in unit
    assert "ExecStart=/usr/bin/python3.11 -m webapp serve --port 9000\n" in unit
    assert "Restart=always\n" in unit
    assert "DynamicUser=yes\n" in unit


def test_only_the_declared_ranges_open_the_page(deploy):
    assert INGRESS not in deploy(server()).counts()

    rule = deploy(server(allowed_cidr_blocks={"office": "203.0.113.0/24"})).one(INGRESS).inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("203.0.113.0/24", 8008, 8008)


def test_the_whole_internet_may_be_let_in_but_not_without_a_warning(deploy):
    run = deploy(server(allowed_cidr_blocks={"all": "0.0.0.0/0"}))

    assert run.one(INGRESS).inputs["cidrIpv4"] == "0.0.0.0/0"
    assert run.warnings == [
        "allowed_cidr_blocks.all: 0.0.0.0/0 opens the page to everyone on the internet; name your own range instead"
    ]


@pytest.mark.parametrize(("public", "address"), [(True, "198.51.100.7"), (False, "10.20.0.10")])
def test_the_url_has_scheme_and_port(deploy, public, address):
    run = deploy(server(public_address=public))

    outputs = run.one("aws-cache:index:WebServer").outputs
    assert (outputs["address"], outputs["url"]) == (address, f"http://{address}:8008")
    assert run.one(INSTANCE).inputs["associatePublicIpAddress"] is public


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"database": {"host": "a", "port": 1, "name": "b"}}, "database.secret", "is required"),
        ({"port": 80}, "port", "must be 1024-65535, got 80"),
        ({"ttl_seconds": 0}, "ttl_seconds", "must be 1-86400, got 0"),
        ({"row_limit": 501}, "row_limit", "must be 1-500, got 501"),
        (
            {"allowed_cidr_blocks": {"office": "203.0.113.1/24"}},
            "allowed_cidr_blocks.office",
            "'203.0.113.1/24' has bits set behind its prefix; did you mean 203.0.113.0/24?",
        ),
        (
            {"instance_type": "cache.t4g.micro"},
            "instance_type",
            "must look like t4g.micro (an EC2 type, not a cache node type), got 'cache.t4g.micro'",
        ),
    ],
)
def test_bad_arguments_are_told_with_their_path(changes, path, message):
    assert check_web_server("web", args(**changes)).problems == [(path, message)]
