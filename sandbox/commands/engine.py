"""The two ways to run a program against the sandbox: the embedded deployer, and the pulumi command."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from ..environment import aws_variables, pulumi_variables, take_over
from ..errors import SandboxError, UsageProblem
from ..state import StateFolder

if TYPE_CHECKING:
    from ..cloud import Cloud
    from ..deploy.events import Result
    from ..deploy.project import Project
    from ..display import Display


def choose(wanted: str, marked: str | None) -> str:
    """`embedded` or `pulumi`: what was asked for; else who deployed the stack; else pulumi where it is on PATH."""
    if wanted == "pulumi" and shutil.which("pulumi") is None:
        raise UsageProblem(
            "--engine pulumi: there is no pulumi command on PATH\n  leave the option out, or use --engine embedded"
        )
    if wanted != "auto":
        return wanted
    return marked or ("pulumi" if shutil.which("pulumi") else "embedded")


def run(engine: str, operation: str, project: Project, cloud: Cloud, display: Display) -> Result:
    """Runs preview, up, refresh or destroy."""
    take_over(aws_variables(cloud))
    if engine == "pulumi":
        return _run_pulumi(operation, project, cloud)
    return _run_embedded(operation, project, cloud, display)


def _run_embedded(operation: str, project: Project, cloud: Cloud, display: Display) -> Result:
    from ..deploy import Deployment
    from ..deploy.errors import Unsupported
    from ..provider import AwsProvider

    def make_provider(package: str) -> Any:
        if package != "aws":
            raise Unsupported(f"the provider {package} (the sandbox has aws only)")
        return AwsProvider(cloud.endpoint_url, cloud.region, project.folder)

    return getattr(Deployment(project, make_provider, display), operation)()


def _run_pulumi(operation: str, project: Project, cloud: Cloud) -> Result:
    from ..deploy.events import Result

    variables = pulumi_variables(cloud, StateFolder(project.folder))
    take_over(variables)
    _pulumi(project, "stack", "select", "--create", project.stack, quiet=True)
    flags = {"preview": ["--diff"], "up": ["--yes", "--skip-preview"], "refresh": ["--yes", "--skip-preview"]}
    code = _pulumi(project, operation, *flags.get(operation, ["--yes", "--skip-preview"]), check=False)
    if code != 0:
        return Result("failed", errors=[f"pulumi {operation} ended with code {code}"])
    return Result("done", outputs=pulumi_outputs(project) if operation != "preview" else {})


def pulumi_outputs(project: Project) -> dict[str, Any]:
    """The stack's outputs as the pulumi command tells them."""
    command = ["pulumi", "stack", "output", "--json", "--stack", project.stack]
    answer = subprocess.run(command, cwd=project.folder, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        raise SandboxError("pulumi cannot read the stack's outputs")
    return json.loads(answer.stdout)


def _pulumi(project: Project, *words: str, quiet: bool = False, check: bool = True) -> int:
    command = ["pulumi", *words, "--non-interactive"]
    if words[0] != "stack":
        command += ["--stack", project.stack]
    answer = subprocess.run(command, cwd=project.folder, capture_output=quiet, text=True, check=False)
    if check and answer.returncode != 0:
        raise SandboxError(f"pulumi {' '.join(words)} failed\n  {(answer.stderr or '').strip()}")
    return answer.returncode


def stack_outputs(project: Project, engine: str, cloud: Cloud | None) -> dict[str, Any]:
    """The stack's outputs as its last deployment left them, secrets masked; empty when nothing is deployed."""
    if engine == "pulumi" and cloud is not None:
        take_over({**aws_variables(cloud), **pulumi_variables(cloud, StateFolder(project.folder))})
        return pulumi_outputs(project)
    from ..deploy import bags

    for resource in project.state_file.load().get("resources", []):
        if resource["type"] == "pulumi:pulumi:Stack":
            return bags.masked(bags.from_file(resource.get("outputs", {})))
    return {}
