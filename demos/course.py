"""From nothing to a verified cache: the environment up in the sandbox, checked from inside, failed over, reported."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from client.exits import INTERRUPTED
from demos import has_claims
from demos.stack_file import prepare
from sandbox.interrupts import left_to_the_child

FOLDER = Path(__file__).resolve().parents[1]
REPORT = FOLDER / "build" / "demo"
_COMMAND = (sys.executable, "-m", "sandbox")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--stack", default="dev", show_default=True, help="Pulumi.STACK.yaml, or examples/STACK.yaml.")
@click.option(
    "--engine", default="auto", show_default=True, help="Who deploys, as in `python -m sandbox up`."
)
def demo(stack: str, engine: str) -> int:
    """Bring STACK up in the sandbox, prove that it works, and write build/demo/report.{json,html,xml}.

    Exit codes: 0 everything holds, 1 something does not, 2 the configuration is wrong, 5 interrupted.
    """
    os.chdir(FOLDER)
    prepare(stack, FOLDER)
    try:
        return course(stack, engine)
    except KeyboardInterrupt:
        again = "make demo" if stack == "dev" else f"make demo STACK={stack}"
        click.echo(f"\ninterrupted; `{again}` goes on from here", err=True)
        return INTERRUPTED


def course(stack: str, engine: str) -> int:
    """Go through the demo's steps; return its exit code."""
    seconds: dict[str, float] = {}
    with phase("up", f"1/{steps(stack)}  the environment {stack}, in the sandbox", seconds):
        sandbox("up", "--stack", stack, "--engine", engine)
    outputs = json.loads(sandbox("outputs", "--stack", stack, "--json", capture=True))
    environment = sandbox_environment(stack)
    os.environ.update(environment)
    report = proved(stack, outputs, seconds, engine)
    write(report)
    tell_what_is_next(outputs, environment)
    return 0 if report.ok else 1


