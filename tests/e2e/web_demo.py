"""The example `web-demo` up in the sandbox: its page as it is published here, and what stands behind it."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .environment import REPOSITORY, Environment

PATIENCE_SECONDS = 60.0


class Demo:
    """The environment with its page."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        shutil.copy(REPOSITORY / "examples" / "web-demo.yaml", environment.folder / "Pulumi.dev.yaml")

    def url(self) -> str | None:
        """Where the stack's page is published on this machine, as `status` tells; None when it is not."""
        status = json.loads(self.environment.sandbox("status", "--json").stdout)
        public = self.environment.outputs()["web_url"].removeprefix("http://")
        found = [one["here"] for one in status["published"] if one["public"] == public]
        return f"http://{found[0]}/" if found else None

    def database(self, doing: str) -> None:
        """`stop` or `start` the database, as a person does who wants to save money."""
        rds = self.environment.boto("rds")
        (found,) = rds.describe_db_instances()["DBInstances"]
        name = found["DBInstanceIdentifier"]
        getattr(rds, f"{doing}_db_instance")(DBInstanceIdentifier=name)
        if doing == "start":
            until(lambda: rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "available")

    def on_instance(self, script: str) -> str:
        """What a script on the web server prints."""
        return self.environment.sandbox("run", "web", "--", script).stdout.strip()


def press(url: str, action: str) -> tuple[int, str]:
    """The status, and what the page says, when somebody presses a button of it; 0 when nobody answers."""
    request = urllib.request.Request(f"{url}{action}", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, said(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.code, said(error.read().decode())
    except OSError:
        return 0, ""


def said(page: str) -> str:
    """The text of the answer in a page, in one line."""
    section = re.search(r'id="answer">(.*?)</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", section[1] if section else "").split())


def health(url: str) -> dict[str, Any] | None:
    """What the application says of itself; None when it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}health", timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except OSError:
        return None


def until(holds: Callable[[], Any]) -> Any:
    """What it returns as soon as that is something; fails when that takes a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.1)
    return found


def is_hit(url: str) -> bool:
    """Whether the page, asked once more, has its rows from the cache."""
    return "cache hit" in press(url, "cache")[1]


@contextmanager
def visitors(url: str, count: int = 3) -> Iterator[Counter[int]]:
    """Visitors who press *Query cache* again and again meanwhile; counts the status of each answer."""
    seen: Counter[int] = Counter()
    ended, lock = threading.Event(), threading.Lock()

    def visit() -> None:
        while not ended.wait(0.05):
            status, _ = press(url, "cache")
            with lock:
                seen[status] += 1

    threads = [threading.Thread(target=visit) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ended.set()
        for thread in threads:
            thread.join()
