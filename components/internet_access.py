"""The way from a VPC to the internet: public subnets, and NAT gateways in them for the private ones."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .problems import Checks, check_component_name

EVERYWHERE = "0.0.0.0/0"


class InternetAccessArgs(TypedDict):
    """Arguments of InternetAccess."""

    vpc_id: pulumi.Input[str]
    """VPC to lead out of."""
    public_subnets: Mapping[str, str]
    """Zone -> range of the public subnets, at least one."""
    nat_zones: NotRequired[Sequence[str]]
    """Zones of public subnets that get a NAT gateway. Default: none."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class InternetAccess(pulumi.ComponentResource):
    """An internet gateway, public subnets with one route table, and NAT gateways with fixed addresses.

    Nothing in a public subnet gets a public address by itself: what wants one asks for it.
    """

    public_subnet_ids: Mapping[str, pulumi.Output[str]]
    """Zone -> id of the public subnets."""
    nat_gateway_ids: Mapping[str, pulumi.Output[str]]
    """Zone -> id of the NAT gateways."""
    route_table_id: pulumi.Output[str]
    """Route table of the public subnets."""

    def __init__(
        self, name: str, args: InternetAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_internet_access(name, args).raise_problems()
        super().__init__("aws-cache:index:InternetAccess", name, dict(args), opts)
        self._name, self._args, self._tags = name, args, args.get("tags") or {}
        gateway = aws.ec2.InternetGateway(
            name, vpc_id=args["vpc_id"], tags=self._named(name), opts=self._child
        )
        label = f"{name}-public"
        table = aws.ec2.RouteTable(label, vpc_id=args["vpc_id"], tags=self._named(label), opts=self._child)
        way_out = aws.ec2.Route(
            label,
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        subnets = {zone: self._subnet(zone, table) for zone in sorted(args["public_subnets"])}
        nats = {zone: self._nat(zone, subnets[zone], way_out) for zone in sorted(args.get("nat_zones", ()))}

        self.public_subnet_ids = {zone: subnet.id for zone, subnet in subnets.items()}
        self.nat_gateway_ids = {zone: nat.id for zone, nat in nats.items()}
        self.route_table_id = table.id
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _named(self, label: str) -> dict[str, pulumi.Input[str]]:
        return {**self._tags, "Name": label}

    def _subnet(self, zone: str, table: aws.ec2.RouteTable) -> aws.ec2.Subnet:
        label = f"{self._name}-public-{zone}"
        subnet = aws.ec2.Subnet(
            label,
            vpc_id=self._args["vpc_id"],
            availability_zone=zone,
            cidr_block=self._args["public_subnets"][zone],
            map_public_ip_on_launch=False,
            tags=self._named(label),
            opts=self._child,
        )
        aws.ec2.RouteTableAssociation(label, subnet_id=subnet.id, route_table_id=table.id, opts=self._child)
        return subnet

    def _nat(self, zone: str, subnet: aws.ec2.Subnet, way_out: aws.ec2.Route) -> aws.ec2.NatGateway:
        label = f"{self._name}-nat-{zone}"
        # AWS gives neither an address nor a working NAT to a VPC without internet gateway; no output carries that.
        ordered = pulumi.ResourceOptions(parent=self, depends_on=[way_out])
        address = aws.ec2.Eip(label, domain="vpc", tags=self._named(label), opts=ordered)
        return aws.ec2.NatGateway(
            label,
            subnet_id=subnet.id,
            allocation_id=address.allocation_id,
            tags=self._named(label),
            opts=ordered,
        )


def check_internet_access(name: str, args: InternetAccessArgs) -> Checks:
    """Collect every problem of these arguments; ranges are for the Network to check, which knows the others."""
    checks = Checks.of(InternetAccessArgs, args, "InternetAccess", name)
    check_component_name(checks, name)
    public = checks.get("public_subnets")
    if public is not None and not public:
        checks.add("public_subnets", "must name at least one zone")
    for index, zone in enumerate(checks.get("nat_zones", ())):
        if public and zone not in public:
            checks.add(
                f"nat_zones[{index}]",
                f"{zone!r} has no public subnet; zones with one: {', '.join(sorted(public))}",
            )
    return checks
