"""TLS, tokens, and a cache that is found again through its parameter."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from client import CacheRefused, CacheUnreachable, InvalidEndpoint, connect
from client.connecting import tls_context
from client.errors import CacheError

from .conftest import endpoint_of
from .redis_servers import TOKEN, RedisNode, wait_until

QUICK = 1.0


@pytest.fixture(scope="module")
def tls_node(tmp_path_factory, certificates):
    started = RedisNode(tmp_path_factory.mktemp("redis") / "tls", certificates)
    yield started
    started.stop()


def refusal(endpoint, deadline_seconds: float = QUICK, **options: object) -> CacheRefused:
    started = time.monotonic()
    with connect(endpoint, deadline_seconds, **options) as cache, pytest.raises(CacheRefused) as refused:
        cache.get("city")
    assert time.monotonic() - started < deadline_seconds, "a refusal does not wait for the deadline"
    assert TOKEN not in str(refused.value)
    return refused.value


def test_tls_with_the_right_name_and_token(tls_node):
    with connect(endpoint_of(tls_node)) as cache:
        cache.set("city", "Oslo")
        assert cache.get("city") == b"Oslo"


def test_a_certificate_for_another_name_is_refused(tls_node):
    error = refusal(endpoint_of(tls_node, host="other.test"), resolver=lambda host, port: [tls_node.address])
    assert (error.code, error.stage) == ("TLS", "tls")
    assert "Hostname mismatch" in str(error)


def test_a_certificate_of_an_unknown_authority_is_refused(tls_node):
    error = refusal(endpoint_of(tls_node, ca_file=None))
    assert error.code == "TLS"
    assert "certificate" in str(error)


def test_trust_can_come_from_the_environment(tls_node, monkeypatch, certificates):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    tls_context.cache_clear()
    try:
        with connect(endpoint_of(tls_node, ca_file=None)) as cache:
            assert cache.get("nothing") is None
    finally:
        tls_context.cache_clear()


def test_the_process_has_one_tls_context(certificates):
    assert tls_context(str(certificates.authority)) is tls_context(str(certificates.authority))


def test_a_file_of_certificates_that_is_not_there_is_refused_at_once(tls_node, tmp_path):
    with pytest.raises(InvalidEndpoint, match=r"trusted certificates in .*missing\.pem cannot be read"):
        connect(endpoint_of(tls_node, ca_file=str(tmp_path / "missing.pem")))


def test_a_plain_client_on_a_tls_port_hears_of_tls(tls_node):
    with (
        connect(endpoint_of(tls_node, tls=False), 0.3) as cache,
        pytest.raises(CacheError, match="perhaps the port expects TLS"),
    ):
        cache.get("city")


def test_a_tls_client_on_a_plain_port_hears_of_it(node, certificates):
    with (
        connect(endpoint_of(node, tls=True, ca_file=str(certificates.authority)), 0.3) as cache,
        pytest.raises((CacheRefused, CacheUnreachable), match="perhaps the port speaks no TLS"),
    ):
        cache.get("city")


def test_a_wrong_token_is_refused(node):
    error = refusal(endpoint_of(node, auth_token="another-token-of-32-characters-x"))
    assert (error.code, error.stage) == ("WRONGPASS", "login")
    assert "another-token" not in str(error)


def test_no_token_where_one_is_needed_is_refused(node):
    assert refusal(endpoint_of(node, auth_token=None)).code == "NOAUTH"


def test_a_token_where_none_is_set_is_refused(tmp_path):
    node = RedisNode(tmp_path / "open", token=None)
    try:
        error = refusal(endpoint_of(node))
        assert (error.code, error.stage) == ("ERR", "login")
    finally:
        node.stop()


def test_a_user_who_may_not_ask_for_the_role_can_still_work(own_node):
    own_node.command("ACL", "SETUSER", "default", "-role")
    with connect(endpoint_of(own_node)) as cache:
        cache.set("city", "Oslo")
        assert cache.get("city") == b"Oslo"


class Parameter:
    """What Parameter Store would answer, and how often it was asked."""

    def __init__(self, endpoint) -> None:
        self.endpoint = endpoint
        self.reads = 0
        self.seconds = 0.0

    def read(self):
        self.reads += 1
        time.sleep(self.seconds)
        if isinstance(self.endpoint, Exception):
            raise self.endpoint
        return self.endpoint


def test_a_rotated_token_is_read_again_and_the_call_succeeds(own_node):
    old = endpoint_of(own_node)
    rotated = replace(old, auth_token="rotated-token-of-32-characters-x")
    parameter = Parameter(rotated)
    with connect(old, 2.0, reread=parameter.read) as cache:
        cache.set("city", "Oslo")
        own_node.command("CONFIG", "SET", "requirepass", rotated.auth_token)
        own_node.token = rotated.auth_token
        own_node.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert cache.increment("visits") == 1
        assert cache.endpoint is rotated
    assert parameter.reads == 1


def test_a_token_that_is_still_wrong_is_refused_after_one_reading(node):
    wrong = endpoint_of(node, auth_token="another-token-of-32-characters-x")
    parameter = Parameter(wrong)
    with connect(wrong, QUICK, reread=parameter.read) as cache:
        for _ in range(3):
            with pytest.raises(CacheRefused) as refused:
                cache.get("city")
            assert refused.value.code == "WRONGPASS"
    assert parameter.reads == 1


def test_a_replaced_cache_is_found_through_the_parameter(node, own_node):
    replaced = endpoint_of(node)
    parameter = Parameter(replaced)
    with connect(endpoint_of(own_node), 2.0, reread=parameter.read) as cache:
        cache.set("city", "Oslo")
        own_node.kill()
        cache.set("city", "Bergen")
        assert cache.endpoint == replaced
        assert cache.get("city") == b"Bergen"


def test_a_parameter_that_answers_slowly_does_not_hold_a_call_beyond_its_deadline(node, own_node):
    parameter = Parameter(endpoint_of(node))
    parameter.seconds = 1.5
    with connect(endpoint_of(own_node), 0.2, reread=parameter.read) as cache:
        own_node.kill()
        started = time.monotonic()
        with pytest.raises(CacheUnreachable):
            cache.get("city")
        assert time.monotonic() - started < parameter.seconds
        wait_until(lambda: cache.endpoint == parameter.endpoint, 10)
        assert cache.get("nothing") is None


def test_a_parameter_that_cannot_be_read_leaves_the_first_error(own_node):
    parameter = Parameter(CacheRefused("AWS refuses it", "AWS"))
    own_node.kill()
    with (
        connect(endpoint_of(own_node), 0.2, reread=parameter.read) as cache,
        pytest.raises(CacheUnreachable, match="connecting to 127"),
    ):
        cache.get("city")
    assert parameter.reads == 1


def test_only_one_reading_is_under_way_for_many_threads(own_node):
    parameter = Parameter(endpoint_of(own_node))
    parameter.seconds = 0.3
    own_node.kill()

    def ask() -> None:
        with pytest.raises(CacheUnreachable):
            cache.get("city")

    with connect(endpoint_of(own_node), 0.2, reread=parameter.read) as cache:
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert parameter.reads == 1


def test_a_server_with_all_its_connections_given_is_unreachable_for_now(own_node):
    with own_node.administrator() as administrator:
        administrator.execute_command("CONFIG", "SET", "maxclients", 1)
        with connect(endpoint_of(own_node), 0.3) as cache:
            with pytest.raises(CacheUnreachable, match=r"max number of clients|connection was lost"):
                cache.get("city")
            administrator.execute_command("CONFIG", "SET", "maxclients", 100)
            assert cache.get("city") is None
