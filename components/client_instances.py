"""Private EC2 instances that carry the client, reached by Session Manager."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from .client_bundle import PYTHON_VERSION, ClientBundle
from .hints import client_instances_hints, tell
from .instance_arguments import (
    DEFAULT_INSTANCE_TYPE,
    ClientInstancesArgs,
    check_client_instances,
    instance_cpu,
    zone_of,
)
from .policies import assume_role_policy, policy_document
from .port_rules import port_rule
from .user_data import render_user_data
from .zones import chosen_zones

_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{cpu}"
# redis6 brings redis6-cli, which `cache-cli` opens (R190); the engine's protocol is the same for Valkey.
_BASE_PACKAGES = ("redis6",)

_UNIT_KEYS = ("name", "command", "prepare")

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


class ClientInstances(pulumi.ComponentResource):
    """Instances by name with the client bundle on them.

    Creates one role with its policies and profile, one security group without any rule of its own but the
    declared ingress, one bundle in its bucket, and an instance per name.
    """

    instance_ids: pulumi.Output[Mapping[str, str]]
    """Name -> id of the instance."""
    private_ips: pulumi.Output[Mapping[str, str]]
    """Name -> private address of the instance."""
    public_ips: pulumi.Output[Mapping[str, str]]
    """Name -> public address of the instance; empty without public_address."""
    security_group_id: pulumi.Output[str]
    """The instances' own group; it holds the declared ingress and nothing else."""
    role_name: pulumi.Output[str]
    """Role of all the instances."""

    def __init__(
        self, name: str, args: ClientInstancesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_client_instances(name, args).raise_problems()
        super().__init__("aws-cache:index:ClientInstances", name, dict(args), opts)
        tell(self, client_instances_hints(args))
        tags = args.get("tags")
        service = args.get("service", {})
        contents = _present(
            tags=tags,
            package=service.get("package"),
            requirements=service.get("requirements"),
            files=args.get("files"),
        )
        bundle = ClientBundle(name, contents, pulumi.ResourceOptions(parent=self))
        role, policies = self._role(name, args, bundle)
        profile = aws.iam.InstanceProfile(
            name, role=role.name, tags=tags, opts=pulumi.ResourceOptions(parent=self)
        )
        group = self._group(name, args)
        instance_type = args.get("instance_type", DEFAULT_INSTANCE_TYPE)
        image = aws.ssm.get_parameter(
            name=_IMAGE.format(cpu=instance_cpu(instance_type)), opts=pulumi.InvokeOptions(parent=self)
        )
        user_data = self._user_data(args, bundle)
        zones = chosen_zones(args)
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
        public = instances if args.get("public_address") else {}
        self.instance_ids = _by_name({key: item.id for key, item in instances.items()})
        self.private_ips = _by_name({key: item.private_ip for key, item in instances.items()})
        self.public_ips = _by_name({key: item.public_ip for key, item in public.items()})
        self.security_group_id = group.id
        self.role_name = role.name
        self.register_outputs(
            {
                "instance_ids": self.instance_ids,
                "private_ips": self.private_ips,
                "public_ips": self.public_ips,
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
            description="Client instances: opens nothing; what they reach comes from the groups they join",
            tags=args.get("tags"),
            opts=child,
        )
        for key, rule in args.get("ingress", {}).items():
            peer = {
                "cidr_ipv4": rule.get("cidr_block"),
                "referenced_security_group_id": rule.get("security_group_id"),
            }
            told = f"{key} to the client instances"
            label, port = f"{name}-ingress-{key}", rule["port"]
            port_rule(label, group.id, port, told, peer, args.get("tags"), child)
        return group

    def _user_data(self, args: ClientInstancesArgs, bundle: ClientBundle) -> pulumi.Output[str]:
        region = aws.get_region(opts=pulumi.InvokeOptions(parent=self)).region
        environment = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, **args.get("environment", {})}
        packages = [*_BASE_PACKAGES, *args.get("packages", ())]
        service = {key: text for key, text in args.get("service", {}).items() if key in _UNIT_KEYS} or None
        return pulumi.Output.all(
            bucket=bundle.bucket_name, key=bundle.object_key, sha256=bundle.sha256, environment=environment
        ).apply(
            lambda values: render_user_data(
                region=region, python=f"python{PYTHON_VERSION}", packages=packages, service=service, **values
            )
        )


def _by_name(values: dict[str, pulumi.Output[str]]) -> pulumi.Output[dict[str, str]]:
    # Of nothing `all` makes a list, and a list for a mapping fails the next run.
    return pulumi.Output.all(**values) if values else pulumi.Output.from_input({})


def _present(**values: object) -> dict:
    return {key: value for key, value in values.items() if value is not None}
