"""The handle that commands hold of the sandbox of a folder: start, ask, stop."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any

from .api.world import ACCOUNT_ID
from .errors import ControlFailed, NoSandbox, OtherSources, StartFailed
from .launching import Progress, await_record, end_supervisor, start_supervisor
from .sources import fingerprint
from .state import CloudRecord, StateFolder

DEFAULT_REGION = "eu-west-1"
# A route that the supervisor does not have, or that fails on what it was sent.
_NOT_UNDERSTOOD = (http.client.NOT_FOUND, http.client.INTERNAL_SERVER_ERROR)


def _silent(_: str) -> None:
    """Progress that nobody reads."""


class Cloud:
    """One running sandbox. Make it with `start` or `attach`; it holds no connection and no lock."""

    def __init__(self, folder: StateFolder, record: CloudRecord) -> None:
        self._folder = folder
        self.record = record
        self.tools_folder = folder.tools
        self.endpoint_url = f"http://127.0.0.1:{record.port}"
        self.region = record.region
        self.account_id = ACCOUNT_ID
        self.incarnation = record.incarnation

    @classmethod
    def start(
        cls,
        project: Path | str,
        progress: Progress = _silent,
        region: str = DEFAULT_REGION,
        port: int = 0,
    ) -> Cloud:
        """The sandbox of a project folder, started if it does not run; raises SandboxError with the reason.

        A sandbox that runs is taken as it is, whatever its region and port.
        """
        folder = StateFolder(Path(project))
        running = cls.attach(project)
        if running is not None:
            return running
        folder.create()
        folder.forget_cloud()
        start_supervisor(folder, progress, region, port)
        started = cls.attach(project)
        if started is None:
            raise StartFailed(f"the sandbox ended at once\n  see {folder.log_file}")
        return started

    @classmethod
    def attach(cls, project: Path | str) -> Cloud | None:
        """The sandbox that runs in a folder, or None; what a dead one has left is removed."""
        folder = StateFolder(Path(project))
        pid = folder.supervisor_pid()
        if pid is None:
            folder.forget_cloud()
            return None
        record = await_record(folder, pid)
        if record is None:
            raise StartFailed(
                f"{folder.cloud_file} is damaged, so the sandbox that runs (process {pid}) cannot be asked\n"
                "  end it: python -m sandbox stop"
            )
        return cls(folder, record)

    @classmethod
    def require(cls, project: Path | str) -> Cloud:
        """The sandbox that runs in a folder; raises NoSandbox when none does."""
        running = cls.attach(project)
        if running is None:
            raise NoSandbox
        return running

    @property
    def is_of_other_sources(self) -> bool:
        """Whether the program has been changed since this sandbox was started from it."""
        return self.record.sources != fingerprint()

    def ask(self, name: str, /, patience_seconds: float = 60.0, **arguments: Any) -> Any:
        """Calls a control route; raises ControlFailed with the supervisor's message.

        OtherSources when that is no wonder, as the supervisor was started before the program was changed.
        """
        # Not urllib: a proxy of the person's environment has no business here.
        connection = http.client.HTTPConnection("127.0.0.1", self.record.port, timeout=patience_seconds)
        headers = {"X-Sandbox-Key": self.record.key, "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/_sandbox/{name}", json.dumps(arguments), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            message = f"the sandbox does not answer: {error}\n  see {self._folder.log_file}"
            raise ControlFailed(message) from error
        finally:
            connection.close()
        if response.status in _NOT_UNDERSTOOD and self.is_of_other_sources:
            raise OtherSources(answer["error"])
        if response.status != http.client.OK:
            raise ControlFailed(answer["error"])
        return answer

    def status(self) -> dict[str, Any]:
        """What runs: caches, instances, functions, endpoints, memory, seconds since the start."""
        return self.ask("status")

    def wait_for_instances(
        self,
        instance_ids: list[str] | None = None,
        progress: Progress = _silent,
        timeout_seconds: float = 600.0,
    ) -> list[dict[str, Any]]:
        """Waits for the user data of these instances, of all when none is named.

        Returns [{"instance_id", "name", "state": "ready" or "failed", "log_tail": [...]}]. An instance that is not
        ready in time counts as failed.
        """
        wanted: dict[str, Any] = {"instance_ids": instance_ids} if instance_ids is not None else {}
        deadline = time.monotonic() + timeout_seconds
        told: set[str] = set()
        while True:
            states = self.ask("instance_states", **wanted)
            for state in states:
                if state["state"] in ("ready", "failed") and state["instance_id"] not in told:
                    told.add(state["instance_id"])
                    progress(f"{state['name']}: {state['state']}")
            if len(told) == len(states):
                return states
            if time.monotonic() > deadline:
                return [one if one["instance_id"] in told else {**one, "state": "failed"} for one in states]
            time.sleep(0.2)

    def run(
        self, instance_id: str, script: str, user: str = "root", timeout_seconds: float = 60.0
    ) -> dict[str, Any]:
        """Runs a script on an instance: {"code" (None: timed out), "stdout", "stderr"}."""
        arguments = {"instance_id": instance_id, "script": script, "user": user}
        return self.ask("run", timeout_seconds + 10, timeout_seconds=timeout_seconds, **arguments)

    def init_pid(self, instance_id: str) -> int:
        """The process id, as this machine counts, of an instance's PID 1."""
        return self.ask("init_pid", instance_id=instance_id)

    def provider_port(self) -> int:
        """The port at which the `aws` provider is served for a real engine."""
        return self.ask("provider")["port"]

    def shell_command(self, instance_id: str, terminal: str) -> list[str]:
        """The command line that opens a shell on an instance."""
        return self.ask("shell", instance_id=instance_id, term=terminal)["command"]

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud; calls may take as long as a function may run."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.record.access_key_id,
            aws_secret_access_key=self.record.secret_access_key,
            config=Config(read_timeout=905, proxies={}, retries={"total_max_attempts": 1}),
        )

    def logs(self, name: str) -> list[str]:
        """The log lines of an instance (its user data), a function, or the supervisor."""
        return self.ask("logs", name=name)["lines"]

    def fault(self, node: str, action: str, amount: float | None = None) -> str:
        """Does harm to a cache node, or heals it, as `python -m sandbox fault --help` says; returns what was done."""
        return self.ask("fault", node_id=node, action=action, amount=amount)["done"]

    def stop(self) -> None:
        """Ends the sandbox; returns when the supervisor and all it owned are gone."""
        end_supervisor(self._folder)
