"""The page in a real browser: what a person sees, on any screen, by mouse, by keyboard, and read aloud."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from client import Endpoint, connect
from tests.client.redis_servers import Certificates, RedisNode
from webapp.application import create_application
from webapp.database import Database
from webapp.loading import load
from webapp.secret import Secret
from webapp.settings import Settings
from webapp.shelf import Shelf

from .browsing import SCREENSHOTS, ask, started_chromium, watched_page
from .conftest import Secrets
from .mariadb import NAME, MariaDB

pytestmark = pytest.mark.system
WIDTHS = (375, 1440)
TTL_SECONDS = 8


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture
def url(
    emptied: MariaDB, settings: Settings, trusted: None, node: RedisNode, certificates: Certificates
) -> Iterator[str]:
    """The application behind a port of 127.0.0.1, with rows enough to be slow enough to see."""
    settings = Settings("localhost", emptied.port, NAME, "the-secret", TTL_SECONDS, 500)
    database = Database(settings, Secret("the-secret", Secrets()))
    load(database)
    host, port = node.address
    with connect(Endpoint("redis", host, port, tls=False, auth_token=node.token), 1.0) as cache:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        application = create_application(settings, database, Shelf(cache, settings))
        server = make_server("127.0.0.1", 0, application, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def page(chromium: Any, url: str) -> Iterator[Any]:
    with watched_page(chromium, url) as opened:
        yield opened


def test_a_slow_query_then_a_fast_hit_with_a_falling_time_then_deleted_then_slow(page):
    from playwright.sync_api import expect

    slow = ask(page, "Query cache")
    fast = ask(page, "Query cache")

    assert ("cache miss: asked MySQL" in slow, "cache hit" in fast) == (True, True)
    assert float(fast.split()[0]) < float(slow.split()[0])
    first = page.locator("#left").inner_text()
    expect(page.locator("#left")).not_to_have_text(first)
    second = page.locator("#left").inner_text()
    assert int(second.split()[0]) < int(first.split()[0]) <= TTL_SECONDS
    assert ask(page, "Delete cache").startswith("Deleted.")
    assert "cache miss" in ask(page, "Query cache")
    assert page.locator("rect").count() == 3


def test_after_its_time_the_cache_asks_the_database_again(page):
    from playwright.sync_api import expect

    ask(page, "Query cache")
    expect(page.locator("#left")).to_have_text("0 seconds left", timeout=1000 * (TTL_SECONDS + 20))
    page.wait_for_timeout(1000)  # the page rounds
    assert "cache miss" in ask(page, "Query cache")


def test_with_the_cache_stopped_and_then_the_database_too_the_page_says_which(page, node, emptied):
    node.stop()
    assert "The cache is away" in ask(page, "Query cache")
    emptied.kill()
    page.expected_in_console.append("503")
    assert "The database does not answer" in ask(page, "Query MySQL")


def test_by_keyboard_alone(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Query MySQL"
    page.keyboard.press("Tab")
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.keyboard.press("Enter")
    page.wait_for_selector("button[aria-busy]", state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Query cache"
    for expected in ("BUTTON", "SUMMARY", "DIV"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == expected
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_readable_and_axe_finds_nothing(page, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name, buttons in (("first", []), ("miss", ["Query cache"]), ("hit", ["Query MySQL", "Query cache"])):
        for button in buttons:
            ask(page, button)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=SCREENSHOTS / f"web-{name}-{width}-{scheme}.png")
        found = Axe().run(page)
        assert [f"{one['id']}: {one['help']}" for one in found.response["violations"]] == []
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_buttons_work_as_forms(chromium, url):
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(url)
        page.get_by_role("button", name="Query MySQL").click()
        assert re.search(r"\d\.\d{4} s", page.locator("#answer").inner_text())
