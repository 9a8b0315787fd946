"""A VPC for a cache and its clients: private subnets, and the endpoints by which they reach AWS."""

import re
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from . import subnets
from .problems import Checks, check_component_name

DEFAULT_CIDR_BLOCK = "10.20.0.0/16"

SESSION_MANAGER_ENDPOINTS = ("ssm", "ssmmessages")
"""What an instance without internet needs for Session Manager, Run Command and Parameter Store (R134)."""

_SERVICE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")
_ZONE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d([a-z]|(-[a-z0-9]+)+)")


class NetworkArgs(TypedDict):
    """Arguments of Network."""

    availability_zones: Sequence[str]
    """Zones to plan subnets in, 1-6 names such as eu-west-1a. A replica needs two."""
    cidr_block: NotRequired[str]
    """Range of the VPC, /16 to /28. Default: 10.20.0.0/16."""
    private_subnets: NotRequired[Mapping[str, str]]
    """Zone -> range, instead of the planned private subnets. Default: planned from the zones."""
    interface_endpoints: NotRequired[Sequence[str]]
    """AWS services to reach privately, by the end of their endpoint's name. Default: ssm, ssmmessages."""
    s3_gateway_endpoint: NotRequired[bool]
    """Reach S3, and with it packages and the client bundle, without internet; free. Default: true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


LATER = {
    "public_subnets": "public subnets are not built yet: everything is private, reached by Session Manager",
    "nat_gateways": "NAT gateways are not built yet: the S3 and interface endpoints serve instead",
    "flow_logs_retention_days": "flow logs are not built yet; leave the key out",
}
"""Arguments that are announced and not built, with what to tell who uses them."""


class Network(pulumi.ComponentResource):
    """A VPC with DNS, a private subnet and route table per zone, and endpoints instead of internet access.

    Creates the VPC, its default security group emptied, the subnets with their route tables, the S3 gateway
    endpoint, the interface endpoints with a group of their own, and a group to join to reach all of them.
    """

    vpc_id: pulumi.Output[str]
    cidr_block: pulumi.Output[str]
    private_subnet_ids: Mapping[str, pulumi.Output[str]]
    endpoint_client_security_group_id: pulumi.Output[str]
    s3_prefix_list_id: pulumi.Output[str] | None

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checks = check_network(name, args)
        checks.raise_problems()
        super().__init__("aws-cache:index:Network", name, dict(args), opts)
        checks.log_warnings(self)
        self._name, self._tags = name, args.get("tags") or {}
        cidr_block = args.get("cidr_block", DEFAULT_CIDR_BLOCK)
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=cidr_block,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._named(name),
            opts=self._child,
        )
        # Every new VPC has a group that admits everything among its members; without rules it is of no use to anyone.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=self._named(f"{name}-default"),
            opts=self._child,
        )
        zones = private_ranges(args)
        private = {zone: self._subnet(vpc, zone, zones[zone]) for zone in sorted(zones)}
        tables = [self._route_table(vpc, zone, subnet) for zone, subnet in private.items()]
        # The zones are plain, so that what is placed by zone can be checked before anything is created.
        self.private_subnet_ids = {zone: subnet.id for zone, subnet in private.items()}
        client = self._group(vpc, "endpoint-client", "Members reach the VPC endpoints and, through them, AWS")
        region = aws.get_region(opts=pulumi.InvokeOptions(parent=self)).region
        s3 = self._s3_endpoint(vpc, region, tables, client) if args.get("s3_gateway_endpoint", True) else None
        self._interface_endpoints(
            vpc, region, args.get("interface_endpoints", SESSION_MANAGER_ENDPOINTS), client
        )

        self.vpc_id = vpc.id
        self.cidr_block = vpc.cidr_block
        self.endpoint_client_security_group_id = client.id
        self.s3_prefix_list_id = s3.prefix_list_id if s3 else None
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "cidr_block": self.cidr_block,
                "private_subnet_ids": self.private_subnet_ids,
                "endpoint_client_security_group_id": self.endpoint_client_security_group_id,
                "s3_prefix_list_id": self.s3_prefix_list_id,
            }
        )

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _named(self, label: str) -> dict[str, pulumi.Input[str]]:
        return {**self._tags, "Name": label}

    def _subnet(self, vpc: aws.ec2.Vpc, zone: str, cidr_block: str) -> aws.ec2.Subnet:
        label = f"{self._name}-private-{zone}"
        return aws.ec2.Subnet(
            label,
            vpc_id=vpc.id,
            availability_zone=zone,
            cidr_block=cidr_block,
            map_public_ip_on_launch=False,
            tags=self._named(label),
            opts=self._child,
        )

    def _route_table(self, vpc: aws.ec2.Vpc, zone: str, subnet: aws.ec2.Subnet) -> aws.ec2.RouteTable:
        label = f"{self._name}-private-{zone}"
        table = aws.ec2.RouteTable(label, vpc_id=vpc.id, tags=self._named(label), opts=self._child)
        aws.ec2.RouteTableAssociation(label, subnet_id=subnet.id, route_table_id=table.id, opts=self._child)
        return table

    def _group(self, vpc: aws.ec2.Vpc, role: str, description: str) -> aws.ec2.SecurityGroup:
        label = f"{self._name}-{role}"
        return aws.ec2.SecurityGroup(
            label, vpc_id=vpc.id, description=description, tags=self._named(label), opts=self._child
        )

    def _s3_endpoint(
        self,
        vpc: aws.ec2.Vpc,
        region: str,
        tables: Sequence[aws.ec2.RouteTable],
        client: aws.ec2.SecurityGroup,
    ) -> aws.ec2.VpcEndpoint:
        label = f"{self._name}-s3"
        endpoint = aws.ec2.VpcEndpoint(
            label,
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags=self._named(label),
            opts=self._child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-endpoint-client-s3",
            security_group_id=client.id,
            description="HTTPS to S3 through the gateway endpoint",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            prefix_list_id=endpoint.prefix_list_id,
            tags=self._tags,
            opts=self._child,
        )
        return endpoint

    def _interface_endpoints(
        self, vpc: aws.ec2.Vpc, region: str, services: Sequence[str], client: aws.ec2.SecurityGroup
    ) -> None:
        if not services:
            return
        group = self._group(
            vpc, "endpoint", "The VPC endpoints: HTTPS from the members of the client group only"
        )
        common = {
            "ip_protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "tags": self._tags,
            "opts": self._child,
        }
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoint-443",
            security_group_id=group.id,
            description="HTTPS from the endpoints' clients",
            referenced_security_group_id=client.id,
            **common,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-endpoint-client-443",
            security_group_id=client.id,
            description="HTTPS to the VPC endpoints",
            referenced_security_group_id=group.id,
            **common,
        )
        for service in services:
            label = f"{self._name}-{service.replace('.', '-')}"
            aws.ec2.VpcEndpoint(
                label,
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=list(self.private_subnet_ids.values()),
                security_group_ids=[group.id],
                tags=self._named(label),
                opts=self._child,
            )


def private_ranges(args: NetworkArgs) -> dict[str, str]:
    """Return zone -> range of the private subnets: as given, else planned. Raises ValueError without room."""
    if args.get("private_subnets"):
        return dict(args["private_subnets"])
    vpc = subnets.vpc_range(args.get("cidr_block", DEFAULT_CIDR_BLOCK))
    return subnets.plan(vpc, args["availability_zones"])


def check_network(name: str, args: NetworkArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(NetworkArgs, args, "Network", name, refused=LATER)
    check_component_name(checks, name)
    zones = checks.get("availability_zones")
    if zones is not None:
        _check_zones(checks, zones)
    _check_ranges(checks)
    for index, service in enumerate(checks.get("interface_endpoints", ())):
        if not _SERVICE.fullmatch(service) or service.startswith("com.amazonaws"):
            checks.add(
                f"interface_endpoints[{index}]",
                f"must be the end of a service's name, such as ssm, got {service!r}",
            )
        elif service == "s3":
            checks.add(f"interface_endpoints[{index}]", "S3 has a gateway endpoint: s3_gateway_endpoint")
        elif service in checks.get("interface_endpoints")[:index]:
            checks.add(
                f"interface_endpoints[{index}]",
                f"{service!r} is there twice; a VPC has one endpoint per service",
            )
    return checks


def _check_zones(checks: Checks, zones: Sequence[str]) -> None:
    if not 1 <= len(zones) <= subnets.MAXIMUM_ZONES:
        checks.add("availability_zones", f"must be 1-{subnets.MAXIMUM_ZONES} zones, got {len(zones)}")
    for index, zone in enumerate(zones):
        if not _ZONE.fullmatch(zone):
            checks.add(f"availability_zones[{index}]", f"must be a zone such as eu-west-1a, got {zone!r}")
        elif zone in zones[:index]:
            checks.add(f"availability_zones[{index}]", f"{zone!r} is there twice")


def _check_ranges(checks: Checks) -> None:
    if not checks.ok("cidr_block"):
        return
    try:
        vpc = subnets.vpc_range(checks.get("cidr_block", DEFAULT_CIDR_BLOCK))
    except ValueError as error:
        checks.add("cidr_block", str(error))
        return
    given = checks.get("private_subnets")
    if given is not None:
        if not given:
            checks.add("private_subnets", "must name at least one zone, or be left out")
        for zone in given:
            if not _ZONE.fullmatch(zone):
                checks.add(f"private_subnets.{zone}", f"must be a zone such as eu-west-1a, got {zone!r}")
        ranges = {f"private_subnets.{zone}": text for zone, text in given.items()}
        for path, fault in subnets.range_faults(vpc, ranges).items():
            checks.add(path, fault)
    elif checks.get("availability_zones"):
        try:
            subnets.plan(vpc, checks.get("availability_zones"))
        except ValueError as error:
            checks.add("cidr_block" if "small" in str(error) else "availability_zones", str(error))
