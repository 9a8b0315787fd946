"""Every rule that arguments alone can break: refused or warned of, in exactly these words."""

from __future__ import annotations

import pytest

from components.problems import ConfigurationError, Problem
from tests.components.rules.book import REFUSED, WARNED
from tests.components.rules.case import SUBJECTS


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in REFUSED])
def test_an_argument_that_breaks_a_rule_is_refused_and_nothing_else(case):
    assert case.check().problems == [Problem(case.argument, case.message)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in WARNED])
def test_what_is_allowed_and_should_be_known_warns_and_refuses_nothing(case):
    checks = case.check()

    assert (checks.problems, checks.warnings) == ([], [case.message])


@pytest.mark.parametrize("component", SUBJECTS)
def test_arguments_that_break_no_rule_are_neither_refused_nor_warned_of(component):
    subject = SUBJECTS[component]
    checks = subject.check("it", subject.good())

    assert (checks.problems, checks.warnings) == ([], [])


@pytest.mark.parametrize("component", sorted({case.component for case in WARNED}))
def test_a_warning_is_told_on_the_component_it_is_about(deploy, component):
    case = next(case for case in WARNED if case.component == component)
    run = deploy(case.declare)

    urn = run.one(f"aws-cache:index:{component}").urn
    assert [line for line in run.logs if line[0] == "warning"] == [("warning", case.message, urn)]


@pytest.mark.parametrize("component", SUBJECTS)
def test_a_refusal_names_the_component_and_registers_nothing(deploy, component):
    case = next(case for case in REFUSED if case.component == component)

    def program():
        with pytest.raises(ConfigurationError) as refused:
            case.declare()
        return str(refused.value)

    run = deploy(program)
    assert run.counts() == {}
    assert run.result == (
        f"1 problem in the arguments of {component} {case.name!r}; nothing was changed\n"
        f"  {case.argument}: {case.message}"
    )
