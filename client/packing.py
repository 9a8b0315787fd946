"""A mapping as one line of text that survives Run Command's limit of 24,000 characters."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from collections.abc import Mapping
from typing import Any, cast

from .errors import CacheUnreachable, InvalidEndpoint

MARK = "REPORT1:"
LIMIT = 24_000
"""What Run Command returns of the standard output: its first characters."""


def pack(values: Mapping[str, Any]) -> str:
    """Return the line."""
    text = json.dumps(values, separators=(",", ":"))
    return MARK + base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def encode_task(values: Mapping[str, Any]) -> str:
    """Return a task as one word: no quoting, and nothing for Systems Manager to expand ("{{ssm:...}}")."""
    return base64.b64encode(json.dumps(values).encode()).decode()


def decode_task(word: str) -> dict[str, Any]:
    """Return the task. Raises InvalidEndpoint when the word is none."""
    task: Any = None
    with contextlib.suppress(ValueError):
        task = json.loads(base64.b64decode(word, validate=True))
    if not isinstance(task, dict):
        raise InvalidEndpoint("work takes one word, as the client on a laptop makes it")
    return cast("dict[str, Any]", task)


def unpack(output: str) -> dict[str, Any]:
    """Return the mapping of the last packed line. Raises CacheUnreachable when there is none, or only a part."""
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    cut = len(output) >= LIMIT
    if not lines:
        raise CacheUnreachable("the client there printed no report" + (_CUT if cut else ""), "reply")
    try:
        return json.loads(gzip.decompress(base64.b64decode(lines[-1][len(MARK) :])))
    except (ValueError, OSError, EOFError) as error:
        raise CacheUnreachable(
            "the report cannot be read" + (_CUT if cut else f": {error}"), "reply"
        ) from error


_CUT = f": Run Command returns the first {LIMIT} characters only, and there were more"
