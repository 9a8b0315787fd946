"""What keeps the hosts from starting is told as it is."""

from __future__ import annotations

import subprocess

import pytest

from sandbox.api.context import Context
from sandbox.assembly import Parts
from sandbox.errors import StartFailed
from sandbox.hosts import HostsUnavailable, OperationFailed
from sandbox.hosts.hosts import Hosts

from .test_state import RECORD


class IdleHosts:
    """Hosts without a program for any engine, and with a process that can end."""

    def __init__(self):
        self.process = subprocess.Popen(["sleep", "60"])
        self.pid = self.process.pid
        self.asked = []

    def call(self, operation, *arguments, **more):
        self.asked.append(operation)
        raise OperationFailed("EngineUnavailable", "redis-server is not installed")

    def stop(self):
        self.process.kill()
        self.process.wait()


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


def test_no_server_is_asked_for_before_a_cache_wants_it(tmp_path, monkeypatch):
    hosts = IdleHosts()
    monkeypatch.setattr(Hosts, "start", lambda *arguments, **more: hosts)
    parts = Parts(Context(tmp_path), RECORD)
    try:
        parts.start_hosts()
        assert parts.hosts_ready.is_set()
        assert hosts.asked == []
    finally:
        parts.stop()
