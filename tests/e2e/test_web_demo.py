"""The web demo as a person meets it: in a browser, with its servers away, changed while it is used, and closed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.webapp.browsing import SCREENSHOTS, ask, started_chromium, watched_page

from .by_hand import machine_by_hand
from .environment import Environment
from .inventory import inventory
from .under_load import steps
from .web_demo import Demo, health, is_hit, press, until, visitors

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(300)]

INSTANCE = "aws:ec2/instance:Instance"
OPEN = "timeout 3 bash -c '</dev/tcp/{host}/{port}' 2>/dev/null && echo open || echo closed"
WRITTEN = "/etc /opt /run /tmp /home /root /var/log /var/tmp /var/lib/cloud /usr/local/bin"
AT_ONCE = """async () => {
  const ask = () => fetch("/cache", {method: "POST"}).then(answer => answer.status);
  return Promise.all(Array.from({length: 50}, ask));
}"""


@pytest.fixture(scope="module")
def demo(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The example, up with its page answering; destroyed at the end, which must leave nothing."""
    with Environment(tmp_path_factory.mktemp("web-demo")) as environment:
        made = Demo(environment)
        environment.up()
        until(lambda: health(str(made.url())))
        yield made
        environment.sandbox("destroy")
        assert set(inventory(environment)) == {"pending key"}


@pytest.fixture
def url(demo: Demo) -> str:
    """Where the page is, well and with nothing in the cache."""
    address = demo.url()
    assert address
    until(lambda: press(address, "delete")[1].startswith("Deleted"))
    return address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Any, url: str) -> Iterator[Any]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with watched_page(chromium, url) as opened:
        yield opened


def shoot(page: Any, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"web-demo-{name}.png")


def test_a_slow_query_then_a_fast_hit_with_a_falling_time_then_deleted_then_slow(page):
    from playwright.sync_api import expect

    slow, fast = ask(page, "Query cache"), ask(page, "Query cache")
    shoot(page, "hit")

    assert ("cache miss: asked MySQL" in slow, "cache hit" in fast) == (True, True)
    assert "480 rows" in fast
    assert 10 * float(fast.split()[0]) < float(slow.split()[0])
    first = page.locator("#left").inner_text()
    expect(page.locator("#left")).not_to_have_text(first)
    assert int(page.locator("#left").inner_text().split()[0]) < int(first.split()[0]) <= 60
    assert ask(page, "Delete cache") == "Deleted. The next question to the cache goes to MySQL."
    assert "cache miss" in ask(page, "Query cache")
    shoot(page, "miss")


def test_without_its_cache_the_page_goes_on_and_says_so_and_comes_back_by_itself(demo, page, url):
    demo.environment.sandbox("fault", "primary", "cut")
    try:
        away = ask(page, "Query cache")
        shoot(page, "cache-away")
        assert "480 rows, not taken from the cache." in away
        assert "The cache is away, so MySQL has to answer everything" in away
        assert (health(url) or {})["status"] == "degraded"
    finally:
        demo.environment.sandbox("fault", "primary", "heal")
    until(lambda: is_hit(url))
    assert "cache hit" in ask(page, "Query cache")


def test_a_killed_cache_costs_no_answer(demo, url):
    with visitors(url) as seen:
        demo.environment.sandbox("fault", "primary", "kill")
        until(lambda: is_hit(url))
    assert set(seen) == {200}


def test_without_its_database_the_page_says_so_plainly_and_comes_back_by_itself(demo, page, url):
    page.expected_in_console.append("503")
    demo.database("stop")
    try:
        away = ask(page, "Query MySQL")
        shoot(page, "database-away")
        assert away.startswith("The database does not answer: Can't connect to MySQL server")
        assert (health(url) or {})["status"] == "failing"
    finally:
        demo.database("start")
    assert "asked MySQL 480 rows" in ask(page, "Query MySQL")


def test_fifty_clicks_at_once_ask_the_database_once(page, url):
    before = (health(url) or {})["statements"]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: press(url, "cache"), range(50)))
    assert [status for status, text in answers if "480 rows" in text] == [200] * 50
    press(url, "delete")
    assert page.evaluate(AT_ONCE) == [200] * 50
    assert (health(url) or {})["statements"] == before + 2


