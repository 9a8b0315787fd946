"""Where moto answers otherwise than AWS, or not at all, put right as far as the project needs it."""

from __future__ import annotations

from functools import cache


@cache
def install() -> None:
    """Patches moto, once in a process; no patch holds a state of its own."""
    from . import (
        dependencies,
        endpoints,
        instances,
        interfaces,
        keys,
        nat_gateways,
        parameters,
        security_groups,
    )

    for part in (
        interfaces,
        nat_gateways,
        endpoints,
        security_groups,
        dependencies,
        instances,
        keys,
        parameters,
    ):
        part.install()
