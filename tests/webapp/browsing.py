"""A real browser for the page: what it asked for, what it said in the console, and the answer that a person reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@contextmanager
def started_chromium() -> Iterator[Any]:
    """Debian's Chromium without a window."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    assert program, "Debian's chromium is not installed: scripts/system-packages browser"
    with sync_playwright() as playwright:
        # As root Chromium's own sandbox does not start; the page is ours.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def watched_page(chromium: Any, url: str) -> Iterator[Any]:
    """An open page; at the end it must have said nothing in the console and asked nobody else.

    What it may say is added to `expected_in_console`.
    """
    with chromium.new_context() as context:
        opened = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(url)
        opened.expected_in_console = []
        yield opened
        assert [text for text in said if not any(one in text for one in opened.expected_in_console)] == []
        assert [one for one in asked if not one.startswith(url)] == []


def ask(page: Any, button: str) -> str:
    """Press a button and return what the page then says."""
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name=button).click()
    page.wait_for_selector("button[aria-busy]", state="detached")
    return " ".join(page.locator("#answer").inner_text().split())
