"""Any configuration ends in a plan or in one ConfigurationError that tells every problem; nothing else is raised."""

from __future__ import annotations

import functools
import gc
import runpy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as effort
from hypothesis import strategies as st

import settings
from components.problems import ConfigurationError
from settings_report import SECTIONS
from tests.components.configurations import (
    ARGUMENTS,
    BASES,
    PROJECT,
    Edit,
    configuration,
    right_edits,
    wrong_edits,
)
from tests.components.shared import TOKEN
from tests.recorder import deploy

ROOT = Path(__file__).resolve().parent.parent.parent
RIGHT, WRONG = right_edits(), wrong_edits()

# Thousands of examples are a matter of seconds, but not beside others that want the processors.
pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("one_bundle", "unseen")]

# Where the existing subnets of a base stand.
EXISTING = {
    "aws:ec2/getSubnet:getSubnet": lambda arguments: {
        "id": arguments["id"],
        "vpcId": "vpc-1",
        "availabilityZone": f"eu-west-1{arguments['id'][-1]}",
    },
    "aws:ec2/getVpc:getVpc": {"id": "vpc-1", "cidrBlock": "10.20.0.0/16"},
    "aws:ec2/getPrefixList:getPrefixList": {"id": "pl-1"},
}

# A source of random choices is drawn, and forty configurations come of each: drawing every one by itself takes ten
# times as long as checking it.
SOURCES, BATCH = 250, 40
often = effort(suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def unseen():
    """Take what is imported out of the collector's sight, which looks at all of pulumi_aws again and again."""
    declare(configuration(BASES[-1], [Edit("alarms", "enabled", True)], as_text=True))
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def declare(config, preview=False):
    """Run the program under the recorder."""
    return deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py")), config=config, preview=preview, invokes=EXISTING
    )


def test_every_section_is_edited():
    assert {section.partition(".")[0] for section in ARGUMENTS} == set(SECTIONS)


def refusal_of(config):
    """Return the error of the configuration's checks, None when it passes them."""
    try:
        settings.check(config, PROJECT, "dev")
    except ConfigurationError as refused:
        return refused
    return None


def drawn(source):
    """Return a configuration as its base, its edits and whether it is in JSON: half of the edits are right ones."""
    edits = [source.choice(source.choice((WRONG, RIGHT))) for _ in range(source.randrange(5))]
    return source.choice(BASES), edits, source.random() < 0.5


def fault(base, edits, as_text):
    """Return what is wrong with how a configuration is answered, None for a plan or one good refusal."""
    try:
        refused = refusal_of(configuration(base, edits, as_text))
    except Exception as error:  # noqa: BLE001 whatever it is, it should not have come
        return f"{type(error).__name__}: {error}"
    if refused is None:
        return None
    if not refused.problems or len(refused.problems) != len(set(refused.problems)):
        return f"the problems are none or told twice: {refused.problems}"
    if not all(path and message for path, message in refused.problems):
        return f"a problem lacks its path or its message: {refused.problems}"
    return f"it shows the token: {refused}" if TOKEN in str(refused) else None


def fewest(base, edits, as_text):
    """Return the edits without those that the fault does not need."""
    for edit in edits:
        others = [one for one in edits if one is not edit]
        if fault(base, others, as_text):
            return fewest(base, others, as_text)
    return edits


@effort(often, max_examples=SOURCES)
@given(st.randoms(use_true_random=True))
def test_ten_thousand_configurations_pass_the_checks_or_are_refused_with_every_problem(source):
    for _ in range(BATCH):
        base, edits, as_text = drawn(source)
        if fault(base, edits, as_text):
            left = fewest(base, edits, as_text)
            pytest.fail(f"{fault(base, left, as_text)}\n{base=}\nedits={left}\n{as_text=}")


def test_the_fewest_edits_are_told_of_a_fault(monkeypatch):
    at_fault = Edit("cache", "port", 6380)
    monkeypatch.setattr(
        settings, "check", lambda config, *_: 1 / (config[f"{PROJECT}:cache"].get("port") != 6380)
    )

    edits = [Edit("tags", "team", "a"), at_fault, Edit("cache", "replicas", 2)]
    assert fault(BASES[0], edits, False) == "ZeroDivisionError: division by zero"
    assert fewest(BASES[0], edits, False) == [at_fault]


@functools.cache
def allowed(clients):
    """Return the edits that pass the checks by themselves, strange as their values may be, of the clients or others."""
    of_kind = [edit for edit in (*RIGHT, *WRONG) if edit.section.startswith("clients") is clients]
    return [edit for edit in of_kind if not refusal_of(configuration(BASES[0], [edit]))]


def plan(base, edits, preview):
    config = configuration(base, edits, as_text=True)
    assume(refusal_of(config) is None)

    run = declare(config, preview)

    assert {"engine", "host", "port", "vpc_id", "region"} <= set(run.stack.outputs)
    assert run.stack.secret_outputs == set()


without_clients = st.sampled_from([{**base, "clients": {}} for base in BASES])
others = st.lists(st.deferred(lambda: st.sampled_from(allowed(False))), max_size=6)
of_clients = st.lists(st.deferred(lambda: st.sampled_from(allowed(True))), min_size=1, max_size=3)


@pytest.mark.system  # a quarter of a second each
@effort(often, max_examples=180)
@given(without_clients, others, st.booleans())
def test_plans_are_made_of_whatever_passes_the_checks(base, edits, preview):
    plan(base, edits, preview)


@effort(often, max_examples=20)
@given(st.sampled_from(BASES), of_clients, st.booleans())
def test_plans_with_clients_are_made_of_whatever_passes_the_checks(base, edits, preview):
    plan(base, edits, preview)
