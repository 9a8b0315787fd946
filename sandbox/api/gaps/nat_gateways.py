"""NAT gateways with an address of their subnet, and none when they are gone."""

from __future__ import annotations

from typing import Any

from .patch import around


def install() -> None:
    """Patches making and deleting."""
    from moto.ec2.models import nat_gateways

    # Without an address of moto's choice the subnet gives one.
    nat_gateways.__dict__["random_private_ip"] = lambda: ""

    @around(nat_gateways.NatGateway, "__init__")
    def make(original: Any, gateway: Any, *args: Any, **kwargs: Any) -> None:
        original(gateway, *args, **kwargs)
        interface = gateway._eni
        gateway.private_ip = interface.private_ip_address
        interface.description = f"Interface for NAT Gateway {gateway.id}"
        interface.interface_type = "nat_gateway"
        interface.requester_managed = True
        interface.status = "in-use"

    @around(nat_gateways.NatGatewayBackend, "delete_nat_gateway")
    def delete(original: Any, backend: Any, nat_gateway_id: str) -> Any:
        gateway = original(backend, nat_gateway_id)
        backend.enis.pop(gateway._eni.id, None)
        return gateway
