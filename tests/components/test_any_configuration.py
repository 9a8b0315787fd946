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
from tests.components.configurations import ARGUMENTS, BASES, PROJECT, configuration, right_edits, wrong_edits
from tests.components.shared import TOKEN
from tests.recorder import deploy

ROOT = Path(__file__).resolve().parent.parent.parent
RIGHT, WRONG = right_edits(), wrong_edits()

# Thousands of examples are a matter of seconds, but not beside others that want the processors.
pytestmark = pytest.mark.timeout(600)

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

# Edits of a base and no values of hypothesis' own: a tenth of the time, and it shrinks to the edit at fault.
anyhow = st.lists(st.sampled_from(WRONG) | st.sampled_from(RIGHT), max_size=4)
often = effort(suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(autouse=True, scope="module")
def uncollected():
    """Keep the collector off: it looks at all of pulumi_aws again and again, which doubles the time."""
    gc.disable()
    yield
    gc.enable()


def test_every_section_is_edited():
    assert {section.partition(".")[0] for section in ARGUMENTS} == set(SECTIONS)


def refusal_of(config):
    """Return the error of the configuration's checks, None when it passes them."""
    try:
        settings.check(config, PROJECT, "dev")
    except ConfigurationError as refused:
        return refused
    return None


@effort(often, max_examples=10_000)
@given(st.sampled_from(BASES), anyhow, st.booleans())
def test_ten_thousand_configurations_pass_the_checks_or_are_refused_with_every_problem(base, edits, as_text):
    refused = refusal_of(configuration(base, edits, as_text))

    if refused:
        assert len(refused.problems) == len(set(refused.problems)) > 0
        assert all(path and message for path, message in refused.problems)
        assert TOKEN not in str(refused)


@functools.cache
def allowed(clients):
    """Return the edits that pass the checks by themselves, strange as their values may be, of the clients or others."""
    of_kind = [edit for edit in (*RIGHT, *WRONG) if edit.section.startswith("clients") is clients]
    return [edit for edit in of_kind if not refusal_of(configuration(BASES[0], [edit]))]


def plan(base, edits, preview):
    config = configuration(base, edits, as_text=True)
    assume(refusal_of(config) is None)

    run = deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py")), config=config, preview=preview, invokes=EXISTING
    )

    assert {"engine", "host", "port", "vpc_id", "region"} <= set(run.stack.outputs)
    assert run.stack.secret_outputs == set()


without_clients = st.sampled_from([{**base, "clients": {}} for base in BASES])
others = st.lists(st.deferred(lambda: st.sampled_from(allowed(False))), max_size=6)
of_clients = st.lists(st.deferred(lambda: st.sampled_from(allowed(True))), min_size=1, max_size=3)


@effort(often, max_examples=180)
@given(without_clients, others, st.booleans())
def test_plans_are_made_of_whatever_passes_the_checks(base, edits, preview):
    plan(base, edits, preview)


# Few, as the clients' bundles take as long to read as all the rest of a plan to make.
@effort(often, max_examples=20)
@given(st.sampled_from(BASES), of_clients, st.booleans())
def test_plans_with_clients_are_made_of_whatever_passes_the_checks(base, edits, preview):
    plan(base, edits, preview)