def proved(stack: str, outputs: Mapping[str, Any], seconds: dict[str, float], engine: str) -> Any:
    """Check from every client, fail over under load, show what the system is for; return the client's report."""
    from rich.console import Console

    from client import proof, remote
    from client.report import live_table, print_drill
    from client.results import Report
    from demos import shown
    from demos.stage import Stage

    console = Console()
    report = Report(
        stack,
        f"{outputs['engine']} {outputs.get('engine_version') or ''}".strip(),
        seconds=seconds,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    places = remote.places(outputs)
    with (
        phase("verify", f"2/{steps(stack)}  every check, from {remote.names_of(places)}", seconds),
        live_table(console) as table,
    ):
        libraries = proof.verify(places, table.add)
        report.checks = table.checks

    def tell(text: str) -> None:
        console.print(f"  {text}", highlight=False, soft_wrap=True)  # a line to paste stays one line

    kind = "failover" if outputs.get("reader_host") else "reboot"
    with phase(kind, f"3/{steps(stack)}  a {kind}, with writes going on from every client", seconds):
        report.drill = proof.drill(places, outputs, tell=tell, kind=kind)
        print_drill(console, report.drill)
    if has_claims(stack):
        with phase("shown", f"4/4  what {stack} has to show", seconds):
            for result in shown(Stage(stack, outputs, tell, report.drill, engine)):
                report.checks.append(result)
                tell_result(result)
    report.notes = [*honest_notes(), *libraries]
    return report


def steps(stack: str) -> int:
    """How many steps the demo of this stack has."""
    return 4 if has_claims(stack) else 3


def tell_result(result: Any) -> None:
    """Print one claim with its evidence."""
    mark = click.style("holds" if result.ok else "FAILS", fg="green" if result.ok else "red", bold=True)
    click.echo(f"  {mark}  {result.claim}\n         {result.evidence}")


def honest_notes() -> list[str]:
    """What the sandbox put in AWS's place, by its own account."""
    status = json.loads(sandbox("status", "--json", capture=True))
    return ["Proved in the sandbox on this machine; no AWS account was used.", *status.get("stand_ins", [])]


def write(report: Any) -> None:
    """Write the report in its three forms."""
    from client.report import write_html, write_json, write_junit

    for form, suffix in ((write_json, "json"), (write_junit, "xml"), (write_html, "html")):
        form(report, REPORT / f"report.{suffix}")


def tell_what_is_next(outputs: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Say the verdict, where the report is, and what a person may do now."""
    report = json.loads((REPORT / "report.json").read_text())
    name = next(iter(outputs.get("client_instance_ids", {})), "INSTANCE")
    stack = report["stack"]
    python = shlex.quote(os.path.relpath(sys.executable, FOLDER))
    which = "" if stack == "dev" else f" --stack {stack}"
    published = json.loads(sandbox("status", "--json", capture=True))["published"]
    pages = "".join(f"\n  open             http://{one['here']}/" for one in published)
    click.secho(f"\n{verdict(report)}", fg="green" if report["ok"] else "red", bold=True)
    click.echo(f"""
  the report       build/demo/report.html (.json, .xml){pages}
  look around      {python} -m sandbox shell {name}{which}      then: cache-cli, cache-client verify
  what runs        {python} -m sandbox status
  change it        edit Pulumi.{stack}.yaml, then: {python} -m sandbox up{which}
  as AWS           eval "$({python} -m sandbox env{which})"     then: aws, boto3, pulumi
  stop it          {python} -m sandbox stop""")


def verdict(report: Mapping[str, Any]) -> str:
    """Return the sentence of the report."""
    failed = [check for check in report["checks"] if not check["ok"]]
    drill = report["drill"]
    text = (
        f"{len(report['checks']) - len(failed)} of {len(report['checks'])} checks passed; "
        f"{drill['acknowledged']} writes acknowledged through the {drill['kind']}, {lost_in_words(drill)}, "
        f"{drill['doubled']} doubled; longest gap {drill['write_gap_seconds']:.2f} s"
    )
    return ("PASSED: " if report["ok"] else "FAILED: ") + text


def lost_in_words(drill: Mapping[str, Any]) -> str:
    """Say how many writes were lost, and why that is no failure where a restart empties a node."""
    with_memory = drill["kind"] == "reboot" and drill["lost"]
    return f"{drill['lost']} lost" + (" with the memory of the restarted node" if with_memory else "")


def sandbox(*words: str, capture: bool = False) -> str:
    """Run a command of the sandbox; end as it ends when it fails, as it has said why."""
    command = [*_COMMAND, *words]
    with left_to_the_child() as interrupts:  # else it would be killed in the middle of a step
        result = subprocess.run(command, stdout=subprocess.PIPE if capture else None, text=True, check=False)
    if interrupts:
        raise KeyboardInterrupt
    if result.returncode:
        sys.exit(result.returncode)
    return result.stdout or ""


def sandbox_environment(stack: str) -> dict[str, str]:
    """Return the variables of `sandbox env`, which prints them as shell lines."""
    lines = shlex.split(sandbox("env", "--stack", stack, capture=True), comments=True)
    return dict(word.split("=", 1) for word in lines if "=" in word)


@contextmanager
def phase(name: str, title: str, seconds: dict[str, float]) -> Iterator[None]:
    """Say what begins, and note how long it took."""
    click.secho(f"\n{title}", bold=True)
    started = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - started, 3)


def main() -> int:
    """Run the demo; every error is one line."""
    from client.errors import CacheError
    from components.problems import ConfigurationError

    try:
        return demo.main(standalone_mode=False) or 0
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        return 2
    except (CacheError, ConfigurationError) as error:
        click.echo(f"error: {error}", err=True)
        return getattr(error, "exit_code", 2)
    except OSError as error:  # a full disk, a folder that cannot be written
        click.echo(f"error: {error}", err=True)
        return 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nerror: interrupted", err=True)
        return INTERRUPTED
