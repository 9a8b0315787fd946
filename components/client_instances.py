"""Private EC2 instances that carry the client, reached by Session Manager."""

import re
import zlib
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .client_bundle import PYTHON_VERSION, ClientBundle
from .policies import assume_role_policy, policy_document
from .problems import Checks, check_component_name
from .user_data import render_user_data

_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{cpu}"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_INSTANCE_TYPE = re.compile(r"[a-z]+\d+[a-z0-9-]*\.[a-z0-9-]+")
# redis6 brings redis6-cli, which `cache-cli` opens (R190); the engine's protocol is the same for Valkey.
_BASE_PACKAGES = ("redis6",)

# What the Session Manager agent needs and nothing more: AmazonSSMManagedInstanceCore would let an instance read
# every parameter of the account.
_AGENT_STATEMENT = {
    "Effect": "Allow",
    "Action": [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ],
    "Resource": "*",
}


class IngressRule(TypedDict):
    """Who may open a port of the instances."""

    port: int
    """TCP port, 1-65535."""
    cidr_block: NotRequired[str]
    """Range that may connect, such as 203.0.113.0/24. This or security_group_id."""
    security_group_id: NotRequired[pulumi.Input[str]]
    """Group whose members may connect."""


class ClientInstancesArgs(TypedDict):
    """Arguments of ClientInstances."""

    vpc_id: pulumi.Input[str]
    """VPC of the instances' own security group."""
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone -> subnet id. An instance's name decides its zone, so adding one moves no other."""
    instances: Sequence[str]
    """Names of the instances: a-z, 0-9 and hyphens, at most 32 characters."""
    instance_type: NotRequired[str]
    """EC2 type; its CPU decides the image. Default: t4g.micro."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Groups to join: those that admit to the cache and to the endpoints. At most 4."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment of the client, such as CACHE_PARAMETER. Never a secret. Default: none."""
    policies: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Name -> policy document (JSON) attached to the instances' role. Default: none."""
    packages: NotRequired[Sequence[str]]
    """Further dnf packages to install at boot. Default: none."""
    detailed_monitoring: NotRequired[bool]
    """One-minute metrics. Default: false."""
    key_name: NotRequired[str]
    """EC2 key pair for SSH; it also needs an ingress rule. Default: none."""
    public_address: NotRequired[bool]
    """Give each instance a public address; needs public subnets. Default: false."""
    ingress: NotRequired[Mapping[str, IngressRule]]
    """Name -> rule for traffic to the instances. Default: none may connect."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class ClientInstances(pulumi.ComponentResource):
    """Instances by name with the client bundle on them.

    Creates one role with its policies and profile, one security group without any rule of its own but the
    declared ingress, one bundle in its bucket, and an instance per name.
    """

    instance_ids: pulumi.Output[Mapping[str, str]]
    """Name -> id of the instance."""
    private_ips: pulumi.Output[Mapping[str, str]]
    """Name -> private address of the instance."""
    security_group_id: pulumi.Output[str]
    """The instances' own group; it holds the declared ingress and nothing else."""
    role_name: pulumi.Output[str]
    """Role of all the instances."""

    def __init__(
        self, name: str, args: ClientInstancesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_client_instances(name, args).raise_problems()
        super().__init__("aws-cache:index:ClientInstances", name, dict(args), opts)
        tags = args.get("tags")
        bundle = ClientBundle(name, _present(tags=tags), pulumi.ResourceOptions(parent=self))
        role, policies = self._role(name, args, bundle)
        profile = aws.iam.InstanceProfile(
            name, role=role.name, tags=tags, opts=pulumi.ResourceOptions(parent=self)
        )
        group = self._group(name, args)
        instance_type = args.get("instance_type", "t4g.micro")
        image = aws.ssm.get_parameter(
            name=_IMAGE.format(cpu=instance_cpu(instance_type)), opts=pulumi.InvokeOptions(parent=self)
        )
        user_data = self._user_data(args, bundle)
        zones = sorted(args["subnet_ids"])
        instances = {
            instance: aws.ec2.Instance(
                f"{name}-{instance}",
                ami=image.value,
                instance_type=instance_type,
                subnet_id=args["subnet_ids"][zone_of(instance, zones)],
                vpc_security_group_ids=[group.id, *args.get("security_group_ids", ())],
                iam_instance_profile=profile.name,
                associate_public_ip_address=args.get("public_address", False),
                key_name=args.get("key_name"),
                monitoring=args.get("detailed_monitoring", False),
                metadata_options={
                    "http_endpoint": "enabled",
                    "http_tokens": "required",
                    "http_put_response_hop_limit": 1,
                },
                root_block_device={"encrypted": True, "volume_type": "gp3", "tags": tags},
                user_data=user_data,
                user_data_replace_on_change=True,
                tags={**(tags or {}), "Name": f"{name}-{instance}"},
                # "latest" moves: without this a new image would replace the instances at the next update (R189).
                # No output of a policy reaches the instance, which fetches the bundle as soon as it boots.
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["ami"], depends_on=policies),
            )
            for instance in args["instances"]
        }
        self.instance_ids = pulumi.Output.all(**{key: item.id for key, item in instances.items()})
        self.private_ips = pulumi.Output.all(**{key: item.private_ip for key, item in instances.items()})
        self.security_group_id = group.id
        self.role_name = role.name
        self.register_outputs(
            {
                "instance_ids": self.instance_ids,
                "private_ips": self.private_ips,
                "security_group_id": self.security_group_id,
                "role_name": self.role_name,
            }
        )

    def _role(
        self, name: str, args: ClientInstancesArgs, bundle: ClientBundle
    ) -> "tuple[aws.iam.Role, list[aws.iam.RolePolicy]]":
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name, assume_role_policy=assume_role_policy("ec2"), tags=args.get("tags"), opts=child
        )
        fetch = bundle.object_arn.apply(
            lambda arn: {"Effect": "Allow", "Action": "s3:GetObject", "Resource": arn},
        )
        policies = {
            "agent": policy_document(_AGENT_STATEMENT),
            "bundle": fetch.apply(policy_document),
            **args.get("policies", {}),
        }
        return role, [
            aws.iam.RolePolicy(f"{name}-{key}", role=role.name, policy=document, opts=child)
            for key, document in policies.items()
        ]

    def _group(self, name: str, args: ClientInstancesArgs) -> "aws.ec2.SecurityGroup":
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=args["vpc_id"],
            description=f"Client instances {name}: opens nothing; what they reach comes from the groups they join",
            tags=args.get("tags"),
            opts=child,
        )
        for key, rule in args.get("ingress", {}).items():
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-ingress-{key}",
                security_group_id=group.id,
                description=f"{key} to the client instances",
                ip_protocol="tcp",
                from_port=rule["port"],
                to_port=rule["port"],
                cidr_ipv4=rule.get("cidr_block"),
                referenced_security_group_id=rule.get("security_group_id"),
                tags=args.get("tags"),
                opts=child,
            )
        return group

    def _user_data(self, args: ClientInstancesArgs, bundle: ClientBundle) -> pulumi.Output[str]:
        region = aws.get_region(opts=pulumi.InvokeOptions(parent=self)).region
        environment = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, **args.get("environment", {})}
        packages = [*_BASE_PACKAGES, *args.get("packages", ())]
        return pulumi.Output.all(
            bucket=bundle.bucket_name, key=bundle.object_key, sha256=bundle.sha256, environment=environment
        ).apply(
            lambda values: render_user_data(
                region=region, python=f"python{PYTHON_VERSION}", packages=packages, **values
            )
        )


