"""A VPC that exists already, accepted by the ids of its subnets: nothing of the network is made."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .internet_access import EVERYWHERE
from .port_rules import HTTPS_PORT, port_rule
from .problems import Checks, check_component_name
from .shapes import is_output
from .zones import region_of

NEEDED = (
    "nothing of the network is made: its private subnets need interface endpoints with private DNS for ssm and "
    "ssmmessages, which admit 443 from the VPC's range, and a gateway endpoint for S3 on their route tables (R134, "
    "R136); or a NAT gateway, said by internet_access: true"
)


class ExistingNetworkArgs(TypedDict):
    """Arguments of ExistingNetwork."""

    vpc_id: pulumi.Input[str]
    """VPC to use, such as vpc-0123456789abcdef0."""
    private_subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone -> private subnet, for the cache and its clients. A replica needs two zones."""
    public_subnet_ids: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Zone -> public subnet, for clients with a public address. Default: none."""
    endpoint_client_security_group_id: NotRequired[pulumi.Input[str]]
    """An existing group whose members reach the endpoints of ssm, ssmmessages and S3. Default: a new one that may open
    HTTPS to the VPC's range and to S3."""
    internet_access: NotRequired[bool]
    """The private subnets lead to the internet (NAT), so the new group may open HTTPS to everywhere. Default: false."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class ExistingNetwork(pulumi.ComponentResource):
    """An existing VPC in the place of a Network, with the same words for what is in it.

    Creates one group to join to reach AWS, unless it is given, and nothing else. Subnets whose ids are plain are looked
    up before anything is created: each must be in this VPC and in its zone.
    """

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    private_subnet_ids: Mapping[str, pulumi.Output[str]]
    """Zone -> id of the private subnets."""
    public_subnet_ids: Mapping[str, pulumi.Output[str]]
    """Zone -> id of the public subnets; empty without any."""
    endpoint_client_security_group_id: pulumi.Output[str]
    """Group to join to reach the endpoints or, with internet_access, AWS over the internet."""

    def __init__(
        self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        checks = check_existing_network(name, args)
        checks.raise_problems()
        _check_places(checks, args, _lookup_options(opts))
        checks.raise_problems()
        super().__init__("aws-cache:index:ExistingNetwork", name, dict(args), opts)
        pulumi.log.info(NEEDED, resource=self)
        given = args.get("endpoint_client_security_group_id")
        group = pulumi.Output.from_input(given) if given is not None else self._group(name, args)

        self.vpc_id = pulumi.Output.from_input(args["vpc_id"])
        self.private_subnet_ids = _outputs(args["private_subnet_ids"])
        self.public_subnet_ids = _outputs(args.get("public_subnet_ids") or {})
        self.endpoint_client_security_group_id = group
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})

    def _group(self, name: str, args: ExistingNetworkArgs) -> pulumi.Output[str]:
        """Return a group that may open HTTPS: to everywhere, or to the VPC's endpoints and to S3 only."""
        tags, label = args.get("tags") or {}, f"{name}-endpoint-client"
        options, lookup = pulumi.ResourceOptions(parent=self), pulumi.InvokeOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            label,
            vpc_id=args["vpc_id"],
            description="Members reach AWS by the ways this VPC has",
            tags={**tags, "Name": label},
            opts=options,
        )
        if args.get("internet_access"):
            targets = {"internet": {"cidr_ipv4": EVERYWHERE}}
        else:
            region = aws.get_region(opts=lookup).region
            s3 = aws.ec2.get_prefix_list(name=f"com.amazonaws.{region}.s3", opts=lookup)
            vpc = aws.ec2.get_vpc_output(id=args["vpc_id"], opts=lookup)
            targets = {"vpc": {"cidr_ipv4": vpc.cidr_block}, "s3": {"prefix_list_id": s3.id}}
        for role, target in targets.items():
            told = f"HTTPS to AWS: {role}"
            port_rule(f"{label}-{role}", group.id, HTTPS_PORT, told, target, tags, options, outwards=True)
        return group.id


def check_existing_network(name: str, args: ExistingNetworkArgs) -> Checks:
    """Collect every problem of these arguments that shows without looking anything up."""
    checks = Checks.of(ExistingNetworkArgs, args, "ExistingNetwork", name)
    check_component_name(checks, name)
    _check_id(checks, "vpc_id", checks.get("vpc_id"), "vpc-")
    group = "endpoint_client_security_group_id"
    _check_id(checks, group, checks.get(group), "sg-")
    checks.together(
        group, "internet_access", f"decides nothing beside {group}, whose rules are its own; leave it out"
    )
    for key in ("private_subnet_ids", "public_subnet_ids"):
        given = checks.get(key)
        if given is not None and not given:
            checks.add(key, "must name at least one subnet, or be left out")
        for zone, subnet in (given or {}).items():
            if region_of(zone) is None:
                checks.add(f"{key}.{zone}", f"must be a zone such as eu-west-1a, got {zone!r}")
            _check_id(checks, f"{key}.{zone}", subnet, "subnet-")
    return checks


def _check_id(checks: Checks, path: str, value: object, prefix: str) -> None:
    if isinstance(value, str) and not value.startswith(prefix):
        checks.add(path, f"must be an id such as {prefix}0123456789abcdef0, got {value!r}")


def _lookup_options(opts: pulumi.ResourceOptions | None) -> pulumi.InvokeOptions:
    """Return how the component looks things up before it is there: by its own provider, else by its parent's."""
    given = opts or pulumi.ResourceOptions()
    several = given.providers or ()
    providers = [given.provider, *(several.values() if isinstance(several, Mapping) else several)]
    own = next((each for each in providers if each and each.package == "aws"), None)
    return pulumi.InvokeOptions(parent=given.parent, provider=own)


def _check_places(checks: Checks, args: ExistingNetworkArgs, options: pulumi.InvokeOptions) -> None:
    """Look every subnet with a plain id up: what is elsewhere would fail long after the first resources are made."""
    for key in ("private_subnet_ids", "public_subnet_ids"):
        for zone, subnet_id in args.get(key, {}).items():
            if is_output(subnet_id):
                continue
            try:
                found = aws.ec2.get_subnet(id=subnet_id, opts=options)
            except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower for an invoke that fails
                checks.add(f"{key}.{zone}", f"{subnet_id!r} cannot be looked up: {error}")
                continue
            if found.availability_zone != zone:
                checks.add(f"{key}.{zone}", f"{subnet_id!r} is in {found.availability_zone}")
            elif not is_output(args["vpc_id"]) and found.vpc_id != args["vpc_id"]:
                checks.add(f"{key}.{zone}", f"{subnet_id!r} is in {found.vpc_id}, not in {args['vpc_id']}")


def _outputs(ids: Mapping[str, pulumi.Input[str]]) -> Mapping[str, pulumi.Output[str]]:
    return {zone: pulumi.Output.from_input(ids[zone]) for zone in sorted(ids)}
