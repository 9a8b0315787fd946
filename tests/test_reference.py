"""The reference is what the source says: every component, argument and output."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.components.test_schema import COMPONENTS, schema
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "reference"
REFERENCE = ROOT / "docs" / "reference.md"

# The SDK leaves a file of pulumi_aws for the garbage collector to close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def script():
    return load_script("reference")


def part(component):
    return REFERENCE.read_text("utf-8").split(f"\n## {component}\n")[1].split("\n## ")[0]


def snake(name):
    return re.sub("([A-Z])", lambda match: f"_{match[1].lower()}", name)


def test_the_reference_is_not_stale():
    checked = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_stale_reference_is_told_and_left_alone(script, tmp_path, monkeypatch):
    stale = tmp_path / "reference.md"
    stale.write_text("of yesterday")
    monkeypatch.setattr(script, "TARGET", stale)
    monkeypatch.setattr(sys, "argv", ["reference", "--check"])

    with pytest.raises(SystemExit, match="is not what the source says; `make docs` renews it"):
        script.main()
    assert stale.read_text() == "of yesterday"


def test_it_is_written_as_it_is_checked(script, tmp_path, monkeypatch):
    target = tmp_path / "reference.md"
    monkeypatch.setattr(script, "TARGET", target)
    monkeypatch.setattr(sys, "argv", ["reference"])

    script.main()
    assert target.read_text("utf-8") == REFERENCE.read_text("utf-8")


@pytest.mark.parametrize("component", [item.__name__ for item in COMPONENTS])
def test_every_argument_and_output_that_pulumi_sees_is_in_it(component):
    resource = schema()["resources"][f"aws-cache:index:{component}"]
    arguments, outputs = part(component).split("### Outputs")

    assert re.findall(r"^\| `(\w+)` \|", arguments, re.MULTILINE)
    for name in map(snake, resource["inputProperties"]):
        assert f"| `{name}` |" in arguments
    for name in map(snake, resource["properties"]):
        assert f"| `{name}` |" in outputs


def test_every_argument_and_output_has_a_meaning():
    assert re.findall(r"^.*\|\s*\|$", REFERENCE.read_text("utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("component", [item.__name__ for item in COMPONENTS])
def test_what_is_required_is_marked(component):
    resource = schema()["resources"][f"aws-cache:index:{component}"]

    own = part(component).split("\n### ")[1]  # the dictionaries within its arguments come after them
    marked = re.findall(r"^\| `(\w+)` \| `[^`]+` \| \*\*required\*\* \|", own, re.MULTILINE)
    assert sorted(marked) == sorted(map(snake, resource.get("requiredInputs", [])))


def test_an_argument_is_shown_with_type_default_range_and_meaning(script, tmp_path):
    (tmp_path / "thing.py").write_text(
        '''
class Rule(TypedDict):
    """One rule."""

    port: int
    """1-65535."""


class ThingArgs(TypedDict):
    """Arguments of Thing."""

    size: NotRequired[int]
    """How large,
    1-9. Default: 3."""
    rules: Mapping[str, Rule]
    """Name -> rule, a | b."""


class Thing(pulumi.ComponentResource):
    """A thing.

    With more to say.
    """

    host: pulumi.Output[str] | None
    """Where it is."""
    _hidden = 1

    def __init__(self, name: str, args: ThingArgs, opts=None) -> None:
        pass
'''
    )

    assert (
        script.render(tmp_path).removeprefix(script.HEAD)
        == """
- [Thing](#thing)

## Thing

A thing.

With more to say.

### Arguments

| argument | type | default | meaning |
| --- | --- | --- | --- |
| `size` | `int` | 3 | How large, 1-9. |
| `rules` | `Mapping[str, Rule]` | **required** | Name -> rule, a \\| b. |

### `Rule`: One rule

| argument | type | default | meaning |
| --- | --- | --- | --- |
| `port` | `int` | **required** | 1-65535. |

### Outputs

| output | type | meaning |
| --- | --- | --- |
| `host` | `str` | Where it is. |
"""
    )
