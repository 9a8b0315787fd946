"""The demo's database: what it declares, what it hands on, and what it refuses."""

from __future__ import annotations

import json

import pytest

from components.database import Database, check_database

INSTANCE = "aws:rds/instance:Instance"
ZONES = {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}


def args(**changes):
    return {"vpc_id": "vpc-1", "subnet_ids": ZONES, **changes}


def database(**changes):
    return lambda: Database("database", args(**changes))


def test_a_database_is_these_resources_and_no_others(deploy):
    assert deploy(database()).counts() == {
        "aws-cache:index:Database": 1,
        "aws:rds/instance:Instance": 1,
        "aws:rds/subnetGroup:SubnetGroup": 1,
        "aws:rds/parameterGroup:ParameterGroup": 1,
        "aws:ec2/securityGroup:SecurityGroup": 2,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 1,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 1,
    }


def test_it_is_encrypted_private_and_takes_tls_only(deploy):
    run = deploy(database())
    inputs = run.one(INSTANCE).inputs

    assert (inputs["storageEncrypted"], inputs["publiclyAccessible"]) == (True, False)
    assert inputs["vpcSecurityGroupIds"] == ["database-id"]
    parameters = run.one("aws:rds/parameterGroup:ParameterGroup").inputs
    assert (parameters["family"], parameters["parameters"]) == (
        "mysql8.4",
        [{"name": "require_secure_transport", "value": "1"}],
    )


def test_rds_makes_the_password_so_that_no_state_holds_it(deploy):
    inputs = deploy(database()).one(INSTANCE).inputs

    assert inputs["manageMasterUserPassword"] is True
    assert "password" not in inputs


def test_its_clients_get_a_group_and_a_policy_for_this_secret_alone(deploy):
    run = deploy(database(port=3307))
    outputs = run.one("aws-cache:index:Database").outputs

    assert outputs["secret_name"] == "rds!db-0a1b2c3d"
    assert outputs["client_security_group_id"] == "database-client-id"
    assert outputs["port"] == 3307
    (statement,) = json.loads(outputs["read_policy_json"])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": outputs["secret_arn"],
    }
    rule = run.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["fromPort"], rule["toPort"], rule["referencedSecurityGroupId"]) == (
        3307,
        3307,
        "database-client-id",
    )


@pytest.mark.parametrize(
    ("argument", "value", "property_", "reached"),
    [
        ("engine_version", "8.0.42", "engineVersion", "8.0.42"),
        ("instance_class", "db.m7g.large", "instanceClass", "db.m7g.large"),
        ("storage_gib", 30, "allocatedStorage", 30),
        ("database_name", "weather", "dbName", "weather"),
        ("username", "owner", "username", "owner"),
        ("multi_az", True, "multiAz", True),
        ("backup_retention_days", 0, "backupRetentionPeriod", 0),
        ("final_snapshot", True, "finalSnapshotIdentifier", "database-dev-final"),
        ("deletion_protection", True, "deletionProtection", True),
        ("tags", {"team": "one"}, "tags", {"team": "one", "Name": "database"}),
    ],
)
def test_each_argument_reaches_its_property(deploy, argument, value, property_, reached):
    assert deploy(database(**{argument: value})).one(INSTANCE).inputs[property_] == reached


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"subnet_ids": {"eu-west-1a": "s"}}, "subnet_ids", "needs subnets in two zones at least, got 1"),
        (
            {"engine_version": "5.7"},
            "engine_version",
            "must be MySQL 8.0 or 8.4, such as 8.4 or 8.4.5, got '5.7'",
        ),
        ({"instance_class": "t4g.micro"}, "instance_class", "must look like db.t4g.micro, got 't4g.micro'"),
        ({"storage_gib": 10}, "storage_gib", "must be 20-65536, got 10"),
        ({"port": 80}, "port", "must be 1150-65535, got 80"),
        ({"backup_retention_days": 36}, "backup_retention_days", "must be 0-35, got 36"),
        ({"database_name": "mysql"}, "database_name", "'mysql' is MySQL's or RDS's own; take another"),
        (
            {"username": "1st"},
            "username",
            "must have 1-16 letters, digits and _, first a letter, got '1st'",
        ),
    ],
)
def test_what_rds_would_refuse_is_refused_before(changes, path, message):
    assert check_database("database", args(**changes)).problems == [(path, message)]
