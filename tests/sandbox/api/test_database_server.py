"""MariaDB of this machine, and what is said where there is none."""

from __future__ import annotations

import pytest

from sandbox.api.databases import server


def test_without_mariadb_the_refusal_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "PATH", str(tmp_path))

    with pytest.raises(server.NoServer) as refused:
        server.find_server()

    assert str(refused.value) == (
        "mysql cannot run here: MariaDB is not installed; install it with: apt-get install mariadb-server"
    )


def test_a_program_that_tells_no_version_is_refused(tmp_path, monkeypatch):
    for name in ("mariadbd", "mariadb-install-db"):
        (tmp_path / name).write_text("#!/bin/sh\necho nothing\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(server, "PATH", str(tmp_path))

    with pytest.raises(server.NoServer, match="gave no version: 'nothing'; install it with"):
        server.find_server()
