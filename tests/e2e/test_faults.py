"""`python -m sandbox fault` as a person uses it on dev, seen by the client on the instance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .environment import Environment

pytestmark = [pytest.mark.namespaces, pytest.mark.system]

PING = "began=$(date +%s%3N); cache-cli ping; code=$?; echo $(( $(date +%s%3N) - began )); exit $code"


@pytest.fixture
def healthy(dev: Environment) -> Iterator[Environment]:
    """The environment, whose primary is well before and after."""
    yield dev
    dev.sandbox("fault", "primary", "heal")


def ping(environment: Environment, code: int | None = 0) -> tuple[str, int]:
    """What cache-cli printed on the instance, and how many milliseconds it took."""
    said = environment.sandbox("run", "app", "--", PING, code=code).stdout.split()
    return " ".join(said[:-1]), int(said[-1])


def test_replies_of_the_primary_come_late_until_it_is_healed(healthy: Environment):
    node, _, done = healthy.sandbox("fault", "primary", "slow", "1000").stdout.partition(": ")
    assert node in healthy.outputs()["member_ids"]
    assert done == "replies come 1000 ms late\n"
    answer, late = ping(healthy)
    assert answer == "PONG"
    # One late reply for the handshake of TLS, one for the token, one for the answer.
    assert late >= 3000
    assert healthy.sandbox("fault", "primary", "heal").stdout == f"{node}: no fault is left\n"
    answer, milliseconds = ping(healthy)
    assert answer == "PONG"
    assert milliseconds < late


def test_a_client_that_loses_every_reply_is_told_and_comes_back(healthy: Environment):
    healthy.sandbox("fault", "primary", "lose", "100")
    answer, _ = ping(healthy, code=None)
    assert "PONG" not in answer
    healthy.sandbox("fault", "primary", "heal")
    assert ping(healthy)[0] == "PONG"


def test_a_node_that_there_is_not_is_refused_with_those_there_are(dev: Environment):
    members = dev.outputs()["member_ids"]
    said = dev.sandbox("fault", "primery", "kill", code=1).stderr
    assert said == (
        f"error: there is no cache node 'primery'; did you mean primary? there are: {', '.join(members)}\n"
    )
