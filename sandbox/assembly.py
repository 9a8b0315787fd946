"""Which parts make a sandbox, and how they are handed to each other."""

from __future__ import annotations

import os
import select
import threading
from typing import TYPE_CHECKING, Any

from .errors import StartFailed
from .state import AUTHORITY, write_private

if TYPE_CHECKING:
    from .api.context import Context
    from .state import CloudRecord


class Parts:
    """The hosts, the engines, what plugs into the API, and the provider for the real engine."""

    def __init__(self, context: Context, record: CloudRecord) -> None:
        self._context = context
        self._record = record
        self._hosts: Any = None
        self._lock = threading.Lock()
        self._provider_port: int | None = None
        self.hosts_ready = threading.Event()

    def start_hosts(self) -> None:
        """Starts the hosts; raises StartFailed with the reason and the way out."""
        from .engines import Engines
        from .hosts.certificates import CertificateAuthority
        from .hosts.errors import HostsError
        from .hosts.hosts import Hosts

        context, record = self._context, self._record
        tools = context.folder / "tools"
        try:
            tools.mkdir(mode=0o755, exist_ok=True)
            authority = CertificateAuthority.create()
            self._hosts = Hosts.start(
                ("127.0.0.1", record.port),
                authority,
                readable_paths=[tools, tools.resolve()],
                region=record.region,
                account_id=context.account_id,
                credentials=(record.access_key_id, record.secret_access_key),
            )
            context.hosts, context.engines = self._hosts, Engines(self._hosts, authority)
            context.authority = authority
            write_private(context.folder / AUTHORITY, authority.certificate_pem)
        except (HostsError, OSError) as error:
            raise StartFailed(str(error)) from error
        threading.Thread(target=self._end_with_hosts, name="hosts-watch", daemon=True).start()
        self.hosts_ready.set()

    def _end_with_hosts(self) -> None:
        """Ends the sandbox when its hosts are killed: without them it would only pretend."""
        watched = os.pidfd_open(self._hosts.pid)
        select.select([watched], [], [])
        os.close(watched)
        self._context.log.info("the hosts have ended")
        self._context.fail()

    def install(self, context: Context) -> None:
        """Plugs what moto lacks into the API, and the control routes of the commands; needs the hosts."""
        from .api import (
            commands,
            databases,
            elasticache,
            functions,
            inspection,
            instances,
            publishing,
            sessions,
        )

        for part in (instances, commands, sessions, functions, elasticache, databases, publishing):
            part.install(context)
        inspection.install(context, self._record.started)
        context.route("provider", self.provider)

    def provider(self, _: dict[str, Any]) -> dict[str, Any]:
        """The port of the provider for a real engine; served, from threads of this process, once it is asked for."""
        from .provider import start_server
        from .servers import why_missing

        with self._lock:
            if self._provider_port is None:
                folder = self._context.folder.parent
                context = self._context
                self._provider_port = start_server(
                    context.endpoint_url,
                    self._record.region,
                    folder,
                    context.deployer,
                    why_missing,
                )
            return {"port": self._provider_port}

    def stop(self) -> None:
        """Closes what is published, ends the hosts and with them every process inside, and lets their tools go."""
        from .api.machine_tools import let_go

        if "publishing" in self._context.parts:
            self._context.parts["publishing"].stop()
        if self._hosts is not None:
            self._hosts.stop()
        let_go(self._context)
