"""CacheAside on both engines: one load however many ask, and an answer whatever the cache does."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from client import CacheError, Endpoint, connect
from client.cache_aside import CacheAside
from client.cache_entry import key_of
from client.cache_load import Times

from .conftest import endpoint_of
from .memcached_servers import MemcachedCluster
from .redis_servers import RedisNode, wait_until

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Server:
    """A cache of one engine: where it is, the names of its nodes, and how to kill it."""

    endpoint: Endpoint
    names: dict[str, tuple[str, int]]
    stop: Any

    def connect(self, deadline_seconds: float = 5) -> Any:
        return connect(self.endpoint, deadline_seconds, resolver=lambda host, port: [self.names[host]])


def start(engine: str, folder: Path) -> Server:
    if engine == "redis":
        node = RedisNode(folder / "node", token=None)
        endpoint = endpoint_of(node, host="cache.test", auth_token=None)
        return Server(endpoint, {"cache.test": node.address}, node.stop)
    cluster = MemcachedCluster(["0001.test", "0002.test"])
    names = {name: server.address for name, server in cluster.nodes.items()}
    names[cluster.host] = ("127.0.0.1", cluster.configuration.port)
    return Server(cluster.endpoint, names, cluster.stop)


@pytest.fixture(scope="module", params=["redis", "memcached"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start(request.param, tmp_path_factory.mktemp("cache"))
    yield started
    started.stop()


@pytest.fixture
def cache(server: Server) -> Iterator[Any]:
    with server.connect() as client:
        yield client


class Loader:
    """Counts its calls and gives the values in turn; an exception among them is raised."""

    def __init__(self, *values: Any, seconds: float = 0) -> None:
        self.calls = 0
        self._values = values
        self._seconds = seconds

    def __call__(self) -> Any:
        self.calls += 1
        time.sleep(self._seconds)
        value = self._values[min(self.calls, len(self._values)) - 1]
        if isinstance(value, Exception):
            raise value
        return value


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name} {time.time()}"


def counts(aside: CacheAside) -> dict[str, int]:
    return {name: count for name, count in asdict(aside.status).items() if type(count) is int and count}


def test_the_first_read_loads_and_the_second_does_not(cache, key):
    aside, load = CacheAside(cache, "test"), Loader([{"price": Decimal("1.20"), "day": date(2026, 1, 2)}])
    first, second = aside.get(key, load), aside.get(key, load)
    assert first == second == [{"price": Decimal("1.20"), "day": date(2026, 1, 2)}]
    assert (load.calls, counts(aside)) == (1, {"hits": 1, "misses": 1, "loads": 1})
    assert not aside.status.away


def test_fifty_threads_load_once(cache, key):
    aside, load, found = CacheAside(cache, "test"), Loader("value", seconds=0.1), []
    threads = [threading.Thread(target=lambda: found.append(aside.get(key, load))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (load.calls, found) == (1, ["value"] * 50)
    assert counts(aside)["loads"] == 1


def test_fifty_readers_in_ten_processes_load_once(server):
    asked = {
        "endpoint": asdict(server.endpoint),
        "names": server.names,
        "processes": 10,
        "threads": 5,
        "load_seconds": 0.3,
    }
    command = [sys.executable, "-m", "tests.client.stampede", json.dumps(asked)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["exit_codes"], found["loads"], found["readers"]) == ([0] * 10, 1, 50)
    assert len(found["values"]) == 1


def test_nothing_is_a_value_too_and_lives_shorter(cache, key):
    aside, load = CacheAside(cache, "test", ttl_seconds=600, negative_ttl_seconds=60), Loader(None)
    answers = [aside.answer(key, load) for _ in range(2)]
    assert [(one.value, one.source) for one in answers] == [(None, "loaded"), (None, "cache")]
    assert all(0 < one.seconds_left <= 60 for one in answers)


def test_nothing_need_not_be_kept(cache, key):
    aside, load = CacheAside(cache, "test", negative_ttl_seconds=0), Loader(None)
    assert [aside.get(key, load), aside.get(key, load), load.calls] == [None, None, 2]


def test_shortly_before_its_end_a_value_is_renewed_and_nobody_waits(cache, key):
    aside = CacheAside(cache, "test", ttl_seconds=20, refresh_ahead=0.999, jitter=0)
    load = Loader("old", "new")
    aside.get(key, load)
    time.sleep(0.03)  # the first 20 ms of its life, in which nothing is renewed
    assert aside.get(key, load) == "old"
    wait_until(lambda: aside.get(key, lambda: "never") in ("new", "never"), 5)
    assert counts(aside)["misses"] == 1


def test_while_one_renews_the_others_go_on_with_the_value_there_is(cache, key):
    release, began, calls = threading.Event(), threading.Event(), []
    aside = CacheAside(cache, "test", ttl_seconds=100, refresh_ahead=0.9999, jitter=0)
    aside.get(key, lambda: "old")
    time.sleep(0.02)

    def renew() -> str:
        calls.append(1)
        began.set()
        release.wait(10)
        return "new"

    assert aside.get(key, renew) == "old"
    assert began.wait(5)
    assert [aside.get(key, renew) for _ in range(20)] == ["old"] * 20
    release.set()
    wait_until(lambda: aside.get(key, lambda: "new") == "new", 5)
    assert len(calls) == 1


def test_when_loading_fails_an_old_value_serves_and_loading_is_not_tried_at_once(cache, key):
    aside = CacheAside(cache, "test", ttl_seconds=0.05, refresh_ahead=0, retry_seconds=60)
    load = Loader("old", OSError("the database is away"))
    aside.get(key, load)
    time.sleep(0.1)
    assert [aside.get(key, load), aside.get(key, load), load.calls] == ["old", "old", 2]
    assert counts(aside) == {"misses": 2, "hits": 1, "loads": 2, "failed_loads": 1, "stale": 1}


def test_an_old_value_does_not_serve_beyond_its_time(cache, key):
    times = {"ttl_seconds": 0.05, "stale_seconds": 0.3, "refresh_ahead": 0, "retry_seconds": 0.01}
    aside, load = CacheAside(cache, "test", **times), Loader("old", OSError("the database is away"))
    aside.get(key, load)
    ends = time.time() + 0.05 + 0.3

    def is_over() -> bool:
        began = time.time()
        try:
            assert aside.get(key, load) == "old"
        except OSError:
            return True
        assert began < ends, "Memcached, which knows whole seconds, has it still"
        return False

    wait_until(is_over, 20)


def test_without_an_old_value_the_loaders_error_is_the_callers_and_the_next_may_try(cache, key):
    aside, load = CacheAside(cache, "test"), Loader(OSError("the database is away"), "back")
    with pytest.raises(OSError, match="database is away"):
        aside.get(key, load)
    assert aside.get(key, load) == "back"


def test_all_who_waited_get_the_loaders_error(cache, key):
    aside, found, calls = CacheAside(cache, "test"), [], []

    def load() -> None:
        calls.append(1)
        wait_until(lambda: aside.status.waits == 9, 20)
        raise OSError("away")

    def read() -> None:
        try:
            aside.get(key, load)
        except OSError as error:
            found.append(str(error))

    threads = [threading.Thread(target=read) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, len(calls)) == (["away"] * 10, 1)


def test_after_its_patience_a_reader_loads_for_itself(cache, key):
    aside, load = CacheAside(cache, "test", wait_seconds=0.1), Loader("mine")
    cache.set(f"{key_of('test', 1, key)}:load", b"somebody else", ttl_seconds=60)
    assert (aside.get(key, load), load.calls) == ("mine", 1)
    assert cache.get(f"{key_of('test', 1, key)}:load") == b"somebody else"


class Watched:
    """A client that counts its reads, and notes which threads tried to take the loading of a value."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.reads = 0
        self.takers: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get(self, key: str) -> bytes | None:
        self.reads += 1
        return self._client.get(key)

    def add(self, *arguments: Any, **options: Any) -> bool:
        self.takers.append(threading.current_thread().name)
        return self._client.add(*arguments, **options)


