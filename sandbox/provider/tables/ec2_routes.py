"""Route tables, their associations and routes."""

from __future__ import annotations

import zlib

from ..fields import dig, request, text
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

_TABLE_FIELDS = {"vpcId": text("VpcId", required=True, replaces=True)}

_ROUTE_TABLE = ResourceType(
    "aws:ec2/routeTable:RouteTable",
    "ec2",
    _TABLE_FIELDS,
    create=creating(_TABLE_FIELDS, "create_route_table", "RouteTable.RouteTableId"),
    describe=describing("describe_route_tables", "RouteTableIds", "RouteTables.0"),
    delete=deleting("delete_route_table", "RouteTableId"),
    outputs={"arn": lambda work, each, _: work.arn(f"route-table/{each}"), "ownerId": "OwnerId"},
    find=finding_by_mark("describe_route_tables", "RouteTables", "RouteTableId"),
    marked=True,
    tagging=ec2_tagging("route-table"),
)

_ASSOCIATION_FIELDS = {
    "routeTableId": text("RouteTableId", required=True, group="table"),
    "subnetId": text("SubnetId", required=True, replaces=True),
}


def _association_of(work: Work, subnet: str) -> Properties | None:
    """A subnet has at most one explicit association; its id changes when the table is exchanged."""
    wanted = [{"Name": "association.subnet-id", "Values": [subnet]}]
    for route_table in work.call("describe_route_tables", Filters=wanted)["RouteTables"]:
        for association in route_table["Associations"]:
            if association.get("SubnetId") == subnet:
                return association
    return None


def _describe_association(work: Work, association: str, state: Properties) -> Properties | None:
    return _association_of(work, state["subnetId"])


def _exchange_table(work: Work, association: str, change: Change) -> None:
    current = _association_of(work, change.new["subnetId"])
    work.call(
        "replace_route_table_association",
        AssociationId=current["RouteTableAssociationId"] if current else association,
        RouteTableId=change.new["routeTableId"],
    )


def _disassociate(work: Work, association: str, state: Properties) -> None:
    current = _association_of(work, state["subnetId"])
    if current:
        work.call("disassociate_route_table", AssociationId=current["RouteTableAssociationId"])


def _find_association(work: Work, given: Properties) -> str | None:
    current = _association_of(work, given["subnetId"])
    matches = current and current["RouteTableId"] == given["routeTableId"]
    return current["RouteTableAssociationId"] if current and matches else None


_ASSOCIATION = ResourceType(
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "ec2",
    _ASSOCIATION_FIELDS,
    create=creating(_ASSOCIATION_FIELDS, "associate_route_table", "AssociationId"),
    describe=_describe_association,
    delete=_disassociate,
    updates={"table": _exchange_table},
    find=_find_association,
    delete_before_replace=True,
)

_ROUTE_FIELDS = {
    "routeTableId": text("RouteTableId", required=True, replaces=True),
    "destinationCidrBlock": text("DestinationCidrBlock", required=True, replaces=True),
    "gatewayId": text("GatewayId", group="target"),
    "natGatewayId": text("NatGatewayId", group="target"),
    "networkInterfaceId": text("NetworkInterfaceId", group="target"),
}


def _route_id(given: Properties) -> str:
    return f"r-{given['routeTableId']}{zlib.crc32(given['destinationCidrBlock'].encode())}"


def _create_route(work: Work, given: Properties) -> str:
    work.call("create_route", **request(_ROUTE_FIELDS, given))
    return _route_id(given)


def _describe_route(work: Work, route: str, state: Properties) -> Properties | None:
    answer = work.call("describe_route_tables", RouteTableIds=[state["routeTableId"]])
    for each in dig(answer, "RouteTables.0.Routes") or []:
        if each.get("DestinationCidrBlock") == state["destinationCidrBlock"]:
            return {"RouteTableId": state["routeTableId"], **each}
    return None


def _find_route(work: Work, given: Properties) -> str | None:
    return _route_id(given) if _describe_route(work, "", given) else None


def _exchange_target(work: Work, route: str, change: Change) -> None:
    work.call("replace_route", **request(_ROUTE_FIELDS, change.new))


def _delete_route(work: Work, route: str, state: Properties) -> None:
    work.call(
        "delete_route", RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"]
    )


_ROUTE = ResourceType(
    "aws:ec2/route:Route",
    "ec2",
    _ROUTE_FIELDS,
    create=_create_route,
    describe=_describe_route,
    delete=_delete_route,
    outputs={"state": "State", "origin": "Origin"},
    updates={"target": _exchange_target},
    find=_find_route,
    delete_before_replace=True,
)

TYPES = table(_ROUTE_TABLE, _ASSOCIATION, _ROUTE)
