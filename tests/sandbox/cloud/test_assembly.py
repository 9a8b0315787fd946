"""What keeps the hosts from starting is told as it is."""

from __future__ import annotations

import pytest

from sandbox.api.context import Context
from sandbox.assembly import Parts
from sandbox.engines import Engines, EngineUnavailable
from sandbox.errors import StartFailed
from sandbox.hosts import HostsUnavailable
from sandbox.hosts.hosts import Hosts

from .test_state import RECORD


class IdleHosts:
    """Hosts that only end."""

    stopped = False

    def stop(self):
        self.stopped = True


def refuse(error):
    def fail(*arguments, **more):
        raise error

    return fail


def test_refused_namespaces_are_told_with_the_way_out(tmp_path, monkeypatch):
    error = HostsUnavailable("namespaces are refused\n  try: sysctl kernel.unprivileged_userns_clone=1")
    monkeypatch.setattr(Hosts, "start", refuse(error))
    parts = Parts(Context(tmp_path), RECORD)
    with pytest.raises(StartFailed, match=r"^namespaces are refused\n  try: sysctl"):
        parts.start_hosts()
    assert not parts.hosts_ready.is_set()


def test_a_missing_or_old_redis_is_told_and_the_hosts_end(tmp_path, monkeypatch):
    hosts = IdleHosts()
    monkeypatch.setattr(Hosts, "start", lambda *arguments, **more: hosts)
    monkeypatch.setattr(
        Engines, "check", refuse(EngineUnavailable("redis-server 4.0 is too old; install 6.2"))
    )
    parts = Parts(Context(tmp_path), RECORD)
    with pytest.raises(StartFailed, match=r"^redis-server 4.0 is too old"):
        parts.start_hosts()
    parts.stop()
    assert hosts.stopped
