"""The tunnel through Session Manager: its messages, its streams, and TLS with the real name at its end."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosedOK

from client import CacheRefused, CacheUnreachable, Endpoint, InvalidEndpoint, connect, session_message
from client.command_line import run as run_command_line
from client.names import system_resolver
from client.session_channel import DataChannel
from client.session_message import ACKNOWLEDGE, CLOSED, INPUT, OUTPUT, SessionMessage
from client.session_streams import Streams
from client.tunnel import Tunnel, through
from sandbox.api.sessions import Sessions
from sandbox.hosts.errors import HostsError

from .memcached_servers import MemcachedCluster
from .redis_servers import TOKEN, RedisPair, wait_until

INSTANCE = "i-0123456789abcdef0"


def test_a_message_has_the_layout_of_aws_own_plugin():
    identifier = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    data = SessionMessage(INPUT, 7, b"hello", 1, 0, identifier, 1_700_000_000_000).to_bytes()
    assert data == (
        (116).to_bytes(4, "big")
        + b"input_stream_data               "
        + (1).to_bytes(4, "big")
        + (1_700_000_000_000).to_bytes(8, "big")
        + (7).to_bytes(8, "big")
        + bytes(8)
        + bytes.fromhex("8899aabbccddeeff0011223344556677")  # the halves of the number in reverse order
        + hashlib.sha256(b"hello").digest()
        + (1).to_bytes(4, "big")
        + (5).to_bytes(4, "big")
        + b"hello"
    )


def test_payloads_and_flags_have_the_numbers_of_aws_own_plugin():
    payloads = (
        session_message.DATA,
        session_message.HANDSHAKE_REQUEST,
        session_message.HANDSHAKE_RESPONSE,
        session_message.HANDSHAKE_COMPLETE,
        session_message.FLAG,
    )
    assert payloads == (1, 5, 6, 7, 10)
    assert (session_message.TERMINATE_SESSION, session_message.CONNECT_TO_PORT_ERROR) == (2, 3)


@given(st.binary(max_size=2000), st.integers(0, 2**62), st.integers(0, 12))
def test_a_message_comes_back_whole(payload, sequence, payload_type):
    message = SessionMessage(INPUT, sequence, payload, payload_type)
    assert SessionMessage.from_bytes(message.to_bytes()) == message


def test_an_acknowledgement_names_what_it_answers():
    message = SessionMessage(INPUT, 7, b"x")
    answer = message.acknowledgement()
    assert (answer.kind, answer.sequence, answer.flags) == (ACKNOWLEDGE, 0, 3)
    assert answer.as_json() == {
        "AcknowledgedMessageType": INPUT,
        "AcknowledgedMessageId": str(message.identifier),
        "AcknowledgedMessageSequenceNumber": 7,
        "IsSequentialMessage": True,
    }


@pytest.mark.parametrize(
    "damage", [lambda data: data[:50], lambda data: data[:-1], lambda data: data[:-1] + b"?"]
)
def test_a_damaged_message_is_refused(damage: Callable[[bytes], bytes]):
    with pytest.raises(ValueError, match="a message"):
        SessionMessage.from_bytes(damage(SessionMessage(INPUT, 0, b"hello").to_bytes()))


def test_a_stream_begins_and_ends_with_the_frames_of_smux():
    sent: list[bytes] = []
    streams = Streams(sent.append)
    streams.open().close()
    streams.open()
    streams.alive()
    assert [frame.hex() for frame in sent] == [
        "0100000003000000",
        "0101000003000000",
        "0100000005000000",
        "0103000000000000",
    ]


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.integers(1, 50))
def test_frames_cut_anywhere_reach_their_streams(pieces, size):
    accepted: list[Any] = []
    there = Streams(lambda data: None, accepted.append)
    sent: list[bytes] = []
    here = Streams(sent.append)
    stream = here.open()
    for piece in pieces:
        here.write(2, stream.number, piece)
    stream.close()
    data = b"".join(sent)
    for start in range(0, len(data), size):
        there.feed(data[start : start + size])
    (other,) = accepted
    assert [other.received.get_nowait() for _ in range(len(pieces) + 1)] == [*pieces, b""]


def test_what_is_no_frame_is_refused():
    with pytest.raises(ValueError, match="a frame of version"):
        Streams(lambda data: None).feed(b"HTTP/1.1 400 Bad Request")


class Wire:
    """A WebSocket whose other end is the test; `arriving` is what comes from there, then it ends."""

    def __init__(self, arriving: list[SessionMessage]) -> None:
        self.sent: list[SessionMessage] = []
        self._arriving = [message.to_bytes() for message in arriving]

    def send(self, data: bytes) -> None:
        self.sent.append(SessionMessage.from_bytes(data))

    def recv(self, timeout: float) -> bytes:
        if not self._arriving:
            raise ConnectionClosedOK(None, None)
        return self._arriving.pop(0)

    def close(self) -> None:
        """Nothing is open."""


def test_messages_are_delivered_once_and_in_order_and_each_is_acknowledged():
    found: list[bytes] = []
    arriving = [SessionMessage(OUTPUT, number, b"%d" % number, 1) for number in (1, 0, 0, 3, 1, 2)]
    wire = Wire(arriving)
    DataChannel(wire, INPUT, OUTPUT, lambda kind, payload: found.append(payload)).run()
    assert found == [b"0", b"1", b"2", b"3"]
    answered = [message.as_json()["AcknowledgedMessageSequenceNumber"] for message in wire.sent]
    assert answered == [1, 0, 0, 3, 1, 2], "a message that came before came again as our answer was lost"


def test_what_is_not_acknowledged_is_sent_again_and_what_is_is_not(monkeypatch):
    monkeypatch.setattr("client.session_channel._AGAIN_SECONDS", 0.0)
    sent = SessionMessage(INPUT, 0, b"first", 1)
    silence = SessionMessage("start_publication", 0, b"")
    wire = Wire([silence, sent.acknowledgement(), silence])
    channel = DataChannel(wire, INPUT, OUTPUT, lambda kind, payload: None)
    channel.send(1, b"first")
    channel.send(1, b"second")
    channel.run()
    assert [message.payload for message in wire.sent] == [b"first", b"second", b"first", b"second", b"second"]
    with pytest.raises(CacheUnreachable, match="the session was closed"):
        channel.send(1, b"third")


@pytest.mark.parametrize(
    ("arriving", "reason"),
    [
        ([SessionMessage(CLOSED, 0, b'{"Output": "terminated by the owner"}')], "terminated by the owner"),
        ([SessionMessage(CLOSED, 0, b"{}")], "the other side ended the session"),
        ([SessionMessage(OUTPUT, 0, b"{", 5)], "the session cannot be understood: "),
        ([], "the session was closed: "),
    ],
    ids=["with words", "without", "nonsense", "cut off"],
)
def test_whoever_sends_after_the_end_hears_why_it_ended(arriving, reason):
    channel = DataChannel(Wire(arriving), INPUT, OUTPUT, lambda kind, payload: json.loads(payload))
    channel.run()
    with pytest.raises(CacheUnreachable, match=f"^{reason}") as unreachable:
        channel.send(1, b"too late")
    assert unreachable.value.stage == "tunnel"


def test_whoever_sends_into_a_channel_that_was_closed_here_hears_so():
    channel = DataChannel(Wire([]), INPUT, OUTPUT, lambda kind, payload: None)
    channel.close()
    with pytest.raises(CacheUnreachable, match=r"^the session was closed$"):
        channel.send(1, b"too late")


class Hosts:
    """The instance's network: names lead to servers of this machine."""

    def __init__(self, names: dict[str, tuple[str, int]]) -> None:
        self.names = names
        self.asked: list[tuple[str, str, int]] = []

    def call(self, operation: str, seconds: float, *, host_id: str, host: str, port: int) -> int:
        self.asked.append((host_id, host, port))
        if host not in self.names:
            raise HostsError(f"{host} does not resolve on {host_id}")
        try:
            connection = socket.create_connection(self.names[host], seconds)
        except OSError as error:
            raise HostsError(str(error)) from error
        connection.settimeout(None)  # a descriptor passed on with a time-out would be non-blocking there
        return connection.detach()


