"""The folder `.sandbox`: who holds it, and what cloud.json says."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import stat
from collections import namedtuple

import pytest

from sandbox.errors import AlreadyStarting, NoStateFolder
from sandbox.state import CloudRecord, StateFolder, write_private

RECORD = CloudRecord(
    pid=1,
    port=2,
    incarnation="abc",
    region="eu-west-1",
    started=3.0,
    access_key_id="AK",
    key="k",
    secret_access_key="s",
)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path):
    folder = StateFolder(tmp_path)
    folder.create()
    return folder


def test_only_the_owner_may_look_into_the_folder_and_its_files(folder):
    folder.write_record(RECORD)
    assert (mode(folder.path), mode(folder.cloud_file)) == (0o700, 0o600)


def test_a_folder_that_was_open_to_others_is_closed(tmp_path):
    (tmp_path / ".sandbox").mkdir(mode=0o755)
    StateFolder(tmp_path).create()
    assert mode(tmp_path / ".sandbox") == 0o700


def test_a_record_is_read_as_it_was_written(folder):
    folder.write_record(RECORD)
    assert folder.record() == RECORD


def test_secrets_do_not_show_in_a_records_repr():
    assert "key='k'" not in repr(RECORD)
    assert "'s'" not in repr(RECORD)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"pid": 1}', json.dumps({**RECORD.__dict__, "port": "x"})]
)
def test_a_damaged_record_is_no_record(folder, text):
    folder.cloud_file.write_text(text)
    assert folder.record() is None


def test_a_record_of_a_later_version_is_read(folder):
    folder.cloud_file.write_text(json.dumps({**RECORD.__dict__, "more": 1}))
    assert folder.record() == RECORD


def test_the_holder_is_known_while_it_holds(folder):
    assert folder.supervisor_pid() is None
    with folder.held():
        assert folder.supervisor_pid() == os.getpid()
        with pytest.raises(AlreadyStarting, match="another process"), folder.held():
            pass
    assert folder.supervisor_pid() is None


def hold_and_die(path, held):
    with StateFolder(path).held():
        held.set()
        os._exit(9)


def test_a_holder_that_dies_holds_nothing(folder):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold_and_die, args=(folder.project, held))
    process.start()
    assert held.wait(20)
    process.join(20)
    assert folder.supervisor_pid() is None


def test_a_full_disk_is_told_with_the_way_out(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 5 * 2**20))
    with pytest.raises(NoStateFolder, match=r"only 5 MiB are free, 64 are needed\n.*free some space"):
        StateFolder(tmp_path).create()


def test_a_folder_that_cannot_be_made_is_told_with_the_way_out(tmp_path):
    (tmp_path / ".sandbox").write_text("a file")
    with pytest.raises(
        NoStateFolder, match=r"cannot hold the sandbox's state: File exists\n.*make it writable"
    ):
        StateFolder(tmp_path).create()


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_private(path, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoStateFolder, match=r"No space left on device\n  free some space"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
