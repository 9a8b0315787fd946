"""VPC endpoints: interface endpoints with real interfaces and names, gateway endpoints with routes.

moto gives an interface endpoint random addresses in the default group and one name of no use, and ignores
what a modification does to interfaces and routes.
"""

from __future__ import annotations

from typing import Any

from .patch import around

GATEWAY_SERVICES = ("s3", "dynamodb")


def _service(name: str) -> str:
    return name.split(".", 3)[-1]


def check_service(backend: Any, service_name: str, is_interface: bool) -> None:
    """Refuses a service that the region has not, or not as this type of endpoint."""
    from moto.ec2.exceptions import InvalidParameter, InvalidServiceName
    from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES

    known = service_name.startswith(f"com.amazonaws.{backend.region_name}.")
    if not known or _service(service_name) not in {*AWS_ENDPOINT_SERVICES, *GATEWAY_SERVICES}:
        raise InvalidServiceName(service_name)
    if not is_interface and _service(service_name) not in GATEWAY_SERVICES:
        raise InvalidParameter(
            f"Endpoint type (Gateway) does not match available service types ([Interface]) for {service_name}."
        )


def check_private_dns(backend: Any, vpc_id: str, service_name: str) -> None:
    """Private DNS needs both DNS attributes of the VPC, and one endpoint only may own the service's name."""
    from moto.ec2.exceptions import InvalidParameter

    vpc = backend.get_vpc(vpc_id)
    if not (_on(vpc.enable_dns_support) and _on(vpc.enable_dns_hostnames)):
        raise InvalidParameter(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to "
            f"true for {vpc_id}"
        )
    for other in backend.vpc_end_points.values():
        same = (other.vpc_id, other.service_name) == (vpc_id, service_name)
        if same and other.private_dns_enabled:
            domain = f"{_service(service_name)}.{backend.region_name}.amazonaws.com"
            raise InvalidParameter(
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{domain} in the VPC {vpc_id}"
            )


