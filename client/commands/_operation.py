"""One operation on one key, from here or from the stack's clients, and what is said about it."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..errors import CacheError
from ..exits import complain, said_of
from ._options import Options

_TIMEOUT_SECONDS = 5.0
_REMOTE_SECONDS = 30.0  # more, until the command has begun on an instance or the cold function answers

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """What to do with which key, how a client here does it, and how its answer reads.

    `arguments` are its options for a client elsewhere. `describe` turns an answer into words, or raises CheckFailed.
    """

    name: str
    arguments: Mapping[str, Any]
    claim: str
    perform: Callable[[Any], Answer]
    describe: Callable[[Answer], bytes | str]


@dataclass(frozen=True)
class _Outcome:
    where: str
    answer: Answer
    words: bytes | str
    code: int
    seconds: float


def operate(options: Options, operation: Operation) -> int:
    """Carry the operation out everywhere it is asked for, say how it went, and return the exit code."""
    performers = _performers(options, operation)
    outcomes: list[_Outcome] = []
    for where, perform in performers:
        outcomes.append(_outcome(where, perform, operation))
        _say(options, outcomes[-1], alone=len(performers) == 1)
    if options.as_json:
        answers = {outcome.where: _as_json(outcome) for outcome in outcomes}
        click.echo(json.dumps(_as_json(outcomes[0]) if len(outcomes) == 1 else answers, ensure_ascii=False))
    _write_reports(options, operation, outcomes)
    return next((outcome.code for outcome in outcomes if outcome.code), 0)


def _performers(options: Options, operation: Operation) -> Sequence[tuple[str, Callable[[], Answer]]]:
    seconds = options.timeout_seconds or _TIMEOUT_SECONDS
    if options.place == "here":
        return [("here", functools.partial(_here, options, operation, seconds))]
    from ..remote import places

    return [
        (place.name, functools.partial(_there, place, operation, seconds + _REMOTE_SECONDS))
        for place in places(options.outputs, options.place)
    ]


def _here(options: Options, operation: Operation, seconds: float) -> Answer:
    from .. import connect

    with connect(options.endpoint(), deadline_seconds=seconds) as client:
        return operation.perform(client)


def _there(place: Any, operation: Operation, seconds: float) -> Answer:
    from ..work import raise_error

    answer = place.run(operation.name, operation.arguments, seconds)
    raise_error(answer, place.name)
    return answer


def _outcome(where: str, perform: Callable[[], Answer], operation: Operation) -> _Outcome:
    started = time.monotonic()
    answer: Answer = {}
    try:
        answer = perform()
        words, code = operation.describe(answer), 0
    except CacheError as error:
        words, code = str(error), error.exit_code
    return _Outcome(where, answer, words, code, time.monotonic() - started)


def _say(options: Options, outcome: _Outcome, alone: bool) -> None:
    if outcome.code:
        words = str(outcome.words)
        complain(words if alone else said_of(outcome.where, words), outcome.code)
    elif not options.as_json:
        words = outcome.words if isinstance(outcome.words, bytes) else outcome.words.encode()
        click.echo(words if alone else f"{outcome.where}: ".encode() + words)


def _as_json(outcome: _Outcome) -> dict[str, Any]:
    answer = {name: _text(value) for name, value in outcome.answer.items()}
    problem = {"error": _text(outcome.words)} if outcome.code else {}
    return {"ok": not outcome.code, **answer, **problem, "seconds": round(outcome.seconds, 6)}


def _text(value: Any) -> Any:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value


def _write_reports(options: Options, operation: Operation, outcomes: Sequence[_Outcome]) -> None:
    if not options.junit and not options.html:
        return
    from ..report import write_html, write_junit
    from ..results import CheckResult, Report

    report = Report(stack="", engine="")
    for outcome in outcomes:
        evidence = _text(outcome.words)
        result = CheckResult(
            operation.name, operation.claim, outcome.where, not outcome.code, outcome.seconds, evidence
        )
        report.checks.append(result)
    if options.junit:
        write_junit(report, Path(options.junit))
    if options.html:
        write_html(report, Path(options.html))
