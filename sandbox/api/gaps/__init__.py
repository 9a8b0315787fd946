"""Where moto answers otherwise than AWS, or not at all, put right as far as the project needs it."""

from __future__ import annotations

from functools import cache
from importlib import import_module

PARTS = (
    "interfaces",
    "nat_gateways",
    "endpoints",
    "security_groups",
    "dependencies",
    "instances",
    "functions",
    "function_urls",
    "keys",
    "alarms",
    "parameters",
)


@cache
def install() -> None:
    """Patches moto, once in a process; no patch holds a state of its own."""
    for part in PARTS:
        import_module(f".{part}", __name__).install()
