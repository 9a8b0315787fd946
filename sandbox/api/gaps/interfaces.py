"""Network interfaces with addresses of their subnet, each once.

moto draws a random address for an interface (it may be the router's, or another's), takes any for an
interface endpoint, and invents a security group that it does not know.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from .patch import around, named

# Network, router, resolver, and one that AWS keeps; and the broadcast address at the end.
RESERVED_AT_START = 4


def free_address(backend: Any, subnet: Any) -> str:
    """The next address of `subnet` that nobody has, going round, so that a freed one rests for a while."""
    from moto.ec2.exceptions import EC2ClientError

    network = ipaddress.IPv4Network(subnet.cidr_block)
    usable = network.num_addresses - RESERVED_AT_START - 1
    taken = _taken_addresses(backend, subnet)
    start = getattr(subnet, "sandbox_next", 0)
    for step in range(usable):
        place = (start + step) % usable
        address = str(network.network_address + RESERVED_AT_START + place)
        if address not in taken:
            subnet.sandbox_next = place + 1
            return address
    message = f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the request."
    raise EC2ClientError("InsufficientFreeAddressesInSubnet", message)


def _taken_addresses(backend: Any, subnet: Any) -> set[str]:
    return {
        address["PrivateIpAddress"]
        for interface in list(backend.enis.values())
        if interface.subnet.id == subnet.id
        for address in interface.private_ip_addresses
    }


def _check_address(backend: Any, subnet: Any, address: str) -> None:
    from moto.ec2.exceptions import EC2ClientError, InvalidParameterValue

    network = ipaddress.IPv4Network(subnet.cidr_block)
    place = int(ipaddress.IPv4Address(address)) - int(network.network_address)
    if not RESERVED_AT_START <= place < network.num_addresses - 1:
        message = f"Address {address} does not fall within the subnet's address range"
        raise InvalidParameterValue(message)
    if address in _taken_addresses(backend, subnet):
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")


def install() -> None:
    """Patches the places where addresses are given out."""
    from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
    from moto.ec2.models.subnets import Subnet

    @around(Subnet, "get_available_subnet_ip")
    def next_address(original: Any, subnet: Any, instance: Any) -> str:
        return free_address(subnet.ec2_backend, subnet)

    @around(Subnet, "request_ip")
    def take_address(original: Any, subnet: Any, ip: str, instance: Any) -> None:
        _check_address(subnet.ec2_backend, subnet, ip)

    @around(NetworkInterfaceBackend, "create_network_interface")
    def create(original: Any, *args: Any, **kwargs: Any) -> Any:
        given = named(original, *args, **kwargs)
        backend, address = given["self"], given["private_ip_address"]
        if isinstance(given["subnet"], str):
            given["subnet"] = backend.get_subnet(given["subnet"])
        for group_id in given["group_ids"] or []:
            if backend.get_security_group_from_id(group_id) is None:
                raise InvalidSecurityGroupNotFoundError(group_id)
        if isinstance(address, list):
            address = address[0] if address else None
        if address:
            _check_address(backend, given["subnet"], address)
        elif not given["private_ip_addresses"]:
            address = free_address(backend, given["subnet"])
        return original(**{**given, "private_ip_address": address})

    @around(NetworkInterfaceBackend, "delete_network_interface")
    def delete(original: Any, backend: Any, eni_id: str) -> None:
        interface = backend.enis.get(eni_id)
        if interface is not None and interface.requester_managed:
            message = f"Network interface '{eni_id}' is currently in use."
            raise EC2ClientError("InvalidNetworkInterface.InUse", message)
        original(backend, eni_id)

    @around(NetworkInterface, "get_filter_value")
    def filter_value(original: Any, interface: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name == "group-id":  # moto leaves out the groups that come with an instance
            return [group.id for group in interface.group_set]
        attributes = {"status": "status", "interface-type": "interface_type", "requester-id": "requester_id"}
        if filter_name in attributes:
            return getattr(interface, attributes[filter_name])
        return original(interface, filter_name, method_name)