def test_only_the_declared_range_reaches_the_page_and_only_the_page_its_servers(demo, url):
    outputs, ec2 = demo.environment.outputs(), demo.environment.boto("ec2")
    group = ec2.create_security_group(GroupName="stranger", Description="stranger", VpcId=outputs["vpc_id"])
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}])["Subnets"]
    network = {"private_subnet_ids": {"a": subnets[0]["SubnetId"]}}
    stranger = machine_by_hand(demo.environment, network)
    ec2.modify_instance_attribute(InstanceId=stranger, Groups=[group["GroupId"]])
    web = ec2.describe_instances(InstanceIds=[outputs["client_instance_ids"]["web"]])
    address = web["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    servers = [(outputs["database_host"], 3306), (outputs["host"], 6379), (address, 8008)]
    doors = "\n".join(OPEN.format(host=host, port=port) for host, port in servers)
    try:
        from_elsewhere = demo.environment.sandbox("run", stranger, "--", doors).stdout.split()
    finally:
        ec2.terminate_instances(InstanceIds=[stranger])
        ec2.delete_security_group(GroupId=group["GroupId"])

    assert from_elsewhere == ["closed"] * 3
    assert demo.on_instance(doors).split() == ["open"] * 3


def test_the_page_is_closed_to_whoever_is_not_in_the_range(demo, url):
    demo.environment.configure("web", allowed_cidr_blocks={"visitors": "198.51.100.0/24"})
    demo.environment.up()
    try:
        assert demo.url() is None
        until(lambda: health(url) is None)
    finally:
        demo.environment.configure("web", allowed_cidr_blocks={"visitors": "203.0.113.0/24"})
        demo.environment.up()
    until(lambda: health(str(demo.url())))


def test_no_password_is_on_a_disk_in_an_environment_in_the_state_or_in_a_log(demo, url):
    environment, name = demo.environment, demo.environment.outputs()["database_secret_name"]
    answer = environment.boto("secretsmanager").get_secret_value(SecretId=name)
    password = json.loads(answer["SecretString"])["password"]
    secrets, known = [password, environment.token()], name.rsplit("!", 1)[-1]

    def holding(text: str) -> str:
        # In two halves, so that the script that looks is not what it finds.
        word = f"'{text[:9]}''{text[9:]}'"
        files = f"grep -rlF -D skip -e {word} {WRITTEN} 2>/dev/null"
        return demo.on_instance(f"{files}; grep -lF -e {word} /proc/[0-9]*/environ 2>/dev/null; true")

    assert "/etc/cache-client/env" in holding(known)  # it does find what is there
    assert [holding(one) for one in secrets] == ["", ""]
    kept = [one for one in environment.folder.rglob("*") if one.is_file() and "tools" not in one.parts]
    state = environment.folder / ".sandbox" / "stacks" / "dev.json"
    assert known in state.read_text()
    assert state in kept
    # The cache's token is among the state's secrets, as whatever the program makes itself.
    held = [one for one in kept if password.encode() in one.read_bytes()]
    databases = json.loads(environment.sandbox("status", "--json").stdout)["databases"]
    logs = [environment.sandbox("logs", one).stdout for one in ("web", "supervisor", databases[0]["name"])]
    assert "POST /delete" in logs[0]
    assert (held, [word in text for word in secrets for text in logs]) == ([], [False] * 6)


def test_what_is_up_stays_as_it_is(demo, url):
    unchanged = r"^aws-cache \(dev\): \d+ unchanged in "

    assert re.search(unchanged, demo.environment.up(), re.MULTILINE)
    assert re.search(unchanged, demo.environment.sandbox("refresh").stdout, re.MULTILINE)


def test_after_a_reboot_the_page_is_there_by_itself_and_loads_nothing_anew(demo, url):
    press(url, "database")
    instance = demo.environment.outputs()["client_instance_ids"]["web"]

    demo.environment.boto("ec2").reboot_instances(InstanceIds=[instance])

    until(lambda: (health(url) or {}).get("statements") == 0)
    assert "480 rows" in press(url, "database")[1]
    log = demo.environment.sandbox("logs", "web").stdout
    assert log.count("219,000 of 219,000 readings") == log.count("loaded 219,000 readings") == 1


def test_a_replaced_instance_takes_the_page_over_by_itself(demo, url):
    instance = demo.environment.outputs()["client_instance_ids"]["web"]
    demo.environment.configure("web", ttl_seconds=50)

    replaced = steps(demo.environment.up(), "replaced")
    page = str(demo.url())
    until(lambda: health(page))

    assert replaced == [INSTANCE]
    assert demo.environment.outputs()["client_instance_ids"]["web"] != instance
    assert press(page, "cache")[1].endswith("480 rows, 50 seconds left in the cache.")
    assert "the data set is there already" in demo.environment.sandbox("logs", "web").stdout


def test_larger_nodes_with_other_parameters_cost_no_answer(demo, url):
    demo.environment.configure(
        "cache", node_type="cache.t4g.small", parameters={"maxmemory-policy": "allkeys-lfu"}
    )
    with visitors(url) as seen:
        demo.environment.up()
    assert set(seen) == {200}
    until(lambda: is_hit(url))


def test_memcached_in_the_place_of_redis_and_back_costs_no_answer(demo, url):
    redis = {"engine": "redis", "replicas": 0, "node_count": None}
    with visitors(url) as seen:
        for change in ({"engine": "memcached", "replicas": None, "node_count": 1, "parameters": None}, redis):
            demo.environment.configure("cache", **change)
            demo.environment.up()
            until(lambda: is_hit(url))
            assert demo.environment.outputs()["engine"] == change["engine"]
            assert press(url, "delete") == (200, "Deleted. The next question to the cache goes to MySQL.")
    assert set(seen) == {200}
