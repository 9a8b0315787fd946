"""A project folder of its own with its sandbox, driven as a person drives it: by the command line."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = (
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "Pulumi.prod.yaml",
    "__main__.py",
    "settings.py",
    "settings_report.py",
)
CHANGING = ("up", "destroy", "refresh", "stop")


class Environment:
    """The program in a folder of its own; what took a download is shared with the repository's folder.

    As a context it is stopped at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self._kept: dict[str, Any] = {}
        for name in PROGRAM:
            shutil.copy(REPOSITORY / name, folder / name)
        for name in ("components", "client", "webapp"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
        for name in (".sandbox/tools", "build/client-bundle"):
            (REPOSITORY / name).mkdir(parents=True, exist_ok=True)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(REPOSITORY / name)

    def sandbox(self, *words: str, code: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of the sandbox and check its exit code (None: any)."""
        if words[0] in CHANGING:
            self._kept.clear()
        return self.python("-m", "sandbox", *words, code=code, **options)

    def up(self, **options: Any) -> str:
        """Bring dev up and return what was printed."""
        return self.sandbox("up", "--engine", "embedded", **options).stdout

    def python(self, *words: str, code: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder; what it prints is kept in `said`."""
        result = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**self.variables, **options.pop("env", {})},
            capture_output=True,
            text=True,
            timeout=options.pop("timeout", 110),
            check=False,
            **options,
        )
        said = f"{' '.join(words)}: exit {result.returncode}\n{result.stdout}\n{result.stderr}"
        self.said.append(said)
        assert code is None or result.returncode == code, said
        return result

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a person who has set nothing up; the program itself is in the folder."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "PULUMI_", "CACHE_"))
        }
        return {**kept, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of the sandbox, and do not wait for it."""
        self._kept.clear()
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", *words],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; asked for once as long as nothing is deployed."""
        if "outputs" not in self._kept:
            self._kept["outputs"] = json.loads(self.sandbox("outputs", "--json").stdout)
        return self._kept["outputs"]

    @property
    def aws(self) -> dict[str, str]:
        """What `sandbox env` exports."""
        if "aws" not in self._kept:
            words = shlex.split(self.sandbox("env").stdout, comments=True)
            self._kept["aws"] = dict(word.split("=", 1) for word in words if "=" in word)
        return self._kept["aws"]

    def boto(self, service: str) -> Any:
        """A boto3 client of the sandbox's API."""
        name = f"boto3 {service}"
        if name not in self._kept:
            self._kept[name] = boto3.client(
                service,
                region_name="eu-west-1",
                endpoint_url=self.aws["AWS_ENDPOINT_URL"],
                aws_access_key_id=self.aws["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.aws["AWS_SECRET_ACCESS_KEY"],
            )
        return self._kept[name]

    def client(self, *words: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the client on "the laptop", with the outputs on its standard input."""
        outputs = json.dumps(self.outputs())
        return self.python("-m", "client", *words, "--outputs", "-", code=code, input=outputs, env=self.aws)

    def configure(self, section: str, **changes: Any) -> None:
        """Change keys of a section of Pulumi.dev.yaml; None removes one."""
        path = self.folder / "Pulumi.dev.yaml"
        document = yaml.safe_load(path.read_text())
        values: dict[str, Any] = document["config"].setdefault(f"aws-cache:{section}", {})
        values.update(changes)
        for name in [name for name, value in values.items() if value is None]:
            del values[name]
        path.write_text(yaml.safe_dump(document))

    def token(self) -> str:
        """The cache's token, which only the connection parameter holds."""
        name = self.outputs()["connection_parameter"]
        value = self.boto("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return json.loads(value)["auth_token"]

    def resources(self) -> dict[str, Mapping[str, Any]]:
        """The stack's state by URN, without the default providers, which no run counts."""
        state = json.loads((self.folder / ".sandbox" / "stacks" / "dev.json").read_text())
        found = state["deployment"].get("resources", [])
        return {item["urn"]: item for item in found if not item["type"].startswith("pulumi:providers:")}

    def stop(self) -> None:
        self.sandbox("stop", code=None)

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
