"""The two proofs of a stack, from all its clients at the same time: every check, and a drill under load."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from typing import Any

from . import remote
from .background import in_background
from .drill import Limits, evaluate
from .drill_record import DrillPlan, WorkerRecord
from .endpoint import Endpoint
from .errors import CacheError, CacheUnreachable
from .key_shares import begun_key, over_key
from .remote import Place
from .results import HERE, CheckResult, Drill, check_from_mapping
from .triggers import Trigger, trigger
from .work import perform, raise_error

# They would look at this machine's end of the tunnel.
_BESIDE_A_TUNNEL = {"names-resolve", "other-ports-are-closed"}
_CHECKS_SECONDS = 60.0
_UNDER_WAY_SECONDS = (
    3.0  # from starting the workers to the trigger: Run Command and a cold function take about 2
)
_BEGUN_SECONDS = 60.0
_SIGN_SECONDS = 10.0  # until it is given again; whoever sees it goes on for 3 more
_SIGN_KEPT_SECONDS = 60.0
_RESTORED_SECONDS = 900.0  # AWS builds the new replica in minutes


def local_place(endpoint: Endpoint, name: str = HERE) -> Place:
    """This very process as a client; under another name than `here` it looks through a tunnel."""

    def run(command: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        answer = perform(command, {"where": name, **options}, endpoint)
        if name != HERE and "checks" in answer:
            answer["checks"] = [check for check in answer["checks"] if check["name"] not in _BESIDE_A_TUNNEL]
        return answer

    return Place(name, run)


def verify(found: Sequence[Place], show: Callable[[CheckResult], None]) -> list[str]:
    """Run every check at every place at the same time and show each result; return what carried the bytes there.

    A place that cannot be reached is a failed check named `client-reached`, so one broken client hides no other.
    """
    libraries: list[str] = []
    answers = [(place, in_background(place.run, "verify", {}, _CHECKS_SECONDS)) for place in found]
    for place, answer in answers:
        started = time.monotonic()
        try:
            report = answer.result()
            raise_error(report, place.name)
        except CacheError as error:
            took, evidence = time.monotonic() - started, f"{type(error).__name__}: {error}"
            show(
                CheckResult("client-reached", "The client can be reached.", place.name, False, took, evidence)
            )
            continue
        libraries.append(f"{place.name}: {report['library']}")
        for item in report["checks"]:
            show(check_from_mapping(item))
    return libraries


def drill(
    found: Sequence[Place],
    outputs: Mapping[str, Any],
    *,
    tell: Callable[[str], None],
    limits: Limits | None = None,
    maximum_seconds: float | None = None,
    kind: str | Trigger = "failover",
    plan: Mapping[str, float] | None = None,
) -> Drill:
    """Write from every place, do to the cache what `kind` says, and evaluate what became of the writes.

    A Trigger of one's own, such as a deployment, may stand in the place of the kind. `plan` has numbers of DrillPlan
    that are to be others, such as `poll_seconds`. Raises CacheError when a place cannot be reached or the trigger is
    refused; then nothing was done, or the workers end by themselves after `maximum_seconds`. So they do after Ctrl-C,
    for which nothing is waited.
    """
    pulled = trigger(kind, outputs) if isinstance(kind, str) else kind
    seconds = maximum_seconds or pulled.maximum_seconds
    # What empties a node may be over before any call fails, and what moves keys may take minutes without a failure.
    until_told = outputs["engine"] == "memcached" or not pulled.keeps_writes
    options: dict[str, Any] = {
        "run": uuid.uuid4().hex[:12],
        "maximum_seconds": seconds,
        "until_told": until_told,
        **(plan or {}),
    }
    tell(f"writing and reading from {remote.names_of(found)}")
    workers = [in_background(place.run, "drill", options, seconds + 30) for place in found]
    try:
        _let_them_begin(workers)
        _wait_until_begun(found, workers, options["run"])
        triggered_at = pulled.pull()
        tell(f"{pulled.kind} accepted: {pulled.words}")
        restored = in_background(pulled.wait_until_over, triggered_at, _RESTORED_SECONDS)
        if until_told:
            restored.result()
            _tell_that_it_is_over(found[0], workers, options["run"])
        records = _records(found, workers)
        tell("waiting until the cache is whole")
        restored_at = restored.result()
    except KeyboardInterrupt:
        tell(f"interrupted; clients that still write end by themselves, after {seconds:g} s at the latest")
        raise
    finally:
        _end_what_still_writes(found[0], workers, options)
    events = pulled.events(triggered_at)
    if restored_at is not None:
        events.append((restored_at, "restored: the cache is whole"))
    return evaluate(
        pulled.words,
        triggered_at,
        records,
        events,
        limits,
        kind=pulled.kind,
        emptied=pulled.emptied,
        keeps_writes=pulled.keeps_writes,
    )


def _records(found: Sequence[Place], workers: Sequence[Future[dict[str, Any]]]) -> list[WorkerRecord]:
    """Return what each worker noted, once all have ended. Raises the CacheError of the first that failed."""
    records: list[WorkerRecord] = []
    for place, worker in zip(found, workers, strict=True):
        answer = worker.result()
        raise_error(answer, place.name)
        records.append(WorkerRecord.from_mapping(answer["record"]))
    return records


def _let_them_begin(workers: Sequence[Future[dict[str, Any]]]) -> None:
    """Wait until the workers are under way; one that ends by then has failed, and its error is raised."""
    ended = threading.Event()
    for worker in workers:
        worker.add_done_callback(lambda _: ended.set())
    if ended.wait(_UNDER_WAY_SECONDS):
        _raise_what_failed(workers)


def _wait_until_begun(found: Sequence[Place], workers: Sequence[Future[dict[str, Any]]], run: str) -> None:
    """Wait until every worker says, in the cache, that it is at work: one that begins later proves nothing."""
    ends = time.monotonic() + _BEGUN_SECONDS
    for place in found:
        key = begun_key(DrillPlan(run, place.name).key)
        while True:
            answer = found[0].run("get", {"key": key}, _CHECKS_SECONDS)
            raise_error(answer, found[0].name)
            if answer["found"]:
                break
            _raise_what_failed(workers)
            if time.monotonic() > ends:
                raise CacheUnreachable(f"{place.name} had not begun after {_BEGUN_SECONDS:g} s", "reply")


def _tell_that_it_is_over(place: Place, workers: Sequence[Future[dict[str, Any]]], run: str) -> None:
    """Give the workers their sign in the cache until they have all ended; one that does not arrive is given again."""
    while wait(workers, timeout=0).not_done:
        place.run("put", _sign(run), _CHECKS_SECONDS)
        wait(workers, timeout=_SIGN_SECONDS)


def _sign(run: str) -> dict[str, Any]:
    return {"key": over_key(run), "value": "1", "ttl_seconds": _SIGN_KEPT_SECONDS}


def _end_what_still_writes(
    place: Place, workers: Sequence[Future[dict[str, Any]]], options: Mapping[str, Any]
) -> None:
    """Give the sign to workers that a drill leaves behind, by Ctrl-C or an error; those that look for it."""
    if options["until_told"] and wait(workers, timeout=0).not_done:
        wait([in_background(place.run, "put", _sign(options["run"]), _CHECKS_SECONDS)], timeout=_SIGN_SECONDS)


def _raise_what_failed(workers: Sequence[Future[dict[str, Any]]]) -> None:
    for worker in workers:
        if worker.done():
            raise_error(worker.result(), "a client")
