"""What still holds something else is not deleted: subnets with interfaces, VPCs with anything in them."""

from __future__ import annotations

from typing import Any

from .patch import around


def _refuse(kind: str, resource_id: str) -> None:
    from moto.ec2.exceptions import DependencyViolationError

    raise DependencyViolationError(f"The {kind} '{resource_id}' has dependencies and cannot be deleted.")


def _holds(backend: Any, vpc_id: str) -> bool:
    """Whether anything of a VPC's owner is left in it, beyond what goes with the VPC."""
    endpoints = any(one.vpc_id == vpc_id for one in backend.vpc_end_points.values())
    groups = any(not group.is_default for group in backend.groups[vpc_id].values())
    gateways = any(one.vpc and one.vpc.id == vpc_id for one in backend.internet_gateways.values())
    return endpoints or groups or gateways


def install() -> None:
    """Patches deletions."""
    from moto.ec2.models.route_tables import RouteBackend
    from moto.ec2.models.subnets import SubnetBackend
    from moto.ec2.models.vpcs import VPCBackend

    @around(SubnetBackend, "delete_subnet")
    def delete_subnet(original: Any, backend: Any, subnet_id: str) -> Any:
        if any(one.subnet.id == subnet_id for one in list(backend.enis.values())):
            _refuse("subnet", subnet_id)
        subnet = original(backend, subnet_id)
        for table in list(
            backend.route_tables.values()
        ):  # moto leaves the association, which holds the table
            for association_id, target in list(table._associations.items()):
                if target == subnet_id:
                    del table._associations[association_id]
        return subnet

    @around(VPCBackend, "delete_vpc")
    def delete_vpc(original: Any, backend: Any, vpc_id: str) -> Any:
        if vpc_id in backend.vpcs and _holds(backend, vpc_id):
            _refuse("vpc", vpc_id)
        vpc = backend.vpcs.get(vpc_id)
        default = backend.get_default_security_group(vpc_id) if vpc is not None else None
        if (
            default is not None
        ):  # it goes with its VPC; moto's own deletion of it would be refused as a user's
            default.is_default = False
        try:
            return original(backend, vpc_id)
        finally:
            if default is not None and vpc_id in backend.vpcs:
                default.is_default = True

    _keep_gateway_routes(RouteBackend)


def _keep_gateway_routes(backend_type: type) -> None:
    @around(backend_type, "delete_route_table")
    def delete_route_table(original: Any, backend: Any, route_table_id: str) -> Any:
        """A gateway endpoint forgets a table that goes, as AWS does."""
        result = original(backend, route_table_id)
        for endpoint in backend.vpc_end_points.values():
            if route_table_id in (endpoint.route_table_ids or []):
                endpoint.route_table_ids.remove(route_table_id)
        return result
