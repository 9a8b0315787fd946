"""RDS of the sandbox: moto's API, and a real MariaDB behind every MySQL instance.

`install(context)` puts it in. A standby (`MultiAZ`), backups, another class or more storage are recorded and change
nothing here; a final snapshot is recorded without its data. Parameters are taken when the server starts: after a
change of them, at the next reboot. What is not modelled is refused by name: other engines, Aurora, replicas,
restoring, a password of one's own, renewing the managed one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .keeper import Keeper

if TYPE_CHECKING:
    from ..context import Context

__all__ = ["Databases", "Keeper", "install"]


class Databases:
    """What other parts of the sandbox use; found at `context.parts["databases"]`."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def names(self, vpc_id: str | None = None) -> dict[str, dict[str, Any]]:
        """Endpoint names (of one VPC): fqdn -> {"addresses": [ip]}."""
        return {
            one.name: {"addresses": [one.address]}
            for one in self._keeper.placements()
            if vpc_id in (None, one.vpc_id)
        }

    def status(self) -> list[dict[str, Any]]:
        """For a person who asks: each database, and what really runs behind it."""
        return self._keeper.status()

    def log(self, identifier: str) -> list[str] | None:
        """The last lines of a database's log; None when there is no such database."""
        return self._keeper.log(identifier)


def install(context: Context) -> Databases:
    """Put real servers behind moto's instances, and publish their names to the world."""
    from .patches import patch

    keeper = Keeper.current = Keeper(context)
    patch()
    part = Databases(keeper)
    context.parts["databases"] = part
    context.publish_names(part.names)
    return part
