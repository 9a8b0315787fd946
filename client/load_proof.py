"""A load or a watch from several clients at the same time, into one report."""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from typing import Any

from .background import in_background
from .endpoint import Endpoint
from .errors import CacheError
from .load import LoadPlan, run_load
from .load_results import as_mapping, load_from_mapping, watch_from_mapping
from .remote import Place, names_of
from .results import CheckResult, Report
from .watch import WatchPlan, run_watch
from .work import raise_error

_AROUND_SECONDS = 30.0  # Run Command, a cold function, the first values and their removal
SECONDS_ELSEWHERE = 30.0
"""How long a watch from other clients takes where nobody says; a function of a minute ends before its time."""
_LOOK_SECONDS = 0.2  # Ctrl-C is noticed between two looks

Tell = Callable[[str], None]
Run = Callable[[], dict[str, Any]]


def bench(
    found: Sequence[Place], endpoint: Endpoint | None, plan: Mapping[str, Any], report: Report, tell: Tell
) -> bool:
    """Put the load on the cache from here (with an endpoint), or from every place; whether Ctrl-C ended it.

    Figures and failures go into the report. Ctrl-C ends the load from here at once; elsewhere it goes on to its end,
    which a second one does not wait for. Raises the CacheError of the first place when none could begin.
    """
    stop = threading.Event()
    seconds = plan["maximum_seconds"] + _AROUND_SECONDS
    runs = (
        [_bench_here(endpoint, found[0].name, plan, stop)]
        if endpoint
        else [functools.partial(place.run, "bench", plan, seconds) for place in found]
    )

    def end() -> None:
        stop.set()
        if endpoint is None:
            tell(f"waiting for the figures of {names_of(found)}; Ctrl-C goes without them")

    answers, interrupted = _run_all(runs, end)
    for answer in _answers(found, answers, report):
        report.loads.append(load_from_mapping(answer["load"]))
    return interrupted


def watch(
    found: Sequence[Place],
    endpoint: Endpoint | None,
    seconds: float | None,
    deadline_seconds: float,
    report: Report,
    tell: Tell,
) -> bool:
    """Watch from here (with an endpoint), or from every place, until it is over; whether Ctrl-C ended it.

    Raises the CacheError of the first place when none could begin.
    """
    plan = WatchPlan(uuid.uuid4().hex[:12], seconds, deadline_seconds=deadline_seconds)
    stop = threading.Event()
    runs = (
        [_watch_here(endpoint, found[0].name, plan, tell, stop)]
        if endpoint
        else [_watch_there(place, plan) for place in found]
    )

    def end() -> None:
        stop.set()
        if endpoint is None:
            tell("telling the clients to stop; Ctrl-C does not wait for them")
            _stop_there(found, plan)

    tell(f"watching from {names_of(found)}; Ctrl-C ends it")
    answers, interrupted = _run_all(runs, end)
    for answer in _answers(found, answers, report):
        report.watches.append(watch_from_mapping(answer["watch"]))
        for event in answer["events"]:
            tell(event)
    return interrupted


def _run_all(runs: Sequence[Run], end: Callable[[], None]) -> tuple[list[Future[dict[str, Any]]], bool]:
    """Run all at the same time and wait for them; Ctrl-C calls `end`, and the second value says that it came."""
    answers = [in_background(run) for run in runs]
    try:
        while wait(answers, _LOOK_SECONDS).not_done:
            continue
    except KeyboardInterrupt:
        end()
        wait(answers)
        return answers, True
    return answers, False


def _bench_here(endpoint: Endpoint, where: str, plan: Mapping[str, Any], stop: threading.Event) -> Run:
    def run() -> dict[str, Any]:
        return {"load": as_mapping(run_load(endpoint, LoadPlan.from_options(plan), where, stop))}

    return run


def _watch_here(endpoint: Endpoint, where: str, plan: WatchPlan, tell: Tell, stop: threading.Event) -> Run:
    def run() -> dict[str, Any]:
        return {"watch": as_mapping(run_watch(endpoint, plan, where, tell, stop)), "events": []}

    return run


def _watch_there(place: Place, plan: WatchPlan) -> Run:
    seconds = plan.seconds or SECONDS_ELSEWHERE
    options = {"run": plan.run, "maximum_seconds": seconds, "deadline_seconds": plan.deadline_seconds}
    return lambda: place.run("watch", options, seconds + _AROUND_SECONDS)


def _stop_there(found: Sequence[Place], plan: WatchPlan) -> None:
    """Put the key that says stop; one client that can is enough, as all look at the same cache."""
    options = {"key": plan.stop_key, "value": "stop", "ttl_seconds": 3600.0}
    for place in found:
        try:
            raise_error(place.run("put", options, _AROUND_SECONDS), place.name)
        except CacheError:
            continue  # the next one may; else they end with their time
        return


def _answers(
    found: Sequence[Place], answers: Sequence[Future[dict[str, Any]]], report: Report
) -> Iterator[dict[str, Any]]:
    """The clients' answers; a client that has none is a failed check, if there are others."""
    failures: list[CacheError] = []
    for place, answer in zip(found, answers, strict=True):
        try:
            mapping = answer.result()
            raise_error(mapping, place.name)
        except CacheError as error:
            failures.append(error)
            evidence = f"{type(error).__name__}: {error}"
            report.checks.append(
                CheckResult(
                    "client-reached", "The client reaches the cache.", place.name, False, 0.0, evidence
                )
            )
        else:
            yield mapping
    if len(failures) == len(found):
        raise failures[0]
