"""What every part of the API shares: the hosts, the engines, and the way to bring the network up to date."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .coalesced import Coalesced
from .world import ACCOUNT_ID, build_world

Names = dict[str, dict[str, Any]]
ReplicationPair = tuple[str, str, int]


class Context:
    """Hands one sandbox's parts to each other; a part plugs itself in by its `install(context)`.

    `hosts` and `engines` follow contracts of their own packages; both may be None (then there is no data
    plane and `sync` only calls the followers). `endpoint_url` is set when the server has its port; `fail` ends
    the sandbox when a part cannot go on; `deployer` is the access key (id, secret) that may do everything, None
    where every key may that is no role's.
    """

    def __init__(
        self,
        folder: Path,
        region: str = "eu-west-1",
        hosts: Any = None,
        engines: Any = None,
        log: logging.Logger | None = None,
    ) -> None:
        self.folder = folder
        self.region = region
        self.account_id = ACCOUNT_ID
        self.hosts = hosts
        self.engines = engines
        self.authority: Any = None
        self.log = log or logging.getLogger("sandbox")
        self.endpoint_url = ""
        self.deployer: tuple[str, str] | None = None
        self.fail: Callable[[], None] = lambda: None
        self.cut: set[str] = set()
        self.parts: dict[str, Any] = {}
        self.ec2_lock = threading.RLock()
        self._names: list[Callable[[str], Names]] = []
        self._replication: list[Callable[[str], Iterable[ReplicationPair]]] = []
        self._followers: list[Callable[[dict[str, Any]], None]] = []
        self._routes: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self._regions = {region}
        self._sync = Coalesced(self._apply_world)

    def ec2(self, region: str | None = None) -> Any:
        """moto's EC2 backend of a region; the region becomes part of the world."""
        from moto.ec2.models import ec2_backends

        region = region or self.region
        self._regions.add(region)
        return ec2_backends[self.account_id][region]

    def seen_region(self, region: str) -> None:
        """Adds a region that a call was made in to the world."""
        self._regions.add(region)

    @property
    def regions(self) -> list[str]:
        """The regions in use."""
        return sorted(self._regions)

    def publish_names(self, names: Callable[[str], Names]) -> None:
        """Adds a source of names: names(vpc_id) -> {fqdn: {"addresses": [ip]} or {"cname": fqdn}}."""
        self._names.append(names)

    def publish_replication(self, pairs: Callable[[str], Iterable[ReplicationPair]]) -> None:
        """Adds a source of (address, address, port): pairs(vpc_id), which may talk whatever the groups say."""
        self._replication.append(pairs)

    def follow(self, follower: Callable[[dict[str, Any]], None]) -> None:
        """Calls `follower(world)` after every time the hosts were brought to a world, in that same thread.

        It sees levels, not events, must be quick, and must not call `sync` itself.
        """
        self._followers.append(follower)

    def route(self, name: str, answer: Callable[[dict[str, Any]], Any]) -> None:
        """Adds the control route `/_sandbox/NAME`: JSON object in, anything JSON out."""
        self._routes[name] = answer

    @property
    def routes(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        """The control routes by name."""
        return self._routes

    def sync(self) -> None:
        """Makes the hosts equal to what the API declares now; returns when they are.

        Callers at the same time share runs. Raises what the hosts raise.
        """
        self._sync()

    def world(self) -> dict[str, Any]:
        """The world as the API declares it now."""
        backends = {region: self.ec2(region) for region in self.regions}
        return build_world(backends, self._names_in, self._replication_in, self.cut)

    def _names_in(self, vpc_id: str) -> Names:
        return {name: told for source in self._names for name, told in source(vpc_id).items()}

    def _replication_in(self, vpc_id: str) -> list[list[Any]]:
        return [list(pair) for source in self._replication for pair in source(vpc_id)]

    def _apply_world(self) -> None:
        world = self.world()
        if self.hosts is not None:
            self.hosts.apply(world)
        for follower in self._followers:
            follower(world)

    def create_interface(
        self,
        subnet_id: str,
        group_ids: list[str],
        description: str,
        kind: str,
        region: str | None = None,
        address: str | None = None,
    ) -> tuple[str, str]:
        """Makes a network interface of a service and returns (its id, its address).

        `kind` is "cache", "database" or "function" (`interface_type` of EC2's answer is the service's own). The caller
        calls `sync` when the hosts must know it.
        """
        with self.ec2_lock:
            interface = self.ec2(region).create_network_interface(
                subnet_id, address or "", group_ids=list(group_ids), description=description
            )
            interface.interface_type = "lambda" if kind == "function" else "interface"
            interface.requester_managed = True
            interface.status = "in-use"
            interface.sandbox_kind = kind
            return interface.id, interface.private_ip_address

    def set_interface_groups(
        self, interface_id: str, group_ids: list[str], region: str | None = None
    ) -> None:
        """Gives an interface other security groups."""
        with self.ec2_lock:
            self.ec2(region).modify_network_interface_attribute(interface_id, list(group_ids))

    def delete_interface(self, interface_id: str, region: str | None = None) -> None:
        """Removes an interface; one that is gone already is no error."""
        with self.ec2_lock:
            self.ec2(region).enis.pop(interface_id, None)
