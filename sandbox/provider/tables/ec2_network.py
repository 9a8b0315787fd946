"""VPCs, subnets and internet gateways."""

from __future__ import annotations

from typing import Any

from ..fields import dig, flag, number, text
from ..resource_type import (
    Change,
    Properties,
    ResourceType,
    creating,
    deleting,
    describing,
    finding_by_mark,
    table,
)
from ..tagging import ec2_tagging
from ..work import Work

_VPC_FIELDS = {
    "cidrBlock": text("CidrBlock", required=True, replaces=True),
    "instanceTenancy": text("InstanceTenancy", default="default", choices=("default", "dedicated")),
    "enableDnsSupport": flag(read="EnableDnsSupport", default=True, group="dns_support"),
    "enableDnsHostnames": flag(read="EnableDnsHostnames", default=False, group="dns_hostnames"),
}


def _describe_vpc(work: Work, vpc: str, state: Properties) -> dict[str, Any] | None:
    description = dig(work.call("describe_vpcs", VpcIds=[vpc]), "Vpcs.0")
    if description is None:
        return None
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        name = attribute[0].lower() + attribute[1:]
        answer = work.call("describe_vpc_attribute", VpcId=vpc, Attribute=name)
        description[attribute] = answer[attribute]["Value"]
    return description


def _set_vpc_attribute(name: str, attribute: str) -> Any:
    def send(work: Work, vpc: str, change: Change) -> None:
        value = change.new.get(name, _VPC_FIELDS[name].default)
        work.call("modify_vpc_attribute", VpcId=vpc, **{attribute: {"Value": value}})

    return send


def _first_in_vpc(operation: str, path: str, **filters: str) -> Any:
    def output(work: Work, vpc: str, description: Properties) -> Any:
        wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return dig(work.call(operation, Filters=[{"Name": "vpc-id", "Values": [vpc]}, *wanted]), path)

    return output


def _main_route_table(work: Work, vpc: str, description: Properties) -> Any:
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return dig(work.call("describe_route_tables", Filters=wanted), "RouteTables.0.RouteTableId")


_VPC = ResourceType(
    "aws:ec2/vpc:Vpc",
    "ec2",
    _VPC_FIELDS,
    create=creating(_VPC_FIELDS, "create_vpc", "Vpc.VpcId"),
    describe=_describe_vpc,
    delete=deleting("delete_vpc", "VpcId"),
    outputs={
        "arn": lambda work, vpc, _: work.arn(f"vpc/{vpc}"),
        "ownerId": "OwnerId",
        "dhcpOptionsId": "DhcpOptionsId",
        "mainRouteTableId": _main_route_table,
        "defaultRouteTableId": _main_route_table,
        "defaultSecurityGroupId": _first_in_vpc(
            "describe_security_groups", "SecurityGroups.0.GroupId", group_name="default"
        ),
        "defaultNetworkAclId": _first_in_vpc(
            "describe_network_acls", "NetworkAcls.0.NetworkAclId", default="true"
        ),
    },
    updates={
        "dns_support": _set_vpc_attribute("enableDnsSupport", "EnableDnsSupport"),
        "dns_hostnames": _set_vpc_attribute("enableDnsHostnames", "EnableDnsHostnames"),
    },
    after_create=("dns_support", "dns_hostnames"),
    find=finding_by_mark("describe_vpcs", "Vpcs", "VpcId"),
    marked=True,
    tagging=ec2_tagging("vpc"),
)

_SUBNET_FIELDS = {
    "vpcId": text("VpcId", required=True, replaces=True),
    "cidrBlock": text("CidrBlock", required=True, replaces=True),
    "availabilityZone": text("AvailabilityZone", computed=True, replaces=True),
    "availabilityZoneId": text("AvailabilityZoneId", computed=True, replaces=True),
    "mapPublicIpOnLaunch": flag(read="MapPublicIpOnLaunch", default=False, group="public"),
}


