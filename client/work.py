"""What a client does where it stands, on behalf of somebody elsewhere: from a mapping to a mapping.

The command line on an instance and the function's handler both come here, so that a report does not depend on how
the client was reached.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from . import errors
from .endpoint import Endpoint
from .errors import CacheError, InvalidEndpoint

_DEADLINE_SECONDS = 2.0  # patience of a single operation or check; an application would set its own
_MOST_EVENTS = 100  # of a watch, as Run Command returns 24,000 characters


def perform_here(task: Mapping[str, Any]) -> dict[str, Any]:
    """Perform {"command": ..., ...options} on the cache that the environment names; without a command, verify."""
    options = dict(task)
    command = str(options.pop("command", "verify"))
    try:
        endpoint = Endpoint.from_environment()
    except CacheError as error:
        return error_as_mapping(error)
    return perform(command, options, endpoint)


def perform(command: str, options: Mapping[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    """Do it and return the answer as JSON's types; what went wrong is an answer too, under `error`."""
    try:
        if command not in _COMMANDS:
            raise InvalidEndpoint(f"unknown command {command!r}; known: {', '.join(sorted(_COMMANDS))}")
        return _COMMANDS[command](endpoint, options)
    except CacheError as error:
        return error_as_mapping(error)


def error_as_mapping(error: CacheError) -> dict[str, Any]:
    """Return the error in a form that `raise_error` understands elsewhere."""
    return {"error": {"type": type(error).__name__, "message": str(error)}}


def raise_error(answer: Mapping[str, Any], where: str) -> None:
    """Raise the error that another client sent, if this is one."""
    if "error" not in answer:
        return
    kind = getattr(errors, str(answer["error"]["type"]), errors.CacheUnreachable)
    raise kind(f"{where}: {answer['error']['message']}")


def _verify(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    if endpoint.engine == "memcached":
        from .memcached_checks import verify
    else:
        from .redis_checks import verify
    with _client(endpoint) as client:
        found = verify(client, str(options.get("where", "here")))
        checks = [dataclasses.asdict(item) for item in found]
        return {"engine": endpoint.engine, "library": client.library, "checks": checks}


def _drill(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    from .drill_record import DrillPlan
    from .drill_worker import run_worker

    numbers = {
        item.name: float(options[item.name])
        for item in dataclasses.fields(DrillPlan)
        if item.name.endswith("_seconds") and item.name in options
    }
    where, until_told = str(options.get("where", "here")), bool(options.get("until_told"))
    plan = DrillPlan(run=str(options["run"]), worker=where, until_told=until_told, **numbers)
    return {"record": run_worker(endpoint, plan).as_mapping()}


def _bench(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    from .load import LoadPlan, run_load
    from .load_results import as_mapping

    load = run_load(endpoint, LoadPlan.from_options(options), str(options.get("where", "here")))
    return {"load": as_mapping(load)}


def _watch(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    from .load_results import as_mapping
    from .watch import WatchPlan, run_watch

    plan = WatchPlan(
        run=str(options.get("run", "")),
        seconds=_number(options, "maximum_seconds", 30.0),
        deadline_seconds=_number(options, "deadline_seconds", 0.25),
    )
    events: list[str] = []
    watch = run_watch(endpoint, plan, str(options.get("where", "here")), events.append)
    return {"watch": as_mapping(watch), "events": events[:_MOST_EVENTS]}


def _discover(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    from .cluster_view import view_cluster

    seconds = _number(options, "deadline_seconds", _DEADLINE_SECONDS)
    return {"cluster": dataclasses.asdict(view_cluster(endpoint, seconds))}


def _get(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    with _client(endpoint) as client:
        value = client.get(_key(options))
    return {
        "found": value is not None,
        "value": None if value is None else value.decode(errors="backslashreplace"),
    }


def _put(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(options.get("value"), str):
        raise InvalidEndpoint("put needs a key and a value, both text")
    ttl = options.get("ttl_seconds")
    with _client(endpoint) as client:
        client.set(_key(options), options["value"], ttl_seconds=None if ttl is None else float(ttl))
    return {"stored": True}


def _delete(endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    with _client(endpoint) as client:
        return {"deleted": client.delete(_key(options))}


def _number(options: Mapping[str, Any], name: str, otherwise: float) -> float:
    try:
        return float(options.get(name, otherwise))
    except (TypeError, ValueError) as error:
        raise InvalidEndpoint(f"{name} is a number, got {options[name]!r}") from error


def _key(options: Mapping[str, Any]) -> str:
    key = options.get("key")
    if not isinstance(key, str) or not key:
        raise InvalidEndpoint("a key is needed, as text")
    return key


def _client(endpoint: Endpoint) -> Any:
    from . import connect

    return connect(endpoint, deadline_seconds=_DEADLINE_SECONDS)


_COMMANDS: dict[str, Callable[[Endpoint, Mapping[str, Any]], dict[str, Any]]] = {
    "verify": _verify,
    "drill": _drill,
    "discover": _discover,
    "bench": _bench,
    "watch": _watch,
    "get": _get,
    "put": _put,
    "delete": _delete,
}
