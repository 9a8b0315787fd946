"""The two tutorials' functions: what they answer, what they log, and what they say when it does not work."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from client.tutorials import memcached_handler, redis_handler

from .memcached_servers import ConfigurationEndpoint, MemcachedServer
from .redis_servers import TOKEN, RedisNode, RedisPair
from .test_load import discovery_reply


@pytest.fixture
def cache_is_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in [name for name in os.environ if name.startswith(("CACHE_", "AWS_"))]:
        monkeypatch.delenv(name)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(TOKEN)

    def set_variables(**variables: object) -> None:
        for name, value in {"host": "127.0.0.1", "tls": "false", "auth_file": secret, **variables}.items():
            monkeypatch.setenv(f"CACHE_{name.upper()}", str(value))

    return set_variables


def test_redis_writes_to_the_primary_and_reads_from_both(pair: RedisPair, cache_is_at, monkeypatch, capsys):
    monkeypatch.setattr(redis_handler.RedisClient.__init__, "__kwdefaults__", _with_resolver(pair))
    cache_is_at(host="master.test", reader_host="replica.test", port=6379)
    answer = redis_handler.handler({"ignored": True}, None)
    assert {name: answer[name] for name in ("primary_endpoint", "reader_endpoint", "port")} == {
        "primary_endpoint": "master.test",
        "reader_endpoint": "replica.test",
        "port": 6379,
    }
    assert answer["written"] == answer["from_primary"] == answer["from_reader"]
    assert answer["reader_behind_ms"] >= 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "primary master.test, reader replica.test, port 6379"
    assert [line.split(" ")[:2] for line in lines[1:]] == [
        ["primary:", "SET"],
        ["primary:", "GET"],
        ["reader:", "GET"],
    ]
    assert json.loads(json.dumps(answer)) == answer


def _with_resolver(pair: RedisPair) -> dict[str, object]:
    return {**redis_handler.RedisClient.__init__.__kwdefaults__, "resolver": pair.resolve}


def test_redis_without_a_reader_says_so(node: RedisNode, cache_is_at):
    cache_is_at(port=node.port)
    answer = redis_handler.handler(None, None)
    assert (answer["reader_endpoint"], answer["from_reader"]) == (None, None)
    assert answer["written"] == answer["from_primary"]


def test_memcached_sets_a_new_uuid_and_gets_it_back(cache_is_at, capsys):
    server, configuration = MemcachedServer(), ConfigurationEndpoint()
    configuration.answer = discovery_reply(server.port)
    try:
        cache_is_at(engine="memcached", port=configuration.port)
        first, second = memcached_handler.handler({}, None), memcached_handler.handler({}, None)
    finally:
        configuration.stop()
        server.stop()
    node = f"127.0.0.1:{server.port}"
    assert first["uuid"] != second["uuid"]
    assert (first["configuration_endpoint"], first["nodes"], first["node"]) == (
        f"127.0.0.1:{configuration.port}",
        [node],
        node,
    )
    assert capsys.readouterr().out.splitlines()[:4] == [
        f"configuration endpoint 127.0.0.1:{configuration.port}",
        f"1 nodes: {node}",
        f"set uuid {first['uuid']} at {node}",
        f"get uuid {first['uuid']} at {node}",
    ]


@pytest.mark.parametrize("module", [redis_handler, memcached_handler])
def test_what_goes_wrong_is_an_answer_and_a_line_of_the_log(module, cache_is_at, capsys):
    cache_is_at(port=1, engine=module.__name__.rpartition(".")[2].split("_")[0])
    answer = module.handler({}, None)
    assert answer["error"]["type"] in ("CacheUnreachable", "DeadlineExceeded")
    assert "failed: " in capsys.readouterr().out


@pytest.mark.parametrize("module", [redis_handler, memcached_handler])
def test_a_command_is_answered_as_the_clients_own_function_answers_it(module, cache_is_at):
    cache_is_at(port=1)
    known = module.handler({"command": "nonsense"}, None)["error"]
    assert known["type"] == "InvalidEndpoint"
    assert "unknown command 'nonsense'" in known["message"]


@pytest.mark.parametrize("module", [redis_handler, memcached_handler])
def test_without_an_environment_the_answer_says_what_to_set(module, cache_is_at):
    cache_is_at(host="")
    assert "where is the cache?" in module.handler({}, None)["error"]["message"]
