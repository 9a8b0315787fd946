"""All databases of one sandbox: a network interface and a server for each of moto's instances."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...hosts.errors import HostsError
from .server import PATH, PROCESS, Wanted, find_server

if TYPE_CHECKING:
    from ..context import Context

START_SECONDS = 90.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Placement:
    """Where a database is."""

    identifier: str
    name: str
    vpc_id: str
    host_id: str
    address: str


class Keeper:
    """Makes, ends and describes the servers; `database` is always moto's DBInstance."""

    current: Keeper | None = None

    @classmethod
    def now(cls) -> Keeper:
        """The keeper of the sandbox that runs; moto's state, like it, is the process's."""
        if cls.current is None:
            raise NotImplementedError("RDS needs the hosts of a sandbox")
        return cls.current

    def __init__(self, context: Context) -> None:
        self._context = context
        self._placements: dict[str, Placement] = {}
        self._databases: dict[str, Any] = {}
        self._server = ""

    def check(self) -> None:
        """Raise NoServer where nothing could run; called before anything is made."""
        self._server = self._server or find_server()

    def place(self, database: Any) -> None:
        """Give a new database a network interface in the first of its subnets that lies in its zone."""
        subnets = database.db_subnet_group._subnets
        subnet = next(
            (one for one in subnets if one.availability_zone == database.availability_zone), subnets[0]
        )
        database.availability_zone = subnet.availability_zone
        host_id, address = self._context.create_interface(
            subnet.id,
            database.vpc_security_group_ids,
            "RDSNetworkInterface",
            "database",
            region=database.region,
        )
        self._placements[database.arn] = Placement(
            database.db_instance_identifier, database.address, subnet.vpc_id, host_id, address
        )
        self._databases[database.arn] = database

    def start(self, database: Any, doing: str) -> None:
        """Have the server run, in a thread: `doing` is the status until then, `failed` when it cannot."""
        database.status = doing
        threading.Thread(
            target=self._bring_up, args=(database,), name=f"database-{doing}", daemon=True
        ).start()

    def stop(self, database: Any) -> None:
        """End the server; what it holds stays."""
        self._call(lambda hosts, place: hosts.stop_process(place.host_id, PROCESS, 10.0), database)

    def change_groups(self, database: Any) -> None:
        """Give the interface the database's security groups, and let the hosts know."""
        place = self._placements[database.arn]
        self._context.set_interface_groups(
            place.host_id, database.vpc_security_group_ids, region=database.region
        )
        self._context.sync()

    def remove(self, database: Any) -> None:
        """End the server and forget what it held."""
        self._call(lambda hosts, place: hosts.remove_process(place.host_id, PROCESS), database)
        place = self._placements.pop(database.arn, None)
        self._databases.pop(database.arn, None)
        if place:
            self._context.delete_interface(place.host_id, region=database.region)
            self._context.sync()

    def placements(self) -> list[Placement]:
        """Where all databases are."""
        return list(self._placements.values())

    def status(self) -> list[dict[str, Any]]:
        """A row for each database."""
        return [
            {
                "name": place.identifier,
                "engine": f"{database.engine} {database.engine_version}",
                "server": self._server,
                "address": place.address,
                "state": database.status,
            }
            for arn, place in list(self._placements.items())
            if (database := self._databases.get(arn)) is not None
        ]

    def log(self, identifier: str) -> list[str] | None:
        """The last lines that the server wrote; None when there is no such database."""
        for place in self.placements():
            if place.identifier == identifier and self._context.hosts is not None:
                return self._context.hosts.process_log(place.host_id, PROCESS, 1000)
        return None

    def _bring_up(self, database: Any) -> None:
        try:
            self._call(lambda hosts, place: self._run(hosts, place, self._wanted(database, place)), database)
        except (HostsError, TimeoutError) as error:
            self._context.log.error(
                "the database %s did not start: %s", database.db_instance_identifier, error
            )
            database.status = "failed"
        else:
            database.status = "available"

    def _run(self, hosts: Any, place: Placement, wanted: Wanted) -> None:
        self._context.sync()
        if hosts.process_state(place.host_id, PROCESS) is not None:
            hosts.stop_process(place.host_id, PROCESS, 10.0)
        hosts.start_process(place.host_id, PROCESS, ["sh", "start.sh"], {"PATH": PATH}, wanted.files())
        deadline = time.monotonic() + START_SECONDS
        while hosts.probe(place.host_id, place.address, wanted.port, 1.0) != "open":
            state = hosts.process_state(place.host_id, PROCESS)
            if state is None:
                return  # deleted meanwhile
            if not state["running"] or time.monotonic() > deadline:
                tail = "\n".join(hosts.process_log(place.host_id, PROCESS, 15))
                raise HostsError(f"its server does not answer; the end of its log:\n{tail}")
            time.sleep(POLL_SECONDS)

    def _wanted(self, database: Any, place: Placement) -> Wanted:
        group = database.db_parameter_groups()[0]
        secret = json.loads(database.master_user_secret.secret.secret_string)
        issued = self._context.authority.issue([place.name])
        return Wanted(
            address=place.address,
            port=int(database.port),
            database=database.db_name or "",
            username=secret["username"],
            password=secret["password"],
            parameters=tuple(
                (name, str(one["ParameterValue"]))
                for name, one in sorted(group.parameters.items())
                if "ParameterValue" in one
            ),
            certificate=issued.certificate_pem,
            key=issued.key_pem,
        )

    def _call(self, work: Callable[[Any, Placement], object], database: Any) -> None:
        """Run `work` with the hosts and the database's place; nothing where there are no hosts, as in tests."""
        place = self._placements.get(database.arn)
        if place is not None and self._context.hosts is not None:
            work(self._context.hosts, place)
