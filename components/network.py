"""A VPC for a cache and its clients: private subnets, and the endpoints by which they reach AWS."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from .network_arguments import (
    DEFAULT_CIDR_BLOCK,
    SESSION_MANAGER_ENDPOINTS,
    NetworkArgs,
    check_network,
    private_ranges,
)


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
