"""The network that the API declares, as plain data for the hosts. A pure function of moto's EC2 backends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

ACCOUNT_ID = "123456789012"
SERVICES = [
    "s3",
    "ssm",
    "ssmmessages",
    "kms",
    "sts",
    "secretsmanager",
    "logs",
    "elasticache",
    "lambda",
    "lambda-url",
    "ec2",
]
EVERYWHERE = "0.0.0.0/0"


def build_world(
    backends: dict[str, Any],
    names: Callable[[str], dict[str, Any]],
    replication: Callable[[str], list[list[Any]]],
    cut: Collection[str],
) -> dict[str, Any]:
    """The world of all regions: VPCs with hosts in them, their subnets, groups, hosts, names and faults.

    A VPC without a host is left out: nothing could tell whether it is there, and each region has a default
    VPC. Hosts are keyed by the id of their network interface. `names` and `replication` answer for a VPC's id.
    """
    vpcs: dict[str, Any] = {}
    for region, backend in backends.items():
        for vpc_id, hosts in _hosts_by_vpc(backend).items():
            vpcs[vpc_id] = {
                **_vpc(region, backend, vpc_id),
                "hosts": hosts,
                "names": names(vpc_id),
                "replication": replication(vpc_id),
                "cut": sorted(host_id for host_id in hosts if host_id in cut),
            }
    return {"vpcs": vpcs, "services": list(SERVICES)}


def _vpc(region: str, backend: Any, vpc_id: str) -> dict[str, Any]:
    vpc = backend.vpcs[vpc_id]
    subnets = [subnet for zone in list(backend.subnets.values()) for subnet in list(zone.values())]
    return {
        "region": region,
        "cidr": vpc.cidr_block,
        "subnets": {s.id: _subnet(backend, s) for s in subnets if s.vpc_id == vpc_id},
        "groups": {group.id: _group(backend, group) for group in list(backend.groups[vpc_id].values())},
    }


def _subnet(backend: Any, subnet: Any) -> dict[str, Any]:
    table = _route_table(backend, subnet)
    endpoints = [endpoint for endpoint in _live_endpoints(backend) if not _is_interface(endpoint)]
    return {
        "cidr": subnet.cidr_block,
        "zone": subnet.availability_zone,
        "internet": table is not None and _leads_out(table),
        "gateway_services": sorted(
            service_of(endpoint.service_name)
            for endpoint in endpoints
            if table is not None and table.id in (endpoint.route_table_ids or [])
        ),
    }


def _route_table(backend: Any, subnet: Any) -> Any:
    """The table a subnet is associated with, else its VPC's main table."""
    main = None
    for table in list(backend.route_tables.values()):
        if table.vpc_id != subnet.vpc_id:
            continue
        if any(subnet.id == association.get("SubnetId") for association in table.associations):
            return table
        if table.main_association_id:
            main = table
    return main


def _leads_out(table: Any) -> bool:
    by_nat = [route for route in _default_routes(table) if route.nat_gateway is not None]
    return bool(by_nat) or _leads_to_gateway(table)


def _leads_to_gateway(table: Any) -> bool:
    """Whether the way out is an internet gateway, by which the internet comes in too."""
    gateways = [route.gateway for route in _default_routes(table) if route.gateway is not None]
    return any(str(gateway.id).startswith("igw-") for gateway in gateways)


def _default_routes(table: Any) -> list[Any]:
    return [route for route in table.routes if route.destination_cidr_block == EVERYWHERE]


def _group(backend: Any, group: Any) -> dict[str, Any]:
    return {
        "ingress": [rule for one in list(group.ingress_rules) if (rule := _rule(backend, one))],
        "egress": [rule for one in list(group.egress_rules) if (rule := _rule(backend, one))],
    }


def _rule(backend: Any, rule: Any) -> dict[str, Any] | None:
    """One rule; None for what has no meaning in a network of IPv4 (a range of IPv6)."""
    any_port = rule.ip_protocol in ("-1", "icmp") or rule.from_port is None
    plain: dict[str, Any] = {
        "protocol": rule.ip_protocol,
        "from": 0 if any_port else int(rule.from_port),
        "to": 65535 if any_port else int(rule.to_port),
    }
    if rule.prefix_list_id:
        prefix_list = backend.managed_prefix_lists[rule.prefix_list_id]
        return {**plain, "prefix_list_service": service_of(prefix_list.prefix_list_name)}
    if rule.source_group:
        return {**plain, "group": rule.source_group["GroupId"]}
    if rule.ip_range.get("CidrIp"):
        return {**plain, "cidr": rule.ip_range["CidrIp"]}
    return None


def _hosts_by_vpc(backend: Any) -> dict[str, dict[str, Any]]:
    endpoints = {
        interface_id: endpoint
        for endpoint in _live_endpoints(backend)
        if _is_interface(endpoint)
        for interface_id in endpoint.network_interface_ids
    }
    vpcs: dict[str, dict[str, Any]] = {}
    for interface in list(backend.enis.values()):
        host = _host(backend, interface, endpoints.get(interface.id))
        if host is not None:
            vpcs.setdefault(interface.vpc_id, {})[interface.id] = host
    return vpcs


def _host(backend: Any, interface: Any, endpoint: Any) -> dict[str, Any] | None:
    """An interface as a host; None where nothing stands behind it (unattached, a NAT gateway's)."""
    host: dict[str, Any] = {
        "address": interface.private_ip_address,
        "subnet": interface.subnet.id,
        "groups": sorted({group.id for group in interface.group_set}),
    }
    if endpoint is not None:
        service = service_of(endpoint.service_name)
        private_dns = bool(endpoint.private_dns_enabled)
        return {**host, "kind": "endpoint", "service": service, "private_dns": private_dns}
    if interface.instance is not None:
        if interface.instance.state in ("terminated", "shutting-down"):
            return None
        table = _route_table(backend, interface.subnet)
        if interface.public_ip and table is not None and _leads_to_gateway(table):
            host["public_address"] = interface.public_ip
        return {**host, "kind": "instance", "metadata": instance_metadata(backend, interface.instance)}
    kind = getattr(interface, "sandbox_kind", None)
    return {**host, "kind": kind} if kind else None


def instance_metadata(backend: Any, instance: Any) -> dict[str, Any]:
    """What an instance's metadata service tells about it."""
    association = backend.iam_instance_profile_associations.get(instance.id)
    roles = list(association.iam_instance_profile.roles) if association is not None else []
    name = next((tag["value"] for tag in instance.get_tags() if tag["key"] == "Name"), instance.id)
    return {
        "instance_id": instance.id,
        "role": roles[0].arn if roles else None,
        "instance_type": instance.instance_type,
        "ami": instance.image_id,
        "name": name,
    }


def _live_endpoints(backend: Any) -> list[Any]:
    return [endpoint for endpoint in list(backend.vpc_end_points.values()) if endpoint.state != "deleted"]


def _is_interface(endpoint: Any) -> bool:
    return (endpoint.vpc_endpoint_type or "").lower() == "interface"


def service_of(name: str) -> str:
    """`com.amazonaws.eu-west-1.s3` -> `s3`."""
    return name.split(".", 3)[-1]
