"""The doctor names each cause, tried against a server that has that fault, within 3 s."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis

from client.endpoint import Endpoint

from .conftest import endpoint_of
from .diagnoses import answers, diagnose
from .memcached_servers import MemcachedCluster, MemcachedServer
from .redis_servers import Certificates, RedisNode, RedisPair, free_port, wait_until


@pytest.fixture
def listener() -> Iterator[Callable[..., int]]:
    """A port that answers each connection as it is told: with these bytes, or not at all."""
    opened: list[socket.socket] = []

    def listen(answer: bytes | None) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                opened.append(connection)
                if answer is not None:
                    connection.recv(100)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield listen
    for each in opened:
        if each.type == socket.SOCK_STREAM:
            each.close()


def test_a_healthy_cache_passes_all_six_questions(tls_pair: RedisPair):
    assert diagnose(tls_pair.endpoint, resolver=tls_pair.resolve) == ("", 6)


def test_of_a_healthy_cache_it_says_what_it_saw(tls_pair: RedisPair, node: RedisNode):
    host, port = tls_pair.primary.address
    assert answers(tls_pair.endpoint, resolver=tls_pair.resolve) == [
        f"master.test is {host}",
        f"{host}:{port} accepts connections",
        "TLSv1.3, the certificate is for master.test",
        "yes with the token",
        "the node says master",
        "set, read and deleted",
    ]
    node.command("CONFIG", "SET", "requirepass", "")
    node.token, token = None, node.token
    try:
        assert answers(endpoint_of(node, auth_token=None))[2:4] == [
            "plain text, as expected: b'+PONG\\r\\n'",
            "yes, no token is asked for",
        ]
    finally:
        node.command("CONFIG", "SET", "requirepass", token)
        node.token = token


def test_an_unknown_name(node: RedisNode):
    assert diagnose(endpoint_of(node, host="no-such-cache.invalid")) == ("name-unknown", 1)


def test_a_resolver_that_does_not_answer(node: RedisNode):
    hanging = threading.Event()

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        hanging.wait(5)
        return []

    found = diagnose(endpoint_of(node, host="cache.test"), resolver=resolve)
    hanging.set()
    assert found == ("name-slow", 1)


def test_packets_that_are_dropped(node: RedisNode):
    # A full backlog drops what comes, as a security group does.
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    waiting = [socket.socket() for _ in range(3)]
    for each in waiting:
        each.setblocking(False)
        each.connect_ex(server.getsockname())
    try:
        assert diagnose(endpoint_of(node, port=server.getsockname()[1])) == ("dropped", 2)
    finally:
        for each in [server, *waiting]:
            each.close()


def test_a_port_where_nothing_listens(node: RedisNode):
    assert diagnose(endpoint_of(node, port=free_port())) == ("refused", 2)


def test_a_plain_client_on_a_tls_port(tls_pair: RedisPair):
    endpoint = replace(endpoint_of(tls_pair.primary), tls=False)

    assert diagnose(endpoint) == ("tls-expected", 3)


def test_a_tls_client_on_a_plain_port(node: RedisNode):
    assert diagnose(endpoint_of(node, tls=True)) == ("tls-not-spoken", 3)


def test_a_certificate_for_another_name(tls_pair: RedisPair):
    endpoint = replace(tls_pair.endpoint, host="other.test")

    assert diagnose(endpoint, resolver=lambda host, port: [tls_pair.primary.address]) == ("tls-name", 3)


def test_a_certificate_of_an_authority_nobody_trusts(tls_pair: RedisPair):
    endpoint = replace(tls_pair.endpoint, ca_file=None)

    assert diagnose(endpoint, resolver=tls_pair.resolve) == ("tls-untrusted", 3)


def test_a_wrong_token(node: RedisNode):
    assert diagnose(endpoint_of(node, auth_token="x" * 32)) == ("wrong-token", 4)


def test_no_token_where_one_is_asked_for(node: RedisNode):
    assert diagnose(endpoint_of(node, auth_token=None)) == ("token-missing", 4)


def test_a_token_where_none_is_set(own_node: RedisNode):
    own_node.command("CONFIG", "SET", "requirepass", "")

    assert diagnose(endpoint_of(own_node)) == ("token-unexpected", 4)


def test_the_reader_used_for_writes(pair: RedisPair):
    endpoint = replace(pair.endpoint, host="replica.test", reader_host=None)

    assert diagnose(endpoint, resolver=pair.resolve) == ("reader", 5)


def test_a_full_cache(own_node: RedisNode):
    own_node.command("CONFIG", "SET", "maxmemory", "1")

    assert diagnose(endpoint_of(own_node)) == ("write-refused", 6)


def test_a_node_that_has_given_all_its_connections(own_node: RedisNode):
    with own_node.administrator() as administrator:
        administrator.execute_command("CONFIG", "SET", "maxclients", 1)

        assert diagnose(endpoint_of(own_node)) == ("full", 4)


def test_a_node_held_up_by_a_script(own_node: RedisNode):
    own_node.command("CONFIG", "SET", "busy-reply-threshold", 10)
    with own_node.administrator() as administrator, own_node.administrator() as other:
        other.ping()
        connection = administrator.connection_pool.get_connection()
        connection.send_command("EVAL", "while true do end", 0)
        wait_until(lambda: is_busy(other), 10)

        found = diagnose(endpoint_of(own_node))

        other.execute_command("SCRIPT", "KILL")
        connection.disconnect()
    assert found == ("busy", 4)


def is_busy(administrator: redis.Redis) -> bool:
    try:
        return not administrator.ping()
    except redis.RedisError as error:
        return "BUSY" in str(error)


def test_an_address_to_which_no_way_leads(node: RedisNode):
    endpoint = endpoint_of(node, host="cache.test")

    assert diagnose(endpoint, resolver=lambda host, port: [("255.255.255.255", port)]) == ("unreachable", 2)


@pytest.mark.parametrize("tls", [False, True])
def test_memcached_where_redis_was_expected(certificates: Certificates, tls: bool):
    server = MemcachedServer(certificates if tls else None)
    endpoint = Endpoint("redis", "127.0.0.1", server.port, tls=tls, ca_file=str(certificates.authority))
    try:
        assert diagnose(endpoint) == ("memcached", 4 if tls else 3)
    finally:
        server.stop()


def test_the_configuration_endpoint_of_memcached_where_redis_was_expected():
    cluster = MemcachedCluster(["a.test"])
    try:
        endpoint = replace(cluster.endpoint, engine="redis")
        # Its other answer is that of Memcached to a word it does not know.
        cluster.configuration.answers[b"PING\r\n"] = b"ERROR\r\n"

        assert diagnose(endpoint, resolver=cluster.resolve) == ("configuration-endpoint", 3)
    finally:
        cluster.stop()


def test_something_that_never_answers(node: RedisNode, listener: Callable[..., int]):
    assert diagnose(endpoint_of(node, port=listener(None))) == ("not-redis", 3)
