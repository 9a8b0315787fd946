"""A VPC for a cache and its clients: its subnets, and the ways by which they reach AWS."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from .flow_logs import FlowLogs
from .hints import network_hints, tell
from .internet_access import EVERYWHERE, InternetAccess
from .network_arguments import (
    DEFAULT_CIDR_BLOCK,
    NetworkArgs,
    Plan,
    check_network,
    interface_services,
    subnet_plan,
)
from .port_rules import HTTPS_PORT, port_rule


class Network(pulumi.ComponentResource):
    """A VPC with DNS, a private subnet and route table per zone, and endpoints instead of internet access.

    Creates the VPC, its default security group emptied, the subnets with their route tables, the S3 gateway
    endpoint, the interface endpoints with a group of their own, and a group to join to reach all of them. Public
    subnets and NAT gateways come as an InternetAccess, flow logs as a FlowLogs.
    """

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    cidr_block: pulumi.Output[str]
    """Range of the VPC."""
    private_subnet_ids: Mapping[str, pulumi.Output[str]]
    """Zone -> id of the private subnets."""
    public_subnet_ids: Mapping[str, pulumi.Output[str]]
    """Zone -> id of the public subnets; empty without any."""
    endpoint_client_security_group_id: pulumi.Output[str]
    """Group to join to reach the endpoints and, with NAT gateways, AWS over the internet."""
    s3_prefix_list_id: pulumi.Output[str] | None
    """Prefix list of S3 behind the gateway endpoint; absent without it."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checks = check_network(name, args)
        checks.raise_problems()
        super().__init__("aws-cache:index:Network", name, dict(args), opts)
        checks.log_warnings(self)
        tell(self, network_hints(args))
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
        plan, services = subnet_plan(args), interface_services(args)
        private = {zone: self._subnet(vpc, zone, plan.private[zone]) for zone in sorted(plan.private)}
        tables = {zone: self._route_table(vpc, zone, subnet) for zone, subnet in private.items()}
        internet = self._internet(vpc, plan, tables) if plan.public else None
        # The zones are plain, so that what is placed by zone can be checked before anything is created.
        self.private_subnet_ids = {zone: subnet.id for zone, subnet in private.items()}
        self.public_subnet_ids = internet.public_subnet_ids if internet else {}
        client = self._group(vpc, "endpoint-client", "Members reach the VPC endpoints and, through them, AWS")
        region = aws.get_region(opts=pulumi.InvokeOptions(parent=self)).region
        table_ids = [table.id for table in tables.values()] + ([internet.route_table_id] if internet else [])
        s3 = (
            self._s3_endpoint(vpc, region, table_ids, client)
            if args.get("s3_gateway_endpoint", True)
            else None
        )
        self._interface_endpoints(vpc, region, services, client)
        if plan.nat_zones or (plan.public and not services):
            self._client_rule(client, "internet", "HTTPS to AWS over the internet", cidr_ipv4=EVERYWHERE)
        days = int(args.get("flow_logs_retention_days", 0))
        if days:
            flow_logs = {"vpc_id": vpc.id, "retention_days": days, "tags": self._tags}
            FlowLogs(name, flow_logs, self._child)

        self.vpc_id = vpc.id
        self.cidr_block = vpc.cidr_block
        self.endpoint_client_security_group_id = client.id
        self.s3_prefix_list_id = s3.prefix_list_id if s3 else None
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})

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

    def _internet(
        self, vpc: aws.ec2.Vpc, plan: Plan, tables: Mapping[str, aws.ec2.RouteTable]
    ) -> InternetAccess:
        """Return the way out, with a route to a NAT gateway from each private subnet if there are any."""
        internet = InternetAccess(
            self._name,
            {
                "vpc_id": vpc.id,
                "public_subnets": plan.public,
                "nat_zones": plan.nat_zones,
                "tags": self._tags,
            },
            self._child,
        )
        nats = internet.nat_gateway_ids
        for zone, table in tables.items() if nats else ():
            aws.ec2.Route(
                f"{self._name}-private-{zone}",
                route_table_id=table.id,
                destination_cidr_block=EVERYWHERE,
                # Its own zone's, so that no zone depends on another; a single one serves all.
                nat_gateway_id=nats.get(zone) or next(iter(nats.values())),
                opts=self._child,
            )
        return internet

    def _group(self, vpc: aws.ec2.Vpc, role: str, description: str) -> aws.ec2.SecurityGroup:
        label = f"{self._name}-{role}"
        return aws.ec2.SecurityGroup(
            label, vpc_id=vpc.id, description=description, tags=self._named(label), opts=self._child
        )

    def _client_rule(
        self, client: aws.ec2.SecurityGroup, role: str, description: str, **target: pulumi.Input[str]
    ) -> None:
        label = f"{self._name}-endpoint-client-{role}"
        port_rule(label, client.id, HTTPS_PORT, description, target, self._tags, self._child, outwards=True)

    def _s3_endpoint(
        self,
        vpc: aws.ec2.Vpc,
        region: str,
        route_table_ids: Sequence[pulumi.Input[str]],
        client: aws.ec2.SecurityGroup,
    ) -> aws.ec2.VpcEndpoint:
        label = f"{self._name}-s3"
        endpoint = aws.ec2.VpcEndpoint(
            label,
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=route_table_ids,
            tags=self._named(label),
            opts=self._child,
        )
        self._client_rule(
            client,
            "s3",
            "HTTPS to S3 through the gateway endpoint",
            prefix_list_id=endpoint.prefix_list_id,
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
        port_rule(
            f"{self._name}-endpoint-443",
            group.id,
            HTTPS_PORT,
            "HTTPS from the endpoints' clients",
            {"referenced_security_group_id": client.id},
            self._tags,
            self._child,
        )
        self._client_rule(client, "443", "HTTPS to the VPC endpoints", referenced_security_group_id=group.id)
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
