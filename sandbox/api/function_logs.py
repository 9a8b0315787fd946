"""What an invocation leaves in CloudWatch Logs, and the end of it that the caller may have at once."""

from __future__ import annotations

import base64
import math
import time
from typing import Any

TAIL_BYTES = 4096


def write(function: Any, answer: dict[str, Any], keep: bool) -> str:
    """Write the invocation's log to the function's group, if its role lets it; the last 4 KB of it in base64."""
    now = time.time()
    request_id, duration = answer["request_id"], answer["duration_ms"]
    start = [(now, "INIT_START Runtime Version: sandbox")] if answer["init_ms"] is not None else []
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {math.ceil(duration)} ms\t"
        f"Memory Size: {function.memory_size} MB\tMax Memory Used: {answer['memory_mib']} MB\t"
    )
    if answer["init_ms"] is not None:
        report += f"Init Duration: {answer['init_ms']:.2f} ms\t"
    own = [
        (now, f"START RequestId: {request_id} Version: $LATEST"),
        *map(tuple, answer["log"]),
        (now, f"END RequestId: {request_id}"),
        (now, report),
    ]
    if keep:
        _put(function, answer["stream"], [*start, *map(tuple, answer["start_log"]), *own])
    text = "".join(f"{line}\n" for _, line in own).encode()
    return base64.b64encode(text[-TAIL_BYTES:]).decode()


def _put(function: Any, stream: str, lines: list[tuple[float, str]]) -> None:
    logs, group = function.logs_backend, function.logs_group_name
    logs.ensure_log_group(group)
    if stream not in logs.groups[group].streams:
        logs.create_log_stream(group, stream)
    moment, events = 0, []
    for when, text in lines:
        moment = max(moment, int(when * 1000))  # in the order in which they were written
        events.append({"timestamp": moment, "message": text})
    logs.put_log_events(group, stream, events)
