"""The application behind gunicorn: one process, so that the history is one, and a thread for each visitor at a time."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from gunicorn.app.base import BaseApplication

from client import Endpoint, connect
from client.errors import InvalidEndpoint

from .application import create_application
from .database import Database
from .secret import Secret
from .settings import Settings
from .shelf import Shelf

THREADS = 64
log = logging.getLogger("webapp")


class _Server(BaseApplication):
    def __init__(self, bind: str) -> None:
        self._bind = bind
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "accesslog": "-",
            "access_log_format": '%(h)s "%(r)s" %(s)s %(B)s bytes %(M)s ms',
            # Memory, not the disk: a slow disk would make a live worker look dead.
            "worker_tmp_dir": "/dev/shm",  # noqa: S108 - gunicorn makes files without a name there
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Connect in the worker: no socket and no thread of the cache's client survives a fork."""
        settings = Settings.from_environment(os.environ)
        endpoint = Endpoint.from_environment()
        cache = connect(endpoint, deadline_seconds=0.25, reread=lambda: reread(endpoint))
        return create_application(
            settings, Database(settings, Secret(settings.database_secret)), Shelf(cache, settings)
        )


def reread(known: Endpoint) -> Endpoint:
    """Return where the cache is now; where it has come to speak another protocol, have this worker end.

    gunicorn starts another one in its place, which connects with a client for the new engine. Raises CacheError.
    """
    fresh = known.refreshed()
    if (fresh.engine == "memcached") != (known.engine == "memcached"):
        log.warning("the cache is %s now; starting anew with a client for it", fresh.engine)
        os.kill(os.getpid(), signal.SIGTERM)
        raise InvalidEndpoint(f"the cache is {fresh.engine} now, and this client is for {known.engine}")
    return fresh


def serve(bind: str) -> None:
    """Serve on ADDRESS:PORT until stopped."""
    _Server(bind).run()
