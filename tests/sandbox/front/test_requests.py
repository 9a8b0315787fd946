"""Where a stream of Memcached requests is cut: at the questions, and nowhere else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.front.requests import NOT_MODELLED, Requests
from sandbox.front.settings import Discovery

DISCOVERY = Discovery(3, "a|10.0.0.1|11211 b|10.0.0.2|11211", refused=["slabs"])
LEGACY = Discovery(3, "a|10.0.0.1|11211", legacy=True)
ANSWER = b"CONFIG cluster 0 36\r\n3\na|10.0.0.1|11211 b|10.0.0.2|11211\n\r\nEND\r\n"
QUESTION = b"config get cluster\r\n"


def sorted_out(pieces, discovery=DISCOVERY):
    """(what reaches the server, with each answer of the front in its place), as the link sorts it."""
    requests, held, out = Requests(), b"", []
    for piece in pieces:
        held += piece
        while held:
            passed, dropped, answer = requests.take(held, discovery)
            out.append(held[:passed])
            held = held[passed + dropped :]
            if answer:
                out.append(b"<" + answer + b">")
            elif not passed and not dropped:
                break
    return b"".join(out), held


def test_the_question_is_answered_and_does_not_reach_the_server():
    assert sorted_out([QUESTION]) == (b"<" + ANSWER + b">", b"")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"get a b c\r\n",
        b"version\n",
        b"set a 0 0 20\r\nconfig get cluster\r\n\r\n",
        b"set a 0 0 20 noreply\r\nconfig get cluster\r\n\r\n",
        b"cas a 0 0 20 77\r\nconfig get cluster\r\n\r\n",
        b"append a 0 0 20\r\nconfig get cluster\r\n\r\n",
        b"ms a 20 T0\r\nconfig get cluster\r\n\r\n",
        b"ms a S20\r\n",
        b"set a 0 0 what\r\n",
        b"set a 0 0 -20\r\n",
        b"\x80\x00\x00\x05config get cluster\r\n",
        b"get AmazonElastiCache:cluster\r\n",
        b"configuration get cluster\r\n",
        b"get " + b"k" * 3000 + b"\r\n",
        b"\r\n",
    ],
)
def test_everything_else_passes_byte_for_byte(request_bytes):
    assert sorted_out([request_bytes]) == (request_bytes, b"")


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (b"config get other\r\n", b"END\r\n"),
        (b"config set cluster 0 5\r\nhello\r\n", NOT_MODELLED),
        (b"config delete cluster\r\n", NOT_MODELLED),
        (b"config what\r\n", b"ERROR\r\n"),
        (b"config\r\n", b"ERROR\r\n"),
        (b"slabs reassign 1 2\r\n", b"ERROR\r\n"),
    ],
)
def test_what_the_service_has_and_what_it_blocks_is_answered_here(request_bytes, answer):
    assert sorted_out([request_bytes + b"get a\r\n"]) == (b"<" + answer + b">get a\r\n", b"")


def test_an_engine_before_1_4_14_answers_a_key_and_knows_no_command():
    asked = b"get AmazonElastiCache:cluster\r\n"
    answer = b"VALUE AmazonElastiCache:cluster 0 19\r\n3\na|10.0.0.1|11211\n\r\nEND\r\n"
    assert sorted_out([asked, QUESTION], LEGACY) == (b"<" + answer + b">" + QUESTION, b"")


def test_a_request_is_held_back_only_while_it_might_be_a_question():
    requests = Requests()
    assert requests.take(b"get a\r\nconf", DISCOVERY) == (7, 0, b"")
    assert requests.take(b"conf" + b"x" * 2000, DISCOVERY) == (2004, 0, b"")
    assert requests.take(b"y\r\n" + QUESTION, DISCOVERY) == (3, len(QUESTION), ANSWER)


STREAM = (
    b"get a\r\n" + QUESTION + b"set a 0 0 20\r\nconfig get cluster\r\n\r\n" + QUESTION
    + b"slabs x\r\nms k 2\r\nhi\r\nconfig set cluster 0 3\r\nabc\r\nget b\r\n"
)  # fmt: skip


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_it_does_not_matter_in_what_pieces_the_requests_arrive(cuts):
    ends = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(ends)]
    assert sorted_out(pieces) == sorted_out([STREAM])


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_garbage_passes_whole(pieces):
    stream = b"".join(pieces)
    if b"config" in stream or b"slabs" in stream:
        return
    passed, held = sorted_out(pieces)
    assert passed + held == stream


@pytest.mark.parametrize("length", [b"what", b"-1", b"2147483646", b"99999999999999999999"])
def test_a_length_that_the_server_refuses_hides_no_question(length):
    request = b"set a 0 0 " + length + b"\r\n"
    assert sorted_out([request + QUESTION]) == (request + b"<" + ANSWER + b">", b"")
