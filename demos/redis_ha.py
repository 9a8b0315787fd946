"""What the highly available Redis has to show: a reader that only reads, a primary that moves, a function by URL."""

from __future__ import annotations

import json
import time
import uuid

from client import CheckFailed, function_url

from .stage import Stage, expect, new_claims

CLAIMS = new_claims()

_PATIENCE_SECONDS = 3.0


@CLAIMS("The reader refuses a write: READONLY.")
def a_write_to_the_reader_is_refused(stage: Stage) -> str:
    said = stage.on("app", f"cache-cli -h {stage.endpoint.reader_host} SET demo:reader 1", code=None)
    expect("READONLY" in said, f"not refused: {said}")
    return f"{stage.endpoint.reader_host}: {said}"


@CLAIMS("The replica shows what redis-cli wrote to the primary.")
def the_replica_shows_the_write(stage: Stage) -> str:
    value, started = uuid.uuid4().hex, time.monotonic()
    stored = stage.on("app", f"cache-cli SET demo:replica {value} EX 60")
    expect(stored == "OK", f"the primary said {stored}")
    while True:
        read = stage.on("app", f"cache-cli -h {stage.endpoint.reader_host} GET demo:replica")
        if read == value:
            return f"SET {value} at {stage.endpoint.host}; GET {read} at {stage.endpoint.reader_host}"
        if time.monotonic() - started > _PATIENCE_SECONDS:
            raise CheckFailed(f"wrote {value}, the reader has {read}")


@CLAIMS("The function writes to the primary and reads the value from primary and reader.")
def the_function_reports_what_it_used(stage: Stage) -> str:
    answer = stage.invoke({})
    used = {key: answer.get(key) for key in ("primary_endpoint", "reader_endpoint", "port")}
    endpoint = stage.endpoint
    there = {
        "primary_endpoint": endpoint.host,
        "reader_endpoint": endpoint.reader_host,
        "port": endpoint.port,
    }
    expect(used == there, f"it used {used}: {answer}")
    expect(answer["written"] == answer["from_primary"] == answer["from_reader"], f"it saw {answer}")
    return (
        f"{answer['written']} at {used['primary_endpoint']} and {used['reader_endpoint']}, "
        f"port {used['port']}, the reader {answer['reader_behind_ms']} ms behind"
    )


@CLAIMS("TestFailover moved the primary, and the clients went on.")
def the_clients_went_on_when_the_primary_moved(stage: Stage) -> str:
    drill = stage.drill
    if drill is None or drill.kind != "failover":
        raise CheckFailed("there was no failover")
    expect(drill.ok, "; ".join(drill.problems))
    moved = [event for event in drill.timeline if event.name == "first connection to the new primary"]
    expect(bool(moved), "no client reached a new primary")
    return (
        f"{moved[0].detail or 'a new primary'} after {moved[0].seconds:.2f} s; {drill.acknowledged} writes "
        f"acknowledged, {drill.lost} lost, {drill.doubled} doubled, longest gap {drill.write_gap_seconds:.2f} s"
    )


@CLAIMS("The function URL answers a signed call, and refuses one without a signature.")
def the_function_url_answers(stage: Stage) -> str:
    url, region = stage.outputs["client_function_url"], stage.outputs["region"]
    evidence = function_url.prove(url, region)
    functions = json.loads(stage.sandbox("status", "--json"))["functions"]
    here = next(one["URL here"] for one in functions if one["name"] == stage.outputs["client_function_name"])
    stage.tell("a signed call of the function URL, with the variables of `sandbox env` (see 'as AWS' below):")
    stage.tell(function_url.shell_line(url, region, here))
    return evidence
