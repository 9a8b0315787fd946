"""A load or a watch from several clients at the same time, into one report."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from .endpoint import Endpoint
from .errors import CacheError
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


def bench(found: Sequence[Place], plan: Mapping[str, Any], report: Report) -> None:
    """Put the load on the cache from every place; figures and failures go into the report.

    Raises the CacheError of the first place when none could begin.
    """
    seconds = plan["maximum_seconds"] + _AROUND_SECONDS
    with ThreadPoolExecutor(max_workers=len(found)) as threads:
        answers = [threads.submit(place.run, "bench", plan, seconds) for place in found]
    for answer in _answers(found, answers, report):
        report.loads.append(load_from_mapping(answer["load"]))


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
    tell(f"watching from {names_of(found)}; Ctrl-C ends it")
    interrupted = False
    with ThreadPoolExecutor(max_workers=len(found) + 1) as threads:
        answers = [threads.submit(run) for run in runs]
        try:
            _until_done(answers)
        except KeyboardInterrupt:
            interrupted = True
            stop.set()
            if endpoint is None:
                tell("telling the clients to stop")
                threads.submit(_stop_there, found, plan)
    for answer in _answers(found, answers, report):
        report.watches.append(watch_from_mapping(answer["watch"]))
        for event in answer["events"]:
            tell(event)
    return interrupted


def _watch_here(
    endpoint: Endpoint, where: str, plan: WatchPlan, tell: Tell, stop: threading.Event
) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        return {"watch": as_mapping(run_watch(endpoint, plan, where, tell, stop)), "events": []}

    return run


def _watch_there(place: Place, plan: WatchPlan) -> Callable[[], dict[str, Any]]:
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


def _until_done(answers: Sequence[Future[Any]]) -> None:
    while wait(answers, _LOOK_SECONDS).not_done:
        continue


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
