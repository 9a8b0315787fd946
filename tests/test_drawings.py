"""The drawings show what the program declares, and can be read on any ground."""

from __future__ import annotations

import dataclasses
import sys
from xml.etree import ElementTree

import pytest

from scripts.drawing import picture
from scripts.drawing.page import billed
from scripts.drawing.reader import EGRESS, Reader
from scripts.drawing.system import Reach, described
from tests.scripts import load_script
from tests.test_program import ROOT, run

SYSTEMS = ROOT / "docs" / "systems"
ZONES = ["eu-west-1a", "eu-west-1b"]
SVG = "{http://www.w3.org/2000/svg}"


def read(**sections):
    return Reader("dev", run(**sections)).read()


@pytest.fixture(scope="module")
def dev():
    return read()


@pytest.fixture(scope="module")
def web():
    return read(
        network={
            "availability_zones": ZONES,
            "public_subnets": {"eu-west-1a": "planned"},
            "interface_endpoints": ["ssm", "ssmmessages", "secretsmanager"],
        },
        cache={"replicas": 0},
        clients={},
        web={"allowed_cidr_blocks": {"office": "203.0.113.0/24"}},
    )


def rows(system):
    return {row.title: row for row in system.rows}


def reaches(system):
    return {(one.target, one.port): set(one.sources) for one in system.reaches}


def texts(svg):
    return [item.text for item in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def script():
    return load_script("drawings")


def test_the_drawings_and_pages_are_not_stale(script):
    stale = [path.name for path, text in script.expected() if path.read_text("utf-8") != text]

    assert stale == [], "`make docs` renews them"


def test_a_stale_drawing_is_told_and_left_alone(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "expected", lambda: iter([(tmp_path / "dev.svg", "of today")]))
    (tmp_path / "dev.svg").write_text("of yesterday")

    monkeypatch.setattr(sys, "argv", ["drawings", "--check"])
    with pytest.raises(SystemExit, match=r"^dev\.svg: not what the program declares; `make docs` renews it$"):
        script.main()
    assert (tmp_path / "dev.svg").read_text() == "of yesterday"

    monkeypatch.setattr(sys, "argv", ["drawings"])
    script.main()
    assert (tmp_path / "dev.svg").read_text() == "of today"


def test_a_page_keeps_what_people_wrote_around_the_generated_part(script):
    page = f"# A\n\nmine\n\n{script.BEGIN}of yesterday\n{script.END}\nmine too\n"

    assert script.renewed(page, "of today\n") == page.replace("yesterday", "today")
    with pytest.raises(SystemExit, match="needs one line"):
        script.renewed("# A\n", "of today\n")


def test_every_system_has_a_drawing_and_a_page_and_no_other_has():
    names = {"dev", *(path.stem for path in (ROOT / "examples").glob("*.yaml"))}

    assert {path.stem for path in SYSTEMS.glob("*.svg")} == names
    assert {path.stem for path in SYSTEMS.glob("*.md")} - {"README"} == names


def test_dev_is_read_with_its_subnets_things_and_who_reaches_whom(dev):
    assert [(one.zone, one.cidr, one.public) for one in dev.subnets] == [
        ("eu-west-1a", "10.20.0.0/24", False),
        ("eu-west-1b", "10.20.1.0/24", False),
    ]
    assert {title: dict(row.places) for title, row in rows(dev).items()} == {
        "instance app": {"eu-west-1a": ("app",)},
        "function": {"eu-west-1a": ("function",), "eu-west-1b": ("function",)},
        "endpoints": {"eu-west-1a": ("endpoints",), "eu-west-1b": ("endpoints",)},
        "cache": {"eu-west-1a": ("primary",), "eu-west-1b": ("replica 1",)},
    }
    clients = {"instance app", "function"}
    assert reaches(dev) == {
        ("cache", "tcp 6379"): clients,
        ("endpoints", "tcp 443"): clients,
        ("S3", "tcp 443"): clients,
    }
    assert dev.outside == ()


def test_a_public_web_server_is_reached_from_its_ranges_and_reaches_its_database(web):
    server = "instance web"
    assert rows(web)[server].public
    assert web.outside == ("203.0.113.0/24",)
    assert reaches(web) == {
        (server, "tcp 8008"): {"203.0.113.0/24"},
        ("cache", "tcp 6379"): {server},
        ("database", "tcp 3306"): {server},
        ("endpoints", "tcp 443"): {server},
        ("S3", "tcp 443"): {server},
    }
    assert "secret with the database's password" in web.beside


def test_pinned_nodes_stand_in_their_zones_and_others_say_that_aws_chooses(dev):
    pinned = read(
        cache={"engine": "memcached", "node_count": 3, "preferred_availability_zones": ["eu-west-1b"] * 3}
    )

    assert "AWS chooses the zones" in rows(dev)["cache"].notes
    assert rows(pinned)["cache"].places == {"eu-west-1b": ("node 0001", "node 0002", "node 0003")}
    assert "AWS chooses the zones" not in rows(pinned)["cache"].notes


def test_a_nat_gateway_is_public_and_the_internet_is_reached_through_it():
    system = read(network={"availability_zones": ZONES, "nat_gateways": "SINGLE"})

    assert rows(system)["NAT gateway eu-west-1a"].public
    assert reaches(system)["the internet", "tcp 443"] == {"instance app", "function"}
    assert "the internet" in system.outside


@pytest.mark.parametrize("other", [{"referencedSecurityGroupId": "elsewhere"}, {"fromPort": 1, "toPort": 1}])
def test_what_only_one_side_admits_is_no_reach(other):
    deployment = run()
    (out,) = [item for item in deployment.of_type(EGRESS).values() if item.name == "cache-client-6379"]
    out.inputs.update(other)

    assert ("cache", "tcp 6379") not in reaches(Reader("dev", deployment).read())


@pytest.mark.parametrize("name", ["dev", "web"])
def test_a_drawing_names_all_of_it_to_eyes_and_to_ears(name, request):
    system = request.getfixturevalue(name)
    svg = picture.drawn(system)
    shown = texts(svg)

    wanted = {*rows(system), *system.zones, *system.outside, *system.beside, f"VPC {system.vpc}"}
    wanted |= {one.port for one in system.reaches} | {note for row in system.rows for note in row.notes}
    assert wanted <= set(shown)
    root = ElementTree.fromstring(svg)
    assert root.find(f"{SVG}desc").text == described(system)
    assert {"role": "img", "aria-labelledby": "title description"}.items() <= root.attrib.items()
    lanes = [item.find(f"{SVG}title").text for item in root.iter(f"{SVG}g")]
    assert lanes == [
        f"{' and '.join(one.sources)} may reach {one.target} at {one.port}" for one in system.reaches
    ]


def test_each_reach_has_a_dot_at_each_source_and_one_arrow(dev):
    for group in ElementTree.fromstring(picture.drawn(dev)).iter(f"{SVG}g"):
        sources = group.find(f"{SVG}title").text.split(" may reach ")[0].split(" and ")
        assert len(group.findall(f"{SVG}circle")) == len(sources)
        assert [item.get("class") for item in group.findall(f"{SVG}path")].count("tip") == 1


def test_a_drawing_is_the_same_each_time(dev):
    assert picture.drawn(dev) == picture.drawn(read())


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("palette", "lanes"), [(picture.LIGHT, picture.LANES_LIGHT), (picture.DARK, picture.LANES_DARK)]
)
def test_words_and_lines_stand_out_from_their_ground(palette, lanes):
    for word in (palette["text"], palette["quiet"]):
        assert all(contrast(word, palette[ground]) >= 4.5 for ground in ("ground", "box"))
    assert contrast(palette["text"], palette["chip"]) >= 4.5
    assert all(contrast(lane, palette["ground"]) >= 4.5 for lane in lanes)
    assert contrast(palette["line"], palette["ground"]) >= 3


