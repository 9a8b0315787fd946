"""The environment that a demo is about: its outputs, its instances, its API."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from client import CheckFailed, Endpoint
from client.aws import aws_client
from client.checks import Checks
from client.results import Drill

_ENDED = {"Success", "Failed", "TimedOut", "Cancelled"}
_POLL_SECONDS = 0.2


@dataclass
class Stage:
    """A stack that is up, and what was done to it so far."""

    stack: str
    outputs: Mapping[str, Any]
    tell: Callable[[str], None]
    drill: Drill | None = None
    engine: str = "auto"

    @property
    def endpoint(self) -> Endpoint:
        """Where the cache is, without its token, which no output holds."""
        return Endpoint.from_stack_outputs(self.outputs)

    def aws(self, service: str) -> Any:
        """A boto3 client of this stack's account and region."""
        return aws_client(service, self.outputs["region"], read_timeout=120)

    def on(self, instance: str, script: str, code: int | None = 0, seconds: int = 60) -> str:
        """Run a shell script on an instance by Run Command; what it printed, in both ways, without the last newline.

        Raises CheckFailed when it ends with another exit code (None: any).
        """
        ssm, instance_id = self.aws("ssm"), self.outputs["client_instance_ids"][instance]
        sent = ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [script], "executionTimeout": [str(seconds)]},
        )
        which = {"CommandId": sent["Command"]["CommandId"], "InstanceId": instance_id}
        ends = time.monotonic() + seconds + 30
        while time.monotonic() < ends:
            with suppress(ssm.exceptions.InvocationDoesNotExist):  # for a moment
                found = ssm.get_command_invocation(**which)
                if found["Status"] in _ENDED:
                    said = f"{found['StandardOutputContent']}{found['StandardErrorContent']}".strip()
                    expect(code in (None, found["ResponseCode"]), f"{instance}: {script!r}: {said}")
                    return said
            time.sleep(_POLL_SECONDS)
        raise CheckFailed(f"{instance}: {script!r} did not end within {seconds} s")

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the stack's function and return its answer."""
        name = self.outputs["client_function_name"]
        answer = self.aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def up(self) -> None:
        """Deploy the stack file as it is now."""
        self.sandbox("up", "--stack", self.stack, "--engine", self.engine)

    def sandbox(self, *words: str) -> str:
        """Run a command of the sandbox and return what it printed. Raises CheckFailed with its last words."""
        command = [sys.executable, "-m", "sandbox", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()][-1:]
        expect(done.returncode == 0, f"sandbox {' '.join(words)}: {' '.join(last)}")
        return done.stdout


def new_claims() -> Checks[Any]:
    """The claims of one system: to be entered by `@CLAIMS("The claim.")`, each a function from Stage to evidence."""
    return Checks(BotoCoreError, ClientError)


def expect(holds: bool, words: str) -> None:
    """Raise CheckFailed with these words unless it holds."""
    if not holds:
        raise CheckFailed(words)
