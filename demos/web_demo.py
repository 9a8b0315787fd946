"""What the web demo has to show: slow, fast, deleted, slow again, and a page that works without its cache."""

from __future__ import annotations

import html
import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from client import CheckFailed

from .stage import Stage, expect, new_claims

CLAIMS = new_claims()

_FASTER = 10.0
_STARTED_SECONDS = 300.0  # the database is filled at the first start
_HEALED_SECONDS = 30.0
_FIGURE = re.compile(r'<span class="seconds">([\d.]+) s</span>\s*<span class="badge">([^<]*)</span>')
_LEFT = re.compile(r'id="left" data-seconds="([\d.]+)"')


@dataclass
class Answer:
    """What the page said: the seconds it took, and in which words; the seconds left, None outside the cache."""

    seconds: float
    words: str
    left: float | None
    text: str


@CLAIMS(
    "The first query is slow, the second a fast hit whose time left falls; after a delete it is slow again."
)
def the_second_query_is_fast(stage: Stage) -> str:
    _wait_until(stage, "ok", _STARTED_SECONDS)
    _ask(stage, "delete")
    first, second = _asked(stage, "cache"), _asked(stage, "cache")
    time.sleep(1.1)
    third = _asked(stage, "cache")
    _ask(stage, "delete")
    last = _asked(stage, "cache")
    said = [one.words for one in (first, second, third, last)]
    miss, hit = "cache miss: asked MySQL, kept the answer", "cache hit"
    expect(said == [miss, hit, hit, miss], f"the page said {said}")
    expect(
        min(first.seconds, last.seconds) > _FASTER * max(second.seconds, third.seconds),
        f"{said}: {first} {second}",
    )
    expect(
        second.left is not None and third.left is not None and third.left < second.left,
        "the time left stands",
    )
    return (
        f"{first.seconds:.4f} s, hit {second.seconds:.4f} s with {second.left:.0f} s left, then {third.left:.0f} s; "
        f"deleted, {last.seconds:.4f} s"
    )


@CLAIMS("The page works when the cache is down, and says so; it uses the cache again when it is back.")
def the_page_works_without_the_cache(stage: Stage) -> str:
    (node,) = stage.outputs["member_ids"]
    _asked(stage, "cache")
    stage.sandbox("fault", node, "cut")
    try:
        without = _asked(stage, "cache")
    finally:
        stage.sandbox("fault", node, "heal")
    expect(
        "The cache is away" in without.text, f"the page does not say that the cache is away: {without.words}"
    )
    healed = time.monotonic()
    while (again := _asked(stage, "cache")).words != "cache hit":
        expect(time.monotonic() - healed < _HEALED_SECONDS, f"afterwards the page says {again.words}")
    return f"cache cut off: {without.seconds:.4f} s, {without.words!r}; back: {again.seconds:.4f} s, {again.words!r}"


@CLAIMS("The log of the application says what each query took.")
def the_log_shows_the_timings(stage: Stage) -> str:
    lines = stage.on("web", "journalctl --no-pager -u web-demo | grep 'answered in' | tail -n 1")
    expect("answered in" in lines, f"it says {lines}")
    return lines


def _asked(stage: Stage, action: str) -> Answer:
    """Press a button that answers with rows."""
    text = _ask(stage, action)
    figure, left = _FIGURE.search(text), _LEFT.search(text)
    if figure is None:
        raise CheckFailed(f"the page has no figure after {action!r}")
    return Answer(float(figure[1]), html.unescape(figure[2]).strip(), float(left[1]) if left else None, text)


def _ask(stage: Stage, action: str) -> str:
    return _fetch(stage, f"/{action}", b"")


def _wait_until(stage: Stage, status: str, seconds: float) -> None:
    """Wait until the health page says this."""
    ends, said = time.monotonic() + seconds, ""
    while time.monotonic() < ends:
        try:
            said = json.loads(_fetch(stage, "/health"))["status"]
        except CheckFailed as error:
            said = str(error)
        if said == status:
            return
        time.sleep(1)
    raise CheckFailed(f"the page is not {status} after {seconds:g} s: {said}")


def _fetch(stage: Stage, path: str, data: bytes | None = None) -> str:
    """Open the page where the sandbox publishes its public address on this machine."""
    public = stage.outputs["web_url"].partition("//")[2]
    published = json.loads(stage.sandbox("status", "--json"))["published"]
    here = next((one["here"] for one in published if one["public"] == public), None)
    if here is None:
        raise CheckFailed(f"{public} is not published on this machine")
    try:
        with urllib.request.urlopen(f"http://{here}{path}", data, timeout=60) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError) as error:
        raise CheckFailed(f"http://{here}{path}: {error}") from error