def check_client_instances(name: str, args: ClientInstancesArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(ClientInstancesArgs, args, "ClientInstances", name)
    check_component_name(checks, name)
    _check_names(checks, checks.get("instances", ()))
    if not checks.get("subnet_ids", {"": ""}):
        checks.add("subnet_ids", "needs at least one subnet")
    instance_type = checks.get("instance_type", "t4g.micro")
    if not _INSTANCE_TYPE.fullmatch(instance_type):
        hint = " (an EC2 type, not a cache node type)" if instance_type.startswith("cache.") else ""
        checks.add("instance_type", f"must look like t4g.micro{hint}, got {instance_type!r}")
    if len(checks.get("security_group_ids", ())) > 4:
        checks.add("security_group_ids", "at most 4, as EC2 takes 5 groups and one is the instances' own")
    for key, rule in checks.get("ingress", {}).items():
        _check_ingress(checks, f"ingress.{key}", rule)
    return checks


def _check_names(checks: Checks, instances: Sequence[str]) -> None:
    for name in instances:
        if not _NAME.fullmatch(name):
            checks.add(
                "instances", f"{name!r} must be 1-32 characters of a-z, 0-9 and hyphens, first a letter"
            )
    repeated = sorted({name for name in instances if instances.count(name) > 1})
    if repeated:
        checks.add("instances", f"each name once, got {', '.join(map(repr, repeated))} more than once")


def _check_ingress(checks: Checks, path: str, rule: IngressRule) -> None:
    if not 1 <= rule["port"] <= 65535:
        checks.add(f"{path}.port", f"must be 1-65535, got {rule['port']}")
    if ("cidr_block" in rule) == ("security_group_id" in rule):
        checks.add(path, "needs either cidr_block or security_group_id")
    if rule.get("cidr_block") in ("0.0.0.0/0", "::/0"):
        checks.add(f"{path}.cidr_block", "opens the port to the whole internet; name the range that needs it")


def instance_cpu(instance_type: str) -> str:
    """Return arm64 or x86_64: Graviton types have a g after the generation digit, and a1 (R188)."""
    family = instance_type.split(".")[0]
    return "arm64" if family == "a1" or re.fullmatch(r"[a-z]+\d+g[a-z0-9-]*", family) else "x86_64"


def zone_of(instance: str, zones: Sequence[str]) -> str:
    """Return the zone for this name: a function of the name alone, so no list order can move an instance."""
    return zones[zlib.crc32(instance.encode()) % len(zones)]


def _present(**values: object) -> dict:
    return {key: value for key, value in values.items() if value is not None}
