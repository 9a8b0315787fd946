"""Which parts make a sandbox, and how they are handed to each other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .errors import StartFailed

if TYPE_CHECKING:
    from .api.context import Context
    from .state import CloudRecord


class Parts:
    """The hosts, the engines, what plugs into the API, and the provider for the real engine."""

    def __init__(self, context: Context, record: CloudRecord) -> None:
        self._context = context
        self._hosts: Any = None
        self._failure: BaseException | None = None
        self.record = record

    @contextlib.contextmanager
    def starting_hosts(self) -> Iterator[None]:
        """Starts the hosts while the body runs (both take their time, of different kinds)."""
        thread = threading.Thread(target=self._start_hosts, name="start-hosts")
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if self._failure is not None:
            raise StartFailed(str(self._failure)) from self._failure

    def _start_hosts(self) -> None:
        from .engines import Engines
        from .hosts.certificates import CertificateAuthority
        from .hosts.errors import HostsError
        from .hosts.hosts import Hosts

        context, record = self._context, self.record
        tools = context.folder / "tools"
        try:
            tools.mkdir(mode=0o755, exist_ok=True)
            authority = CertificateAuthority.create()
            self._hosts = Hosts.start(
                ("127.0.0.1", record.port),
                authority,
                readable_paths=[tools],
                region=record.region,
                account_id=context.account_id,
                credentials=(record.access_key_id, record.secret_access_key),
            )
            context.hosts, context.engines = self._hosts, Engines(self._hosts, authority)
            context.engines.check("redis")
        except (HostsError, OSError) as error:
            self._failure = error

    def install(self) -> None:
        """Plugs what moto lacks into the API, and the control routes of the commands."""
        from .api import inspection

        inspection.install(self._context, self.record)

    def start(self) -> None:
        """What needs the API to answer already."""

    def stop(self) -> None:
        """Ends the hosts, and with them every process inside."""
        if self._hosts is not None:
            self._hosts.stop()
