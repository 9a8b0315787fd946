"""Every command that a document names is one that there is, and every link leads somewhere."""

from __future__ import annotations

import re
import urllib.parse

import pytest

from tests.commands import ROOT, check, commands_of, instances, stacks

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
)
OUTPUTS = {"web_url", "function"}  # of the program, which the reference of components does not have
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")


def text_of(document):
    return (ROOT / document).read_text("utf-8")


def anchors_of(text):
    """The anchors of a document's headings, as they are made of them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if commands_of(text_of(name))])
def test_every_command_of_a_document_is_one_that_there_is(document):
    for line in commands_of(text_of(document)):
        check(line)


@pytest.mark.parametrize(
    "line",
    [
        "python -m sandbox start",
        "python -m sandbox up --stak dev",
        "python -m sandbox up --stack production",
        "python -m sandbox run web -- cache-client verify",
        "python -m sandbox run app -- cache-client verfy",
        "python -m sandbox run app -- redis-cli ping",
        "python -m sandbox run read --stack memcached-pair -- python3 /var/read.py",
        "python -m client verify --outputs - --from nowhere",
        "python -m sandbox outputs --json | python -m client verify --output -",
        'eval "$(python -m sandbox environment)"',
        "aws elasticache describe-replication-group",
        "aws elasticache create-snapshot --snapshot before",
        "aws elastic-cache describe-events",
        "pulumi deploy",
        "make deploy",
        "make demo STACK=nothing",
        "docker run it",
    ],
)
def test_a_command_that_there_is_not_is_told(line):
    with pytest.raises(ValueError, match=r".+"):
        check(line)


def test_prompts_comments_and_sentences_are_read():
    prompted, plain = "```console\n$ make demo # all\nits output\n```\n", "```console\nmake test\n\n```\n"
    text = f"{prompted}\n{plain}Say `pulumi up`, not `it`.\n"

    assert commands_of(text) == ["make demo # all", "make test", "pulumi up"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    text = text_of(document)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if urllib.parse.urlsplit(target).scheme:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file.read_text("utf-8")), target


def test_every_document_can_be_found_from_the_readme():
    seen, waiting = set(), ["README.md"]
    while waiting:
        document = waiting.pop()
        seen.add(document)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", text_of(document)):
            name = ((ROOT / document).parent / target).resolve().relative_to(ROOT).as_posix()
            waiting += [name] if name not in seen else []

    assert set(DOCUMENTS) - seen == set()


@pytest.mark.parametrize(
    "document", ["docs/guide.md", *(f"docs/systems/{name}.md" for name in sorted(set(stacks()) - {"prod"}))]
)
def test_every_argument_that_a_guide_names_is_in_the_reference(document):
    known = set(re.findall(r"`(\w+)`", text_of("docs/reference.md"))) | OUTPUTS
    sections = r"(?:(?:cache|clients|network|web|endpoint)\.(?:function\.)?)?"
    spelt = set(re.findall(rf"`{sections}([a-z]+(?:_[a-z]+)+)(?:: [^`]*)?`", text_of(document)))
    spelt |= set(re.findall(r"`(?:cache|clients|network|web|endpoint)\.(\w+)[`:]", text_of(document)))

    assert spelt, "it names none"
    assert spelt - known == set()


def test_every_rule_that_the_guide_names_is_in_the_rule_book():
    known = set(re.findall(r"\bR\d+\b", text_of("docs/rules.md")))

    assert set(re.findall(r"\bR\d+\b", GUIDE)) - known == set()


def test_every_system_is_named_where_systems_are():
    listed = set(re.findall(r"\]\((.+?)\.md\)", text_of("docs/systems/README.md")))

    assert listed == set(stacks()) - {"prod"}


def test_what_an_environment_has_for_instances_is_known():
    assert [instances(name) for name in ("dev", "memcached-pair", "web-demo")] == [
        ["app"],
        ["write", "read"],
        ["web"],
    ]