def test_a_drawing_stays_within_its_frame(web):
    root = ElementTree.fromstring(picture.drawn(web))
    width, height = float(root.get("width")), float(root.get("height"))

    for item in root.iter(f"{SVG}rect"):
        assert float(item.get("x", 0)) + float(item.get("width")) <= width
        assert float(item.get("y", 0)) + float(item.get("height")) <= height
    for item in root.iter(f"{SVG}text"):
        # Wider than any letter of a 13 pixel font is on average: what fits so, fits.
        across = len(item.text) * (3.5 if "middle" in item.get("class") else 7)
        assert float(item.get("x")) + across <= width, item.text


def test_no_two_words_of_a_drawing_stand_on_each_other(web):
    at = [
        (item.get("x"), item.get("y"))
        for item in ElementTree.fromstring(picture.drawn(web)).iter(f"{SVG}text")
    ]

    assert len(at) == len(set(at))


def test_what_looks_like_markup_is_only_text(dev):
    reach = Reach("cache", "tcp <1>", ("function",))
    svg = picture.drawn(dataclasses.replace(dev, reaches=(reach,), beside=("a & b",)))

    assert {"tcp <1>", "a & b"} <= set(texts(svg))


def test_what_bills_is_what_a_preview_says_does():
    logs = [
        ("info", "billed by the hour: 2 nodes\n  fixed once created: port", "urn"),
        ("info", "billed by the hour: 1 instance", "urn"),
    ]

    assert billed(logs) == ["1 instance", "2 nodes"]