class Service:
    """Systems Manager with one instance, whose sessions are those of the sandbox."""

    def __init__(self, hosts: Hosts) -> None:
        boot = SimpleNamespace(host_id="eni-app", region="eu-west-1")
        commands = SimpleNamespace(managed=lambda ids: [boot] if ids == [INSTANCE] else [])
        context = SimpleNamespace(hosts=hosts, log=logging.getLogger("tunnel test"))
        self.sessions = Sessions(context, commands)
        # Roles are asked where there are roles, by the tests of whole environments.
        self.sessions._services = SimpleNamespace(agent_may_open_sessions=lambda boot: True)
        self.hosts = hosts
        self.spoil = lambda answer: answer

    def start_session(self, **asked: Any) -> dict[str, str]:
        return self.spoil(self.sessions.start(asked, "eu-west-1"))


@pytest.fixture
def service(tls_pair: RedisPair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = Service(Hosts({name: addresses[0] for name, addresses in tls_pair.names.items()}))
    monkeypatch.setattr("client.tunnel.aws_client", lambda name, region: made)
    return made


def test_the_real_names_are_verified_while_connecting_to_this_machine(service, tls_pair):
    with through(INSTANCE, tls_pair.endpoint), connect(tls_pair.endpoint, 5) as cache:
        cache.set("city", "Oslo")
        assert cache.get("city") == b"Oslo"
        wait_until(lambda: cache.get("city", from_replica=True) == b"Oslo", 5)
        assert system_resolver("master.test", 6379)[0][0] == "127.0.0.1"
    assert ("eni-app", "master.test", 6379) in service.hosts.asked
    assert ("eni-app", "replica.test", 6379) in service.hosts.asked
    with pytest.raises(socket.gaierror):
        system_resolver("master.test", 6379)


def test_a_certificate_for_another_name_is_refused(service, tls_pair):
    endpoint = Endpoint(**{**vars(tls_pair.endpoint), "host": "other.test", "reader_host": None})
    service.hosts.names["other.test"] = tls_pair.primary.address
    refused = pytest.raises(CacheRefused, match="certificate is not accepted")
    with through(INSTANCE, endpoint), connect(endpoint, 5) as cache, refused:
        cache.get("city")


def test_of_memcached_every_node_has_its_tunnel(service):
    cluster = MemcachedCluster(["0001.test", "0002.test"])
    try:
        service.hosts.names |= {name: server.address for name, server in cluster.nodes.items()}
        service.hosts.names[cluster.host] = ("127.0.0.1", cluster.configuration.port)
        values = {f"key-{number}": b"x" * number for number in range(40)}
        with through(INSTANCE, cluster.endpoint), connect(cluster.endpoint, 5) as cache:
            cache.set_many(values)
            assert cache.get_many(values) == values
            assert len({cache.node_for(key) for key in values}) == 2
    finally:
        cluster.stop()


def test_large_values_and_many_connections_pass_through_one_session(service, tls_pair):
    value, found = bytes(range(256)) * 2000, []
    with through(INSTANCE, tls_pair.endpoint), connect(tls_pair.endpoint, 20) as cache:
        cache.set("large", value)
        threads = [
            threading.Thread(target=lambda: found.append(cache.get("large") == value)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [True] * 8


def test_when_the_session_ends_the_cache_is_unreachable(service, tls_pair):
    with Tunnel(INSTANCE, "master.test", 6379) as tunnel:
        address = tunnel.address
        socket.create_connection(address, 5).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, 5)


def test_a_host_that_the_instance_does_not_reach_ends_the_connection(service):
    with (
        Tunnel(INSTANCE, "nowhere.test", 6379) as tunnel,
        socket.create_connection(tunnel.address, 5) as sock,
    ):
        sock.settimeout(5)
        assert sock.recv(1) == b""


def test_a_wrong_token_opens_nothing(service):
    service.spoil = lambda answer: {**answer, "TokenValue": "guessed"}
    with pytest.raises(CacheUnreachable, match="the session was closed"):
        Tunnel(INSTANCE, "master.test", 6379)


def test_a_token_opens_one_session_only(service):
    kept: list[dict[str, str]] = []
    service.spoil = lambda answer: kept.append(answer) or kept[0]
    with (
        Tunnel(INSTANCE, "master.test", 6379),
        pytest.raises(CacheUnreachable, match="the session was closed"),
    ):
        Tunnel(INSTANCE, "master.test", 6379)


def test_what_a_session_wants_beyond_a_port_is_refused_in_words():
    assert [Tunnel._processed(action) for action in ("SessionType", "KMSEncryption", "Another")] == [
        {"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""},
        {
            "ActionType": "KMSEncryption",
            "ActionStatus": 3,
            "ActionResult": None,
            "Error": "the account's preferences ask for sessions encrypted with KMS, which this client cannot do",
        },
        {
            "ActionType": "Another",
            "ActionStatus": 3,
            "ActionResult": None,
            "Error": "this client does not know Another",
        },
    ]


def test_nobody_at_the_url_is_unreachable(service):
    service.spoil = lambda answer: {**answer, "StreamUrl": "ws://127.0.0.1:1/"}
    with pytest.raises(
        CacheUnreachable, match=r"the tunnel through i-0123456789abcdef0 to master\.test:6379"
    ):
        Tunnel(INSTANCE, "master.test", 6379)


def test_the_command_line_reads_through_the_tunnel(service, tls_pair, tmp_path: Path, monkeypatch, capfd):
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(TOKEN)
    variables = {"HOST": "master.test", "READER_HOST": "replica.test", "AUTH_FILE": str(secret)}
    variables |= {"CA_FILE": str(tls_pair.certificates.authority)}
    for name, value in variables.items():
        monkeypatch.setenv(f"CACHE_{name}", value)
    assert run_command_line(["put", "City", "Oslo", "--tunnel", INSTANCE]) == 0
    assert run_command_line(["get", "City", "--tunnel", INSTANCE]) == 0
    assert capfd.readouterr().out == "stored\nOslo\n"
    run_command_line(["verify", "--json", "--tunnel", INSTANCE])
    checks = {check["name"]: check for check in json.loads(capfd.readouterr().out)["checks"]}
    assert {check["where"] for check in checks.values()} == {f"through-{INSTANCE}"}
    failed = {name for name, check in checks.items() if not check["ok"]}
    assert failed == {"administration-is-refused"}, "a plain redis-server takes CONFIG, ElastiCache does not"
    assert not {"names-resolve", "other-ports-are-closed"} & set(checks), "they would look at this machine"


def test_a_name_without_the_outputs_is_refused():
    with pytest.raises(InvalidEndpoint, match="there is no client instance 'app'; name --outputs"):
        run_command_line(["get", "x", "--tunnel", "app"])


def test_a_tunnel_from_elsewhere_is_refused(capfd):
    assert run_command_line(["get", "x", "--tunnel", INSTANCE, "--from", "function"]) == 2
    assert "--tunnel is a way from here" in capfd.readouterr().err