def _map_public_addresses(work: Work, subnet: str, change: Change) -> None:
    value = bool(change.new.get("mapPublicIpOnLaunch", False))
    work.call("modify_subnet_attribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})


_SUBNET = ResourceType(
    "aws:ec2/subnet:Subnet",
    "ec2",
    _SUBNET_FIELDS,
    create=creating(_SUBNET_FIELDS, "create_subnet", "Subnet.SubnetId"),
    describe=describing("describe_subnets", "SubnetIds", "Subnets.0"),
    delete=deleting("delete_subnet", "SubnetId"),
    outputs={"arn": lambda work, subnet, _: work.arn(f"subnet/{subnet}"), "ownerId": "OwnerId"},
    updates={"public": _map_public_addresses},
    after_create=("public",),
    find=finding_by_mark("describe_subnets", "Subnets", "SubnetId"),
    marked=True,
    tagging=ec2_tagging("subnet"),
    # Two subnets of one VPC cannot hold the same range, so the new one cannot come first.
    delete_before_replace=True,
)

_GATEWAY_FIELDS = {"vpcId": text(read="Attachments.0.VpcId", computed=True, group="attachment")}


def _attach(work: Work, gateway: str, change: Change) -> None:
    answer = work.call("describe_internet_gateways", InternetGatewayIds=[gateway])
    attached = dig(answer, "InternetGateways.0.Attachments.0.VpcId")
    if attached and attached != change.new.get("vpcId"):
        work.call("detach_internet_gateway", InternetGatewayId=gateway, VpcId=attached)
    if attached != change.new.get("vpcId") and change.new.get("vpcId"):
        work.call("attach_internet_gateway", InternetGatewayId=gateway, VpcId=change.new["vpcId"])


def _delete_gateway(work: Work, gateway: str, state: Properties) -> None:
    answer = work.call("describe_internet_gateways", InternetGatewayIds=[gateway])
    attached = dig(answer, "InternetGateways.0.Attachments.0.VpcId")
    if attached:
        work.call("detach_internet_gateway", InternetGatewayId=gateway, VpcId=attached)
    work.call("delete_internet_gateway", InternetGatewayId=gateway)


_INTERNET_GATEWAY = ResourceType(
    "aws:ec2/internetGateway:InternetGateway",
    "ec2",
    _GATEWAY_FIELDS,
    create=creating({}, "create_internet_gateway", "InternetGateway.InternetGatewayId"),
    describe=describing("describe_internet_gateways", "InternetGatewayIds", "InternetGateways.0"),
    delete=_delete_gateway,
    outputs={"arn": lambda work, gateway, _: work.arn(f"internet-gateway/{gateway}"), "ownerId": "OwnerId"},
    updates={"attachment": _attach},
    after_create=("attachment",),
    find=finding_by_mark("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    marked=True,
    tagging=ec2_tagging("internet-gateway"),
)

_FLOW_LOG_FIELDS = {
    "vpcId": text(read="VpcId", replaces=True),
    "trafficType": text("TrafficType", replaces=True, choices=("ACCEPT", "REJECT", "ALL")),
    "iamRoleArn": text("DeliverLogsPermissionArn", replaces=True),
    "logDestination": text("LogDestination", replaces=True),
    "logDestinationType": text("LogDestinationType", default="cloud-watch-logs", replaces=True),
    "maxAggregationInterval": number("MaxAggregationInterval", default=600, replaces=True),
    "logFormat": text("LogFormat", computed=True, replaces=True),
}


def _create_flow_log(work: Work, given: Properties) -> str:
    create = creating(
        _FLOW_LOG_FIELDS, "create_flow_logs", "FlowLogIds.0", ResourceIds=[given["vpcId"]], ResourceType="VPC"
    )
    return create(work, given)


def _describe_flow_log(work: Work, flow_log: str, state: Properties) -> Properties | None:
    description = dig(work.call("describe_flow_logs", FlowLogIds=[flow_log]), "FlowLogs.0")
    if description is None:
        return None
    # A destination in CloudWatch Logs is described by the group's name only.
    group = description.get("LogGroupName")
    named = {"LogDestination": work.arn(f"log-group:{group}", "logs")} if group else {}
    return {**named, **description, "VpcId": description["ResourceId"]}


def _delete_flow_log(work: Work, flow_log: str, state: Properties) -> None:
    work.call("delete_flow_logs", FlowLogIds=[flow_log])


_FLOW_LOG = ResourceType(
    "aws:ec2/flowLog:FlowLog",
    "ec2",
    _FLOW_LOG_FIELDS,
    create=_create_flow_log,
    describe=_describe_flow_log,
    delete=_delete_flow_log,
    outputs={"arn": lambda work, flow_log, _: work.arn(f"vpc-flow-log/{flow_log}")},
    find=finding_by_mark("describe_flow_logs", "FlowLogs", "FlowLogId"),
    marked=True,
    tagging=ec2_tagging("vpc-flow-log"),
)

TYPES = table(_VPC, _SUBNET, _INTERNET_GATEWAY, _FLOW_LOG)