def test_patience_with_a_thread_of_this_process_is_not_followed_by_more_with_its_mark(cache, key):
    watched, began, release = Watched(cache), threading.Event(), threading.Event()
    aside, found = CacheAside(watched, "test", wait_seconds=0.3), []

    def hang() -> str:
        began.set()
        release.wait(20)
        return "late"

    first = threading.Thread(target=lambda: found.append(aside.get(key, hang)), name="first")
    first.start()
    assert began.wait(10)
    second = threading.Thread(target=lambda: found.append(aside.get(key, lambda: "mine")), name="second")
    second.start()
    second.join()
    release.set()
    first.join()
    assert found == ["mine", "late"]
    assert watched.takers == ["first", "second"]


def readers_of(cache: Any, key: str, load: Any, count: int, **times: Any) -> tuple[list[Any], Any]:
    """What readers find, each as in a process of its own, and a function that waits for them."""
    found: list[Any] = []
    asides = [CacheAside(cache, "test", wait_seconds=60, **times) for _ in range(count)]
    threads = [
        threading.Thread(target=lambda aside=aside: found.append(aside.get(key, load))) for aside in asides
    ]
    for thread in threads:
        thread.start()

    def wait() -> None:
        for thread in threads:
            thread.join()

    return found, wait


def test_of_all_who_wait_for_a_client_that_died_one_loads_once_its_lease_is_over(cache, key):
    mark, marks = f"{key_of('test', 1, key)}:load", []
    cache.add(mark, b"left by the dead", ttl_seconds=1)

    def load() -> str:
        marks.append(cache.get(mark))
        return "value"

    found, wait = readers_of(cache, key, load, 8)
    wait()
    assert (found, len(marks)) == (["value"] * 8, 1)
    assert marks[0] not in (None, b"left by the dead")
    assert cache.get(mark) is None


