"""The page: what each button shows, with both servers there, and with one of them away."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.application import create_application, left, table_rows
from webapp.history import KEPT, History, Timing
from webapp.shelf import Shelf


def shown(answer):
    """The text of the answer's section, in one line."""
    section = re.search(r'id="answer">(.*?)</section>', answer.text, re.DOTALL)[1]
    return " ".join(re.sub(r"<[^>]*>", " ", section).split())


def rows(answer):
    return answer.text.count("<tr><td>")


def test_the_cache_is_asked_first_then_hits_then_is_deleted(browser):
    first, second = browser.post("/cache"), browser.post("/cache")

    assert re.fullmatch(
        r"\d\.\d{4} s cache miss: asked MySQL, kept the answer 120 rows, 60 seconds left in the cache.",
        shown(first),
    )
    assert re.fullmatch(r"\d\.\d{4} s cache hit 120 rows, (59|60) seconds left in the cache.", shown(second))
    assert rows(first) == rows(second) == 120
    assert shown(browser.post("/delete")) == "Deleted. The next question to the cache goes to MySQL."
    assert "cache miss" in shown(browser.post("/cache"))


def test_the_database_is_asked_whatever_the_cache_holds(browser):
    browser.post("/cache")

    answer = browser.post("/database")
    assert re.fullmatch(r"\d\.\d{4} s asked MySQL 120 rows, not taken from the cache.", shown(answer))
    assert browser.get("/health").json["statements"] == 2


def test_no_more_rows_than_the_limit(database, settings, cache, browser):
    few = type(settings)(**{**vars(settings), "row_limit": 7})

    assert rows(create_application(few, database, Shelf(cache, few)).test_client().post("/cache")) == 7


def test_another_limit_is_another_key(database, settings, cache, browser):
    browser.post("/cache")
    few = type(settings)(**{**vars(settings), "row_limit": 7})

    assert "cache miss" in shown(
        create_application(few, database, Shelf(cache, few)).test_client().post("/cache")
    )


def test_fifty_clicks_at_once_ask_the_database_once(browser):
    application = browser.application

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: application.test_client().post("/cache"), range(50)))
    assert {rows(answer) for answer in answers} == {120}
    assert browser.get("/health").json["statements"] == 1


def test_without_the_cache_the_page_goes_on_and_says_so(browser, node):
    node.stop()

    answer = browser.post("/cache")
    assert (answer.status_code, rows(answer)) == (200, 120)
    assert "The cache is away , so MySQL has to answer everything" in shown(answer)
    assert "The cache is away" in shown(browser.post("/delete"))
    health = browser.get("/health")
    assert (health.status_code, health.json["status"]) == (200, "degraded")


def test_once_the_cache_is_back_it_is_used_again(browser, node):
    node.stop()
    browser.post("/cache")
    node.start()

    for _ in range(200):
        if "cache hit" in shown(browser.post("/cache")):
            break
    assert browser.get("/health").json["status"] == "ok"


def test_without_the_database_a_hit_is_a_hit_and_the_rest_is_told(browser, emptied):
    browser.post("/cache")
    emptied.kill()

    assert "cache hit" in shown(browser.post("/cache"))
    away = browser.post("/database")
    assert away.status_code == 503
    assert shown(away).startswith("The database does not answer : ")
    health = browser.get("/health")
    assert (health.status_code, health.json["status"], health.json["database"]) == (503, "failing", "away")
    browser.post("/delete")
    said = shown(browser.post("/cache"))
    assert said.startswith("The database does not answer , and the cache does not hold the rows: ")


def test_only_this_pages_own_buttons_work(browser):
    assert browser.post("/database", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post("/database", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert browser.get("/delete").status_code == 405
    assert browser.post("/nothing").status_code == 404


def test_the_page_loads_nothing_from_elsewhere(browser):
    page = browser.get("/")

    assert re.findall(r'(?:src|href|action)="(?!/)', page.text) == []
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<(script|style)[^>]*>[^<]|style=|onclick", page.text)


def test_the_chart_shows_the_last_fifty(browser):
    history = History()
    for number in range(KEPT + 5):
        history.add("cache", number / 1000)

    assert [one.number for one in history.last()] == list(range(6, KEPT + 6))
    for _ in range(3):
        page = browser.post("/cache")
    assert page.text.count("<rect") == 3
    assert "Seconds of the last 3 queries" in page.text


@pytest.mark.parametrize(("seconds", "height"), [(0.0001, 0.03), (0.001, 0.2), (0.1, 0.6), (10, 1), (99, 1)])
def test_a_bar_is_a_fifth_higher_for_ten_times_as_long(seconds, height):
    assert Timing(1, "cache", seconds).height == pytest.approx(height)


def test_what_the_database_holds_is_shown_as_text():
    found = table_rows([["<b> & 'c'", 1, 2.5], [None, "d", 0]])

    assert found == (
        "<tr><td>&lt;b&gt; &amp; &#39;c&#39;</td><td>1</td><td>2.5</td></tr>\n"
        "<tr><td>None</td><td>d</td><td>0</td></tr>"
    )


@pytest.mark.parametrize(
    ("seconds", "said"), [(60.0, "60 seconds left"), (1.2, "1 second left"), (0.1, "0 seconds left")]
)
def test_the_seconds_left_are_said_in_english(seconds, said):
    assert left(seconds) == said