def _on(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def add_interface(endpoint: Any, subnet_id: str) -> None:
    """Gives an endpoint its interface in one subnet, in the endpoint's groups."""
    from moto.ec2.exceptions import EC2ClientError

    backend = endpoint.ec2_backend
    zone = backend.get_subnet(subnet_id).availability_zone
    if zone in {backend.enis[one].availability_zone for one in endpoint.network_interface_ids}:
        message = f"Found another VPC endpoint subnet in the availability zone of {subnet_id}."
        raise EC2ClientError("DuplicateSubnetsInSameZone", message)
    interface = backend.create_network_interface(
        subnet_id,
        None,
        group_ids=list(endpoint.security_group_ids),
        description=f"VPC Endpoint Interface {endpoint.id}",
    )
    interface.interface_type = "vpc_endpoint"
    interface.requester_managed = True
    interface.status = "in-use"
    endpoint.network_interface_ids.append(interface.id)
    endpoint.security_group_ids = sorted({group.id for group in interface.group_set})


def remove_interface(endpoint: Any, subnet_id: str) -> None:
    """Takes an endpoint's interface out of one subnet."""
    backend = endpoint.ec2_backend
    for interface_id in list(endpoint.network_interface_ids):
        if backend.enis[interface_id].subnet.id == subnet_id:
            del backend.enis[interface_id]
            endpoint.network_interface_ids.remove(interface_id)


def dns_entries(endpoint: Any) -> list[dict[str, str]]:
    """The names of an interface endpoint: its own, one per zone, and the service's with private DNS."""
    backend = endpoint.ec2_backend
    domain = f"{_service(endpoint.service_name)}.{backend.region_name}.vpce.amazonaws.com"
    stem = f"{endpoint.id}-{endpoint.id[-8:]}"
    zone_id = "Z" + endpoint.id[5:18].upper()
    zones = sorted(backend.enis[one].availability_zone for one in endpoint.network_interface_ids)
    names = [f"{stem}.{domain}", *(f"{stem}-{zone}.{domain}" for zone in zones)]
    entries = [{"dns_name": name, "hosted_zone_id": zone_id} for name in names]
    if endpoint.private_dns_enabled:
        name = f"{_service(endpoint.service_name)}.{backend.region_name}.amazonaws.com"
        entries.append({"dns_name": name, "hosted_zone_id": "Z0" + endpoint.id[5:17].upper()})
    return entries


def add_route(endpoint: Any, table_id: str) -> None:
    """Routes a gateway endpoint's service from one route table."""
    endpoint.ec2_backend.create_route(
        table_id, None, gateway_id=endpoint.id, destination_prefix_list_id=endpoint.destination_prefix_list_id
    )


def remove_route(endpoint: Any, table_id: str) -> None:
    """Takes a gateway endpoint's route from a table, which may be gone."""
    table = endpoint.ec2_backend.route_tables.get(table_id)
    routes = table.routes if table is not None else []
    if any(route.gateway_id == endpoint.id for route in routes):
        endpoint.ec2_backend.delete_route(table_id, None, None, endpoint.destination_prefix_list_id)


def install() -> None:
    """Patches creation, modification, deletion and the answer's fields."""
    from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
    from moto.ec2.responses.vpcs import VPCs

    fields: dict[str, Any] = {
        "ip_address_type": "ipv4",
        "dns_options": {"DnsRecordIpType": "ipv4"},
        "requester_managed": False,
        # What the filter of that name looks at.
        "vpc_endpoint_id": property(lambda endpoint: endpoint.id),
    }
    for name, value in fields.items():
        setattr(VPCEndPoint, name, value)
    around(VPCBackend, "create_vpc_endpoint")(_create)
    around(VPCBackend, "delete_vpc_endpoints")(_delete)
    around(VPCEndPoint, "modify")(_modify)
    around(VPCs, "modify_vpc_endpoint")(_modify_private_dns)


def _create(
    original: Any, backend: Any, vpc_id: str, service_name: str, endpoint_type: Any, *args: Any, **kwargs: Any
) -> Any:
    is_interface = (endpoint_type or "Gateway").lower() == "interface"
    check_service(backend, service_name, is_interface)
    private_dns = bool(is_interface and kwargs.get("private_dns_enabled"))
    if private_dns:
        check_private_dns(backend, vpc_id, service_name)
    subnet_ids = kwargs.pop("subnet_ids", None) or []
    kwargs["private_dns_enabled"] = private_dns
    endpoint = original(
        backend, vpc_id, service_name, endpoint_type or "Gateway", *args, subnet_ids=[], **kwargs
    )
    endpoint.subnet_ids = []
    if is_interface:
        try:
            _modify(None, endpoint, None, subnet_ids, [], [], [], [], [])
        except Exception:
            _delete(None, backend, [endpoint.id])
            raise
    return endpoint


def _modify(
    original: Any,
    endpoint: Any,
    policy_doc: str | None,
    add_subnets: list[str] | None,
    remove_subnets: list[str] | None,
    add_route_tables: list[str] | None,
    remove_route_tables: list[str] | None,
    add_security_groups: list[str] | None,
    remove_security_groups: list[str] | None,
) -> None:
    backend = endpoint.ec2_backend
    endpoint.policy_document = policy_doc or endpoint.policy_document
    groups = {*endpoint.security_group_ids, *(add_security_groups or [])} - {*(remove_security_groups or [])}
    endpoint.security_group_ids = sorted(groups)
    for subnet_id in remove_subnets or []:
        remove_interface(endpoint, subnet_id)
    for subnet_id in add_subnets or []:
        if subnet_id not in endpoint.subnet_ids:
            add_interface(endpoint, subnet_id)
    endpoint.subnet_ids = [backend.enis[one].subnet.id for one in endpoint.network_interface_ids]
    for interface_id in endpoint.network_interface_ids:
        backend.modify_network_interface_attribute(interface_id, endpoint.security_group_ids)
    for table_id in remove_route_tables or []:
        remove_route(endpoint, table_id)
        endpoint.route_table_ids.remove(table_id)
    for table_id in add_route_tables or []:
        if table_id not in endpoint.route_table_ids:
            endpoint.route_table_ids.append(table_id)
            add_route(endpoint, table_id)
    if endpoint.network_interface_ids:
        endpoint.dns_entries = dns_entries(endpoint)


def _modify_private_dns(original: Any, response: Any) -> Any:
    """moto's answer drops PrivateDnsEnabled."""
    wanted = response._get_bool_param("PrivateDnsEnabled")
    result = original(response)
    endpoint_id = response._get_param("VpcEndpointId")
    endpoint = response.ec2_backend.describe_vpc_endpoints([endpoint_id])[0]
    if wanted is not None and wanted != endpoint.private_dns_enabled:
        if wanted:
            check_private_dns(response.ec2_backend, endpoint.vpc_id, endpoint.service_name)
        endpoint.private_dns_enabled = wanted
        endpoint.dns_entries = dns_entries(endpoint)
    return result


def _delete(original: Any, backend: Any, vpce_ids: list[str] | None = None) -> None:
    """moto keeps a deleted endpoint for ever as "deleted"; AWS forgets it."""
    for endpoint in backend.describe_vpc_endpoints(vpce_ids or []):
        for interface_id in endpoint.network_interface_ids:
            backend.enis.pop(interface_id, None)
        for table_id in endpoint.route_table_ids or []:
            remove_route(endpoint, table_id)
        del backend.vpc_end_points[endpoint.id]