def test_what_somebody_else_has_just_loaded_is_not_loaded_again(cache, key):
    load = Loader("mine")

    class Overtaken(Watched):
        """Between the miss and the taking of the lock another one loads."""

        def add(self, *arguments: Any, **options: Any) -> bool:
            CacheAside(cache, "test").put(key, "of another")
            return super().add(*arguments, **options)

    assert CacheAside(Overtaken(cache), "test").get(key, load) == "of another"
    assert load.calls == 0


def test_within_the_lease_of_another_its_value_is_waited_for(cache, key):
    mark, load = f"{key_of('test', 1, key)}:load", Loader("mine")
    cache.add(mark, b"at work", ttl_seconds=60)
    watched = Watched(cache)
    found, wait = readers_of(watched, key, load, 1)
    wait_until(lambda: watched.reads >= 5, 10)
    CacheAside(cache, "test").put(key, "of another")
    wait()
    assert (found, load.calls) == (["of another"], 0)
    assert cache.get(mark) == b"at work"


def test_beside_a_load_that_outlives_its_lease_one_other_begins_and_keeps_its_own(cache, key):
    slow_began, release_slow = threading.Event(), threading.Event()
    quick_began, release_quick = threading.Event(), threading.Event()
    calls: list[str] = []

    def slow() -> str:
        calls.append("slow")
        slow_began.set()
        release_slow.wait(30)
        return "slow"

    def quick() -> str:
        calls.append("quick")
        quick_began.set()
        release_quick.wait(30)
        return "quick"

    of_the_slow, wait_for_the_slow = readers_of(cache, key, slow, 1, lease_seconds=0.1)
    assert slow_began.wait(10)
    of_the_others, wait_for_the_others = readers_of(cache, key, quick, 5, lease_seconds=60)
    assert quick_began.wait(10)
    mark = cache.get(f"{key_of('test', 1, key)}:load")
    release_slow.set()
    wait_for_the_slow()
    wait_until(lambda: of_the_others == ["slow"] * 4, 10)
    assert mark is not None
    assert cache.get(f"{key_of('test', 1, key)}:load") == mark, "each removes its own mark only"
    release_quick.set()
    wait_for_the_others()
    assert (of_the_slow, of_the_others) == (["slow"], ["slow"] * 4 + ["quick"])
    assert calls == ["slow", "quick"]


def test_a_value_that_cannot_be_kept_is_refused_and_blocks_nobody(cache, key):
    aside = CacheAside(cache, "test")
    with pytest.raises(TypeError, match="value is a set"):
        aside.get(key, lambda: {1})
    assert aside.get(key, lambda: [1]) == [1]


def test_what_somebody_else_put_there_is_an_error_and_a_miss(cache, key):
    cache.set(key_of("test", 1, key), b"not ours")
    aside = CacheAside(cache, "test")
    assert aside.get(key, lambda: "value") == "value"
    assert counts(aside)["errors"] >= 1
    assert "not ours" not in (aside.status.last_error or "")


def test_an_answer_says_where_it_came_from_and_how_long_it_lasts(cache, key):
    aside = CacheAside(cache, "test", ttl_seconds=60, jitter=0, refresh_ahead=0)
    loaded, found = aside.answer(key, lambda: "value"), aside.answer(key, lambda: "another")
    assert [(one.value, one.source) for one in (loaded, found)] == [("value", "loaded"), ("value", "cache")]
    assert 50 < found.seconds_left < loaded.seconds_left <= 60


def test_an_answer_says_that_it_is_an_old_value_to_every_reader(cache, key):
    aside = CacheAside(cache, "test", ttl_seconds=0.05, refresh_ahead=0, retry_seconds=60)
    load = Loader("old", OSError("the database is away"))
    aside.answer(key, load)
    time.sleep(0.1)
    answers = [aside.answer(key, load) for _ in range(2)]
    assert [(one.value, one.source) for one in answers] == [("old", "stale")] * 2


