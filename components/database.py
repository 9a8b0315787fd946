"""The database of the web demo: MySQL in the private subnets, its password made and kept by Secrets Manager."""

import re
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .access_groups import access_groups
from .hints import database_hints, tell
from .policies import policy_document
from .problems import Checks, check_component_name

DEFAULT_VERSION = "8.4"
DEFAULT_INSTANCE_CLASS = "db.t4g.micro"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,15}")
_VERSION = re.compile(r"8\.[04](\.\d{1,3})?")
_CLASS = re.compile(r"db\.[a-z0-9]+\.(\d+x?large|[a-z]+)")
# A word of SQL and the names RDS keeps for itself.
_RESERVED = {"mysql", "sys", "information_schema", "performance_schema", "rdsadmin", "rdsrepladmin", "innodb"}


class DatabaseArgs(TypedDict):
    """Arguments of Database."""

    vpc_id: pulumi.Input[str]
    """VPC of the database's groups."""
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone -> private subnet; two zones at least, as RDS asks."""
    engine_version: NotRequired[str]
    """MySQL 8.0 or 8.4, the minor version too if it is to stay. Default: 8.4."""
    instance_class: NotRequired[str]
    """Class of the instance. Default: db.t4g.micro."""
    storage_gib: NotRequired[int]
    """Storage in GiB, 20-65536. Default: 20."""
    database_name: NotRequired[str]
    """Database made at first: a letter, then letters, digits and _, at most 64. Default: demo."""
    username: NotRequired[str]
    """User that owns it: a letter, then letters, digits and _, at most 16. Default: demo."""
    port: NotRequired[int]
    """Port, 1150-65535. Default: 3306."""
    multi_az: NotRequired[bool]
    """Keep a standby in another zone. Default: false."""
    backup_retention_days: NotRequired[int]
    """Days that backups are kept, 0-35; 0 makes none. Default: 1."""
    final_snapshot: NotRequired[bool]
    """Keep a snapshot when it is destroyed. Default: false, as the demo's rows can be made again."""
    deletion_protection: NotRequired[bool]
    """Refuse to destroy or replace it. Default: false."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class Database(pulumi.ComponentResource):
    """MySQL on RDS: encrypted, without a public address, connections by TLS only.

    Creates a subnet group, a parameter group, the database's group and the group to join to reach it, a rule each
    way, and the instance. RDS makes the password itself, in a secret of its own that it renews: no program, no stack
    state and no configuration ever holds it.
    """

    host: pulumi.Output[str]
    """Name to connect to."""
    port: pulumi.Output[int]
    """Port to connect to."""
    database_name: pulumi.Output[str]
    """Database made at first."""
    secret_arn: pulumi.Output[str]
    """Secret with `username` and `password` as JSON."""
    secret_name: pulumi.Output[str]
    """Name of that secret."""
    client_security_group_id: pulumi.Output[str]
    """Group to join to reach the database."""
    read_policy_json: pulumi.Output[str]
    """Policy that reads this secret and nothing else."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_database(name, args).raise_problems()
        super().__init__("aws-cache:index:Database", name, dict(args), opts)
        tags, child = args.get("tags") or {}, pulumi.ResourceOptions(parent=self)
        instance_class = args.get("instance_class", DEFAULT_INSTANCE_CLASS)
        storage_gib, multi_az = int(args.get("storage_gib", 20)), args.get("multi_az", False)
        tell(self, database_hints(instance_class, storage_gib, multi_az))
        protected = args.get("deletion_protection", False)
        port = int(args.get("port", 3306))
        own, client = access_groups(self, name, args, what="database", clients="its clients", ports=[port])
        version = args.get("engine_version", DEFAULT_VERSION)
        subnets = aws.rds.SubnetGroup(
            name,
            subnet_ids=list(args["subnet_ids"].values()),
            description=f"Subnets of {name}",
            tags=tags,
            opts=child,
        )
        parameters = aws.rds.ParameterGroup(
            name,
            family=f"mysql{'.'.join(version.split('.')[:2])}",
            description=f"Parameters of {name}",
            parameters=[{"name": "require_secure_transport", "value": "1"}],
            tags=tags,
            opts=child,
        )
        final_snapshot = args.get("final_snapshot", False)
        instance = aws.rds.Instance(
            name,
            engine="mysql",
            engine_version=version,
            instance_class=instance_class,
            allocated_storage=storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            db_name=args.get("database_name", "demo"),
            username=args.get("username", "demo"),
            manage_master_user_password=True,
            port=port,
            db_subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[own.id],
            publicly_accessible=False,
            multi_az=multi_az,
            backup_retention_period=int(args.get("backup_retention_days", 1)),
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            deletion_protection=protected,
            skip_final_snapshot=not final_snapshot,
            final_snapshot_identifier=f"{name}-{pulumi.get_stack()}-final" if final_snapshot else None,
            apply_immediately=True,
            tags={**tags, "Name": name},
            opts=pulumi.ResourceOptions(parent=self, protect=protected or None),
        )

        self.host = instance.address
        self.port = instance.port
        self.database_name = instance.db_name
        self.secret_arn = instance.master_user_secrets[0]["secret_arn"]
        self.secret_name = self.secret_arn.apply(secret_name)
        self.client_security_group_id = client.id
        self.read_policy_json = self.secret_arn.apply(_read_policy)
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def check_database(name: str, args: DatabaseArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(DatabaseArgs, args, "Database", name)
    check_component_name(checks, name)
    zones = checks.get("subnet_ids")
    if zones is not None and len(zones) < 2:
        checks.add("subnet_ids", f"needs subnets in two zones at least, got {len(zones)}")
    _check_form(checks, "engine_version", _VERSION, "be MySQL 8.0 or 8.4, such as 8.4 or 8.4.5")
    _check_form(checks, "instance_class", _CLASS, "look like db.t4g.micro")
    for key, form, most in (("database_name", _NAME, 64), ("username", _USERNAME, 16)):
        _check_form(checks, key, form, f"have 1-{most} letters, digits and _, first a letter")
        if str(checks.get(key, "")).lower() in _RESERVED:
            checks.add(key, f"{checks.get(key)!r} is MySQL's or RDS's own; take another")
    checks.integer("storage_gib", 20, 65536, default=20)
    checks.integer("port", 1150, 65535, default=3306)
    checks.integer("backup_retention_days", 0, 35, default=1)
    return checks


def _check_form(checks: Checks, key: str, form: re.Pattern[str], must: str) -> None:
    value = checks.get(key)
    if value is not None and not form.fullmatch(value):
        checks.add(key, f"must {must}, got {value!r}")


def secret_name(arn: str) -> str:
    """Return the name in a secret's ARN, which ends in a hyphen and six characters of its own."""
    return arn.rsplit(":", 1)[-1][:-7]


def _read_policy(arn: str) -> str:
    return policy_document({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn})
