"""Databases: MariaDB behind RDS's API, on a host that only its clients reach."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, Cloud, until

ASKED = {
    "DBInstanceIdentifier": "shop",
    "Engine": "mysql",
    "EngineVersion": "8.4",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "DBName": "demo",
    "MasterUsername": "owner",
    "ManageMasterUserPassword": True,
    "DBSubnetGroupName": "subnets",
    "DBParameterGroupName": "tls-only",
}


class Shop:
    """A database and two hosts, one of which is in the group that may reach it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.rds, self.secrets = cloud, cloud.client("rds"), cloud.client("secretsmanager")
        self.client_group = self._group("clients")
        self.group = self._group("database")
        source = {"GroupId": self.client_group}
        rule = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": [source]}
        cloud.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])
        second = cloud.ec2.create_subnet(
            VpcId=cloud.vpc_id, CidrBlock="10.20.2.0/24", AvailabilityZone="eu-west-1b"
        )["Subnet"]["SubnetId"]
        self.rds.create_db_subnet_group(
            DBSubnetGroupName="subnets", DBSubnetGroupDescription="two", SubnetIds=[cloud.subnet_id, second]
        )
        self.rds.create_db_parameter_group(
            DBParameterGroupName="tls-only", DBParameterGroupFamily="mysql8.4", Description="TLS only"
        )
        self._set("require_secure_transport", "1")
        self.rds.create_db_instance(**ASKED, VpcSecurityGroupIds=[self.group])
        self.clients = {
            name: cloud.context.create_interface(cloud.subnet_id, groups, name, "function")[0]
            for name, groups in (("inside", [self.client_group]), ("outside", [cloud.group_id]))
        }
        cloud.context.sync()
        self.wait()

    def describe(self) -> dict[str, Any]:
        return self.rds.describe_db_instances(DBInstanceIdentifier="shop")["DBInstances"][0]

    def wait(self, status: str = "available") -> dict[str, Any]:
        until(lambda: self.describe()["DBInstanceStatus"] in (status, "failed"), 100)
        assert self.describe()["DBInstanceStatus"] == status
        return self.describe()

    def login(self) -> dict[str, str]:
        arn = self.describe()["MasterUserSecret"]["SecretArn"]
        return json.loads(self.secrets.get_secret_value(SecretId=arn)["SecretString"])

    def ask(self, statement: str, *options: str, client: str = "inside", password: str = "") -> str:
        """What Debian's client on a host of the VPC prints for a statement."""
        login = self.login()
        text = f"[client]\nuser={login['username']}\npassword='{password or login['password']}'\n"
        host, port = self.address(client)
        text += f"host={host}\nport={port}\nconnect-timeout=3\n"
        argv = ["mariadb", "--defaults-file=client.cnf", *(options or ("--ssl-ca=authority.pem",))]
        return self.run(client, [*argv, "-Be", statement, "demo"], {"client.cnf": text})

    def address(self, client: str = "inside") -> tuple[str, int]:
        """As the VPC's resolver says; a bare process has none."""
        endpoint = self.describe()["Endpoint"]
        (address,) = self.cloud.context.hosts.resolve(self.clients[client], endpoint["Address"])
        return address, endpoint["Port"]

    def run(self, client: str, argv: list[str], files: dict[str, str]) -> str:
        hosts, host = self.cloud.context.hosts, self.clients[client]
        files = {**files, "authority.pem": self.cloud.context.authority.certificate_pem}
        hosts.start_process(host, "client", argv, {}, files)
        until(lambda: not hosts.process_state(host, "client")["running"], 30)
        said = "\n".join(hosts.process_log(host, "client"))
        hosts.remove_process(host, "client")
        return said

    def _group(self, name: str) -> str:
        made = self.cloud.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.cloud.vpc_id)
        return made["GroupId"]

    def _set(self, name: str, value: str) -> None:
        parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}
        self.rds.modify_db_parameter_group(DBParameterGroupName="tls-only", Parameters=[parameter])


@pytest.fixture(scope="module")
def shop(cloud: Cloud) -> Shop:
    return Shop(cloud)


def test_its_clients_reach_it_by_tls_with_the_password_of_the_secret(shop):
    shop.ask("CREATE TABLE goods (name TEXT); INSERT INTO goods VALUES ('lamp')")

    assert shop.ask("SELECT name FROM goods") == "name\nlamp"
    assert shop.login()["username"] == "owner"
    assert len(shop.login()["password"]) == 28


def test_its_certificate_is_for_its_name(shop):
    (address, port), name = shop.address(), shop.describe()["Endpoint"]["Address"]
    argv = ["openssl", "s_client", "-starttls", "mysql", "-connect", f"{address}:{port}", "-brief"]

    for wanted, said in ((name, "Verification: OK"), ("other.example", "hostname mismatch")):
        options = ["-CAfile", "authority.pem", "-verify_return_error", "-verify_hostname", wanted]
        assert said in shop.run("inside", [*argv, *options], {})


def test_nobody_else_reaches_it(shop):
    assert "Can't connect" in shop.ask("SELECT 1", client="outside")
    assert "Access denied" in shop.ask("SELECT 1", password="wrong")


def test_without_tls_it_lets_nobody_in_where_the_parameter_group_says_so(shop):
    assert shop.ask("SELECT 1", "--skip-ssl").startswith("ERROR")


def test_what_it_holds_survives_a_reboot_and_a_stop(shop):
    shop.ask("CREATE TABLE kept (n INT)")
    shop.rds.reboot_db_instance(DBInstanceIdentifier="shop")
    shop.wait()
    assert "kept" in shop.ask("SHOW TABLES")
    shop.rds.stop_db_instance(DBInstanceIdentifier="shop")
    assert "Can't connect" in shop.ask("SHOW TABLES")
    shop.rds.start_db_instance(DBInstanceIdentifier="shop")
    shop.wait()
    assert "kept" in shop.ask("SHOW TABLES")


def test_it_is_told_what_stands_in(shop):
    (row,) = shop.cloud.context.parts["databases"].status()

    assert (row["name"], row["engine"], row["state"]) == ("shop", "mysql 8.4.7", "available")
    assert row["server"].startswith("MariaDB ")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Engine": "postgres"}, "NotImplemented"),
        ({"EngineVersion": "5.7"}, "InvalidParameterCombination"),
        ({"ManageMasterUserPassword": False, "MasterUserPassword": "of-my-own-1"}, "NotImplemented"),
    ],
)
def test_what_is_not_modelled_is_refused(shop, changes, code):
    with pytest.raises(ClientError) as caught:
        shop.rds.create_db_instance(**{**ASKED, "DBInstanceIdentifier": "other", **changes})
    assert caught.value.response["Error"]["Code"] == code


def test_a_deleted_database_gives_its_interface_and_its_name_back(shop):
    address = shop.describe()["Endpoint"]["Address"]
    assert shop.cloud.context.hosts.resolve(shop.clients["inside"], address)
    secret = shop.describe()["MasterUserSecret"]["SecretArn"]

    shop.rds.delete_db_instance(DBInstanceIdentifier="shop", SkipFinalSnapshot=True)

    assert shop.cloud.context.hosts.resolve(shop.clients["inside"], address) == []
    found = shop.cloud.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert not [one for one in found if one["Description"] == "RDSNetworkInterface"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        shop.secrets.get_secret_value(SecretId=secret)
    assert address.endswith(f".{REGION}.rds.amazonaws.com")