def test_an_answer_says_that_the_cache_does_not_hold_it(cache, key):
    aside = CacheAside(cache, "test", negative_ttl_seconds=0)
    answer = aside.answer(key, lambda: None)
    assert (answer.source, answer.seconds_left) == ("loaded", None)


def test_a_value_can_be_put_and_forgotten(cache, key):
    aside, load = CacheAside(cache, "test"), Loader("loaded")
    aside.put(key, (1, 2))
    assert (aside.get(key, load), aside.forget(key), aside.forget(key)) == ((1, 2), True, False)
    assert aside.get(key, load) == "loaded"


def test_another_version_another_namespace_and_another_key_are_other_values(cache, key):
    asides = [CacheAside(cache, "one"), CacheAside(cache, "one", version=2), CacheAside(cache, "two")]
    found = [aside.get(key, lambda number=number: number) for number, aside in enumerate(asides)]
    assert found == [0, 1, 2]
    assert asides[0].get((key, 1), lambda: "tuple") == "tuple"
    assert asides[0].get((key, "1"), lambda: "text") == "text"


def test_a_key_of_any_length_fits_memcached():
    assert len(key_of("x" * 100, 999, "SELECT " + "column, " * 1000)) < 200


@pytest.mark.parametrize("engine", ["redis", "memcached"])
def test_without_the_cache_each_value_is_loaded_and_the_status_says_so(engine, tmp_path):
    server = start(engine, tmp_path)
    try:
        with server.connect(deadline_seconds=0.5) as client:
            aside = CacheAside(client, "test")
            aside.get("warm", lambda: "value")
            server.stop()
            found: list[Any] = []
            calls: list[int] = []

            def load() -> str:
                calls.append(1)
                wait_until(lambda: aside.status.waits == 19, 20)
                return "value"

            threads = [
                threading.Thread(target=lambda: found.append(aside.get("cold", load))) for _ in range(20)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert (found, len(calls)) == (["value"] * 20, 1), "one, for all who asked meanwhile"
            assert aside.status.away
            assert aside.status.errors > 0
            assert aside.status.last_error
            with pytest.raises(CacheError):
                aside.forget("cold")
    finally:
        server.stop()


def test_it_goes_on_with_the_cache_once_that_is_back(tmp_path):
    server = start("redis", tmp_path)
    with server.connect(deadline_seconds=0.5) as client:
        address, server.names["cache.test"] = server.names["cache.test"], ("127.0.0.1", 1)
        aside, load = CacheAside(client, "test"), Loader("value")
        try:
            assert [aside.get("key", load), aside.status.away] == ["value", True]
            before = aside.status.skipped
            # No call waits for a cache that was away a moment ago.
            wait_until(lambda: bool(aside.get("key", load)) and aside.status.skipped > before, 10)
            server.names["cache.test"] = address
            wait_until(lambda: bool(aside.get("key", load) and aside.status.hits), 10)
            assert not aside.status.away
        finally:
            server.stop()


def test_unless_told_otherwise_a_value_lives_a_minute_and_a_load_is_believed_in_for_half_a_one(cache):
    assert CacheAside(cache, "test").times == Times(
        ttl=60, jitter=0.1, refresh_ahead=0.2, negative_ttl=5, stale=300, retry=1, wait=5, lease=30
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ttl_seconds": 0}, "ttl must be more than 0"),
        ({"jitter": 1}, "jitter must be less than 1"),
        ({"stale_seconds": -1}, "stale must be at least 0"),
    ],
)
def test_times_that_make_no_sense_are_refused(cache, changes, message):
    with pytest.raises(ValueError, match=message):
        CacheAside(cache, "test", **changes)


@pytest.mark.parametrize("namespace", ["", "with space", "x" * 101, "ä", "a\n"])
def test_a_namespace_that_memcached_would_refuse_is_refused(cache, namespace):
    with pytest.raises(ValueError, match="namespace must be"):
        CacheAside(cache, namespace)


def test_values_stored_together_do_not_expire_together(cache, key):
    times = CacheAside(cache, "test", ttl_seconds=100, jitter=0.5).times
    ends = [times.entry("x").fresh_until for _ in range(50)]
    assert max(ends) - min(ends) > 10
    steady = replace(times, jitter=0)
    assert abs(steady.entry("x").fresh_until - time.time() - 100) < 1
