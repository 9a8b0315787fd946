"""What a drawing shows: network, places, and who may reach whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subnet:
    """A range of addresses in a zone."""

    zone: str
    cidr: str
    public: bool


@dataclass(frozen=True)
class Row:
    """Things of one kind with the same security groups: they reach, and are reached by, the same."""

    title: str
    notes: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]
    """Zone -> the names of what stands there; the same one in each for a thing that is in several."""
    spread: str
    """What a thing in several zones has in each of them; empty for things of one zone each."""
    public: bool
    groups: frozenset[str] = field(compare=False)


@dataclass(frozen=True)
class Reach:
    """Who may open connections to what: rules on both sides admit it."""

    target: str
    port: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class System:
    """One environment."""

    name: str
    region: str
    vpc: str
    subnets: tuple[Subnet, ...]
    outside: tuple[str, ...]
    """Ranges of the world that may reach something, and the internet where something may reach it."""
    rows: tuple[Row, ...]
    s3: bool
    """Whether a gateway endpoint leads to S3."""
    beside: tuple[str, ...]
    """What it makes besides, outside the VPC."""
    reaches: tuple[Reach, ...]

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that have a subnet."""
        return tuple(sorted({subnet.zone for subnet in self.subnets}))


def described(system: System) -> str:
    """Return the system in words, for who cannot see the drawing."""
    parts = [
        f"A VPC of {system.vpc} in {system.region} with "
        + ", ".join(
            f"a {'public' if one.public else 'private'} subnet {one.cidr} in {one.zone}"
            for one in system.subnets
        )
        + "."
    ]
    for row in system.rows:
        where = ", ".join(
            zone if row.spread else f"{zone} ({', '.join(names)})"
            for zone, names in sorted(row.places.items())
        )
        parts.append(f"The {row.title} ({', '.join(row.notes)}) in {where}.")
    parts += [f"{' and '.join(one.sources)} may reach {one.target} at {one.port}." for one in system.reaches]
    parts.append(f"Beside the VPC: {', '.join(system.beside)}.")
    return " ".join(parts)


def kind(subnet: Subnet) -> str:
    """Return the word for a subnet."""
    return "public" if subnet.public else "private"
