"""The two ways to run a program against the sandbox: the embedded deployer, and the pulumi command."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from ..environment import aws_variables, pulumi_variables, take_over
from ..errors import SandboxError, UsageProblem
from ..interrupts import left_to_the_child
from ..stack_marks import StackMarks
from ..state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from ..cloud import Cloud
    from ..deploy import Deployment
    from ..deploy.events import Result
    from ..deploy.project import Project
    from ..display import Display
    from ..provider.aws_provider import Missing

# A refresh refuses nothing. All else is planned first, as what is refused then leaves nothing half done.
PULUMI_FLAGS = {
    "preview": ["--diff"],
    "up": ["--yes"],
    "refresh": ["--yes", "--skip-preview"],
    "destroy": ["--yes"],
}


def choose(wanted: str, marked: str | None) -> str:
    """`embedded` or `pulumi`: what was asked for; else who deployed the stack; else pulumi where it is on PATH."""
    if wanted == "pulumi" and shutil.which("pulumi") is None:
        raise UsageProblem(
            "--engine pulumi: there is no pulumi command on PATH\n  leave the option out, or use --engine embedded"
        )
    if wanted != "auto":
        return wanted
    return marked or ("pulumi" if shutil.which("pulumi") else "embedded")


def run(
    engine: str,
    operation: str,
    project: Project,
    cloud: Cloud,
    display: Display,
    missing: Callable[[], Mapping[str, str]] = dict,
) -> Result:
    """Runs preview, up, refresh or destroy.

    `missing` tells the engines without a server program here, as `servers.missing` does; the pulumi command learns it
    from its provider.
    """
    take_over(aws_variables(cloud))
    if engine == "pulumi":
        return _run_pulumi(operation, project, cloud, PULUMI_FLAGS[operation])
    lacking = missing()
    deployment = _embedded(project, cloud, display, lacking.get)
    if operation == "up":
        return deployment.up(plan_first=bool(lacking))
    return getattr(deployment, operation)()


def import_file(
    engine: str, file: Path, protect: bool, project: Project, cloud: Cloud, display: Display
) -> Result:
    """Takes what exists into the stack's state, by a file in the form of `pulumi import --file`."""
    take_over(aws_variables(cloud))
    if engine == "pulumi":
        flags = ["--yes", "--generate-code=false", f"--protect={str(protect).lower()}", "--file", str(file)]
        return _run_pulumi("import", project, cloud, flags)
    return _embedded(project, cloud, display).import_file(file, protect)


def _embedded(
    project: Project, cloud: Cloud, display: Display, missing: Missing = lambda engine: None
) -> Deployment:
    from ..deploy import Deployment
    from ..deploy.errors import Unsupported
    from ..provider import AwsProvider

    def make_provider(package: str) -> Any:
        if package != "aws":
            raise Unsupported(f"the provider {package} (the sandbox has aws only)")
        return AwsProvider(cloud.endpoint_url, cloud.region, project.folder, missing=missing)

    return Deployment(project, make_provider, display)


def _run_pulumi(operation: str, project: Project, cloud: Cloud, flags: list[str]) -> Result:
    from ..deploy.events import Result

    select_stack(project, cloud)
    with left_to_the_child() as interrupts:
        command = ["pulumi", operation, "--non-interactive", "--stack", project.stack, *flags]
        code = subprocess.run(command, cwd=project.folder, check=False).returncode
    if interrupts:
        return Result("interrupted")
    if code != 0:
        return Result("failed", errors=[f"pulumi {operation} ended with code {code}"])
    return Result("done", outputs=pulumi_outputs(project) if operation != "preview" else {})


def select_stack(project: Project, cloud: Cloud) -> None:
    """Makes the stack the pulumi command's current one, in this cloud's own backend."""
    take_over({**aws_variables(cloud), **pulumi_variables(cloud, StateFolder(project.folder))})
    command = ["pulumi", "stack", "select", "--create", project.stack, "--non-interactive"]
    answer = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise SandboxError(f"pulumi cannot select stack {project.stack}\n  {answer.stderr.strip()}")


def pulumi_outputs(project: Project) -> dict[str, Any]:
    """The stack's outputs as the pulumi command tells them."""
    return json.loads(_told(project, "outputs", "output", "--json"))


def _told(project: Project, what: str, *words: str) -> str:
    """What the pulumi command prints of the stack."""
    command = ["pulumi", "stack", *words, "--stack", project.stack]
    answer = subprocess.run(command, cwd=project.folder, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        raise SandboxError(f"pulumi cannot read the stack's {what}")
    return answer.stdout


def engine_of(project: Project, cloud: Cloud | None) -> str:
    """Who has deployed the stack; without a mark of this cloud, whoever would."""
    mark = StackMarks(StateFolder(project.folder), project.stack).read()
    if mark is not None and (cloud is None or mark.incarnation == cloud.incarnation):
        return mark.engine
    return choose("auto", None) if cloud is not None else "embedded"


def stack_outputs(project: Project, cloud: Cloud | None) -> dict[str, Any]:
    """The stack's outputs as its last deployment left them, secrets masked; empty when nothing is deployed."""
    if cloud is not None and engine_of(project, cloud) == "pulumi":
        select_stack(project, cloud)
        return pulumi_outputs(project)
    from ..deploy import bags

    for resource in project.state_file.load().get("resources", []):
        if resource["type"] == "pulumi:pulumi:Stack":
            return bags.masked(bags.from_file(resource.get("outputs", {})))
    return {}


def physical_ids(project: Project, cloud: Cloud, types: Collection[str]) -> dict[str, str]:
    """The ids of the stack's resources of some types, by the names that the program gives them."""
    if engine_of(project, cloud) == "pulumi":
        select_stack(project, cloud)
        deployment = json.loads(_told(project, "resources", "export"))["deployment"]
    else:
        deployment = project.state_file.load()
    found = [one for one in deployment.get("resources") or [] if one["type"] in types]
    return {one["urn"].rpartition("::")[2]: one["id"] for one in found if one.get("id")}
