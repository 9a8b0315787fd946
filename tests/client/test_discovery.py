"""The reply of Auto Discovery gives the whole list or none, however it arrives."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client import CacheRefused
from client.discovery import MAXIMUM_BYTES, Configuration, Node, ReplyReader, parse

DOCUMENTED = (
    b"CONFIG cluster 0 136\r\n12\n"
    b"myCluster.pc4ldq.0001.use1.cache.amazonaws.com|10.82.235.120|11211 "
    b"myCluster.pc4ldq.0002.use1.cache.amazonaws.com|10.80.249.27|11211\n\r\nEND\r\n"
)
FIRST = Node("myCluster.pc4ldq.0001.use1.cache.amazonaws.com", "10.82.235.120", 11211)
SECOND = Node("myCluster.pc4ldq.0002.use1.cache.amazonaws.com", "10.80.249.27", 11211)


def reply(payload: bytes, end: bytes = b"\r\n", header: bytes = b"CONFIG cluster 0") -> bytes:
    return b"%b %d%b%b%bEND%b" % (header, len(payload), end, payload, end, end)


def read(data: bytes, cuts: Iterable[int] = ()) -> Configuration | None:
    """What the last piece gives, when the data come cut in pieces; the others must give nothing."""
    edges = sorted({0, len(data), *cuts})
    reader = ReplyReader()
    *before, last = [reader.feed(data[start:end]) for start, end in pairwise(edges)] or [None]
    assert before == [None] * len(before)
    return last


def test_the_documented_example_gives_both_nodes():
    assert read(DOCUMENTED) == Configuration(12, (FIRST, SECOND))
    assert FIRST.name == "myCluster.pc4ldq.0001.use1.cache.amazonaws.com:11211"


def test_every_split_into_two_pieces_gives_the_same_list():
    for cut in range(len(DOCUMENTED)):
        assert read(DOCUMENTED, (cut,)) == Configuration(12, (FIRST, SECOND))


def test_every_beginning_alone_gives_nothing_yet():
    for length in range(len(DOCUMENTED)):
        assert ReplyReader().feed(DOCUMENTED[:length]) is None


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_both_line_ends_are_read(end):
    payload = b"3" + end + b"a|10.0.0.1|11211" + end
    assert read(reply(payload, end)) == Configuration(3, (Node("a", "10.0.0.1", 11211),))


def test_the_legacy_key_carries_the_same_payload():
    found = read(reply(b"3\na||11211\n", header=b"VALUE AmazonElastiCache:cluster 0"))
    assert found == Configuration(3, (Node("a", "", 11211),))


def test_an_empty_address_an_empty_name_and_ipv6_are_read():
    payload = b"1\na.b||11211 |10.0.0.7|11212 0001.c|2001:db8::1|11213 |::1|11214\n"
    found = read(reply(payload))
    assert found is not None
    assert [node.name for node in found.nodes] == [
        "a.b:11211",
        "10.0.0.7:11212",
        "0001.c:11213",
        "[::1]:11214",
    ]
    assert [node.ip for node in found.nodes] == ["", "10.0.0.7", "2001:db8::1", "::1"]


def test_60_nodes_are_all_found():
    entries = [f"cluster.abcdef.{n:04}.euw1.cache.amazonaws.com|10.0.0.{n}|11211" for n in range(1, 61)]
    found = read(reply(b"60\n" + " ".join(entries).encode() + b"\n"), range(0, 3600, 7))
    assert found is not None
    assert [node.ip for node in found.nodes] == [f"10.0.0.{number}" for number in range(1, 61)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"ERROR\r\n", "ERROR"),
        (b"CLIENT_ERROR bad command line format\r\n", "CLIENT_ERROR"),
        (b"SERVER_ERROR busy\r\n", "SERVER_ERROR"),
        (b"END\r\n", "NO_CLUSTER"),
    ],
)
def test_an_answer_that_is_no_configuration_is_refused_with_its_own_word(data, code):
    with pytest.raises(CacheRefused) as refusal:
        read(data)
    assert (refusal.value.code, refusal.value.stage) == (code, "discovery")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\x15\x03\x03\x00\x02\x02\x46\n",
        b"CONFIG cluster 0 -5\r\n",
        b"CONFIG cluster 0 five\r\n",
        b"CONFIG cluster x 5\r\n",
        b"CONFIG other 0 5\r\n",
        b"CONFIG cluster 0 99999999\r\n",
        b"x" * 600,
        b"CONFIG cluster 0 12\r\n1\na||11211\n\r\nEND\r\n",
        b"CONFIG cluster 0 10\r\n1\na||11211\n\r\nEND\r\n",
        DOCUMENTED + b"x",
        reply(b"1\n\n"),
        reply(b"1\na||11211\nb||11211\n"),
        reply(b"a||11211\n"),
        reply(b"-1\na||11211\n"),
        reply(b"1.0\na||11211\n"),
        reply(b"\xb2\na||11211\n"),
        reply(b"1\na|11211\n"),
        reply(b"1\na||0\n"),
        reply(b"1\na||65536\n"),
        reply(b"1\na||+1\n"),
        reply(b"1\n||11211\n"),
        reply(b"1\na|10.0.0|11211\n"),
        reply(b"1\na|b|10.0.0.1|11211\n"),
        reply(b"1\na/b||11211\n"),
        reply(b"1\na||11211 a||11211\n"),
    ],
)
def test_anything_else_is_refused_whole(data):
    with pytest.raises(CacheRefused) as refusal:
        read(data)
    assert refusal.value.code == "PROTOCOL"
    assert len(str(refusal.value)) < 200


def test_a_peer_that_never_stops_is_refused_soon():
    reader = ReplyReader()
    reader.feed(b"CONFIG cluster 0 65536\r\n")
    for _ in range(MAXIMUM_BYTES // 1000):
        reader.feed(b"1" * 1000)
    with pytest.raises(CacheRefused, match=r"more than 65536 bytes|where its length says"):
        reader.feed(b"1" * 2000)


def test_the_version_only_goes_forwards():
    older, newer = Configuration(9, (FIRST,)), Configuration(10, (SECOND,))
    assert newer.supersedes(older)
    assert newer.supersedes(None)
    assert not older.supersedes(newer)
    assert not Configuration(10, (FIRST,)).supersedes(newer)


hosts = st.from_regex(r"[a-z0-9]{1,12}(\.[a-z0-9]{1,8}){0,4}", fullmatch=True)
addresses = st.one_of(st.just(""), st.ip_addresses().map(str))
nodes = st.lists(
    st.builds(Node, hosts, addresses, st.integers(1, 65535)),
    min_size=1,
    max_size=60,
    unique_by=lambda node: node.name,
).map(tuple)
configurations = st.builds(Configuration, st.integers(0, 10**18 - 1), nodes)


def payload_of(configuration: Configuration, end: bytes) -> bytes:
    entries = " ".join(f"{node.host}|{node.ip}|{node.port}" for node in configuration.nodes)
    return b"%d%b%b%b" % (configuration.version, end, entries.encode(), end)


@given(configurations, st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([b"\n", b"\r\n"]), st.data())
def test_every_list_is_read_back_whatever_the_split(configuration, end, inner, data):
    whole = reply(payload_of(configuration, inner), end)
    assert read(whole, data.draw(st.lists(st.integers(0, len(whole)), max_size=8))) == configuration


@given(configurations, st.data())
def test_a_reply_cut_short_never_gives_a_list(configuration, data):
    whole = reply(payload_of(configuration, b"\n"))
    length = data.draw(st.integers(0, len(whole) - 1))
    assert ReplyReader().feed(whole[:length]) is None


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=100).map(reply)), st.lists(st.integers(0, 300)))
def test_garbage_is_refused_or_incomplete_but_nothing_else_happens(data, cuts):
    try:
        found = read(data, (cut for cut in cuts if cut <= len(data)))
    except CacheRefused:
        return
    assert found is None or found == parse(data[data.index(b"\n") + 1 :].split(b"\r\nEND")[0])


@given(configurations, st.data())
def test_a_changed_byte_never_gives_fewer_nodes(configuration, data):
    whole = bytearray(reply(payload_of(configuration, b"\n")))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte not in b" \t\n\r\x0b\x0c"))
    try:
        found = ReplyReader().feed(bytes(whole))
    except CacheRefused:
        return
    # A space turned into a letter cannot join two entries, nor can a digit of the length hide one.
    assert found is None or len(found.nodes) == len(configuration.nodes)
