"""`cache-cli` on a Memcached cluster: the protocol's own words, each to the node that it concerns."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client import CacheUnreachable, InvalidEndpoint
from client.memcached_shell import Shell, open_shell
from client.ring import Ring

from .memcached_servers import MemcachedCluster, MemcachedServer, listing
from .redis_servers import Certificates

NAMES = ["master.test", "replica.test"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cluster() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(NAMES)
    yield started
    started.stop()


@pytest.fixture
def cli(cluster: MemcachedCluster, monkeypatch, capsys) -> Callable[..., tuple[int, str]]:
    """Run a command, or the lines of `text`; its exit code and what it printed."""

    def run(*words: str, text: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        code = open_shell(cluster.endpoint, words, cluster.resolve)
        return code, capsys.readouterr().out

    return run


def test_a_value_is_stored_read_and_removed_on_the_node_that_owns_its_key(cluster: MemcachedCluster, cli):
    assert cli("set", "City", "0", "60", "4", "Oslo") == (0, "STORED\n")

    owner = Ring(f"{name}:11211" for name in NAMES).node_for(b"City")
    with cluster.server_of(owner).administrator() as administrator:
        assert administrator.get("City") == b"Oslo"
    assert cli("get", "City") == (0, "VALUE City 0 4\nOslo\nEND\n")
    assert cli("incr", "City", "1")[1].startswith("CLIENT_ERROR")
    assert cli("delete", "City") == (0, "DELETED\n")
    assert cli("get", "City") == (0, "END\n")


def test_lines_are_taken_from_the_standard_input_with_values_as_long_as_announced(cli):
    text = "set a 0 60 6\nab\r\ncd\nget a\n\ndelete a\nquit\nget a\n"

    assert cli(text=text) == (0, "STORED\nVALUE a 0 6\nab\ncd\nEND\nDELETED\n")


def test_what_has_no_key_goes_to_every_node(cli):
    code, text = cli("version")

    assert code == 0
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        f"# {name}:11211" for name in NAMES
    ]
    assert text.count("VERSION 1.") == 2
    assert cli("stats")[1].count("STAT curr_items ") == 2


def test_one_node_can_be_chosen_by_a_part_of_its_name(cli):
    code, text = cli("--node", "replica", "version")

    assert (code, text.count("VERSION"), "#" in text) == (0, 1, False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--node", "other", "version"], "no nodes have that name: master.test:11211, replica.test:11211"),
        (["--node", "test", "version"], "several nodes have that name"),
        (["--node"], "--node takes the name of a node"),
        (["set", "a", "0", "60"], "'set a 0 60' is not set KEY FLAGS TTL BYTES"),
        (["set", "a", "0", "60", "5", "Oslo"], "the value has 4 bytes, not the 5 that were announced"),
        (["delete", "a", "noreply"], "noreply would leave nothing to print"),
        (["config", "get", "cluster"], "cache-client discover"),
        (["get", *map(str, range(20))], "these keys are on several nodes"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(cli, words, message):
    with pytest.raises(InvalidEndpoint, match=message):
        cli(*words)


def test_what_the_node_refuses_is_printed_and_ends_with_4(cli):
    assert cli("nonsense")[1].count("ERROR\n") == 2
    assert cli("nonsense")[0] == 4


def test_after_a_wrong_line_the_next_ones_are_carried_out(cli, capsys):
    code, text = cli(text="set a 0 60\nset a 0 60 1\nx\nget a\ndelete a\n")

    assert (code, text) == (2, "STORED\nVALUE a 0 1\nx\nEND\nDELETED\n")


def test_a_large_value_comes_back_whole(cli):
    value = "x" * 200_000

    assert cli("set", "large", "0", "60", str(len(value)), value) == (0, "STORED\n")
    assert cli("get", "large") == (0, f"VALUE large 0 {len(value)}\n{value}\nEND\n")
    assert cli("delete", "large") == (0, "DELETED\n")


def test_it_speaks_tls_where_the_cluster_does(certificates: Certificates, capsys):
    secured = MemcachedCluster(NAMES, certificates, host="localhost")
    try:
        assert open_shell(secured.endpoint, ["version"], secured.resolve) == 0
    finally:
        secured.stop()
    assert capsys.readouterr().out.count("VERSION 1.") == 2


def test_a_node_that_goes_away_is_told_and_asked_anew_when_it_is_back():
    own = MemcachedCluster(["a.test"])
    try:
        shell = Shell(own.endpoint, resolver=own.resolve)
        assert [answer for _, answer in shell.run("get x")] == [b"END\r\n"]
        own.nodes["a.test"].kill()
        with pytest.raises(CacheUnreachable):
            list(shell.run("get x"))
        own.nodes["a.test"].start()
        assert [answer for _, answer in shell.run("get x")] == [b"END\r\n"]
        shell.close()
    finally:
        own.stop()


def test_on_a_terminal_it_shows_the_nodes_and_prompts():
    server = MemcachedServer()
    own = MemcachedCluster([])
    own.configuration.answer = listing(1, [("127.0.0.1", server.port)])
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CACHE_")},
        "CACHE_ENGINE": "memcached",
        "CACHE_HOST": "127.0.0.1",
        "CACHE_PORT": str(own.configuration.port),
        "CACHE_TLS": "false",
    }
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "client.shell"], cwd=ROOT, env=variables, stdin=theirs, stdout=subprocess.PIPE
        )  # fmt: skip
        os.write(ours, b"get nothing\nquit\n")
        said = process.communicate(timeout=20)[0].decode()
    finally:
        os.close(ours)
        os.close(theirs)
        own.stop()
        server.stop()
    assert said.startswith(f"127.0.0.1:{server.port}\n")
    assert "END\n" in said
    assert process.returncode == 0
