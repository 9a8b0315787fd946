"""Run Command: `AWS-RunShellScript` really runs on the instance, as Amazon's agent runs it.

An instance is managed when it is up, has a role that lets the agent work, and can open `ssm` and `ssmmessages` by name
at 443, which is tried on its own network. Needs of the context: what `instances` needs, and that it was installed
before.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..hosts.errors import HostsError
from .access.services import Services
from .shell_command import Invocation, ShellCommand, read_command, refusal

if TYPE_CHECKING:
    from .context import Context
    from .instances import Boot, Instances

AGENT_SERVICES = ("ssm", "ssmmessages")
AGENT_VERSION = "3.3.987.0"
# An answer is good for as long as the agent would take to notice; a refusal is tried again at once.
FRESH_SECONDS = 3.0
SCRIPTS = (
    "/var/lib/amazon/ssm/{instance}/document/orchestration/{command}/awsrunShellScript/0.awsrunShellScript"
)
OUTPUT_BYTES = (24_000 * 4, 8_000 * 4)  # the API gives characters; UTF-8 takes up to four bytes for one


class Commands:
    """The commands of one context, and the instances that can take one."""

    current: ClassVar[Commands | None] = None

    def __init__(self, context: Context, instances: Instances) -> None:
        self._context = context
        self._instances = instances
        self._services = Services(context)
        self._commands: dict[str, ShellCommand] = {}
        self._reached: dict[str, float] = {}

    def managed(self, instance_ids: list[str] | None = None) -> list[Boot]:
        """The instances (of these) that are managed now."""
        boots = [
            boot
            for boot in self._instances.boots()
            if instance_ids is None or boot.instance_id in instance_ids
        ]
        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(self._is_managed, boots))
        return [boot for boot, managed in zip(boots, answers, strict=True) if managed]

    def send(self, asked: dict[str, Any], region: str) -> ShellCommand:
        """Start a command on its instances. Raises what the API answers with."""
        command = read_command(asked, self._by_tags, region)
        managed = {boot.instance_id: boot for boot in self.managed(command.instance_ids)}
        missing = [instance_id for instance_id in command.instance_ids if instance_id not in managed]
        if missing:
            names = ", ".join(missing)
            account = self._context.account_id
            raise refusal(
                "InvalidInstanceId", f"Instances [[{names}]] not in a valid state for account {account}"
            )
        self._commands[command.command_id] = command
        for invocation in command.invocations.values():
            boot = managed[invocation.instance_id]
            arguments = (command, invocation, boot)
            threading.Thread(target=self._run, args=arguments, name="run-command", daemon=True).start()
        return command

    def get(self, command_id: str) -> ShellCommand:
        """The command with this id."""
        command = self._commands.get(command_id)
        if command is None:
            raise refusal("InvalidCommandId", "Invalid command id.")
        return command

    def all(self, command_id: str | None, instance_id: str | None) -> list[ShellCommand]:
        """The commands, newest first; one, or those of one instance, where asked for."""
        found = [self.get(command_id)] if command_id else list(reversed(self._commands.values()))
        return [command for command in found if instance_id is None or instance_id in command.invocations]

    def _is_managed(self, boot: Boot) -> bool:
        if boot.role is None or not boot.up.is_set() or boot.state == "pending":
            return False
        if not self._services.agent_may_register(boot):
            return False
        if time.monotonic() - self._reached.get(boot.host_id, float("-inf")) < FRESH_SECONDS:
            return True
        names = [f"{service}.{boot.region}.amazonaws.com" for service in AGENT_SERVICES]
        try:
            reached = self._context.hosts.call("machine_reaches", host_id=boot.host_id, names=names)
        except HostsError:
            return False  # its machine is gone, or stopped
        if set(reached.values()) != {"ok"}:
            return False
        self._reached[boot.host_id] = time.monotonic()
        return True

    def _by_tags(self, wanted: dict[str, list[str]], region: str) -> list[str]:
        found = []
        with self._context.ec2_lock:
            for boot in self._instances.boots():
                tags = {tag["key"]: tag["value"] for tag in self._tags(boot, region)}
                if boot.region == region and all(tags.get(key) in values for key, values in wanted.items()):
                    found.append(boot.instance_id)
        return found

    def _tags(self, boot: Boot, region: str) -> list[dict[str, str]]:
        return (
            self._context.ec2(region).get_instance(boot.instance_id).get_tags()
            if boot.region == region
            else []
        )

    def _run(self, command: ShellCommand, invocation: Invocation, boot: Boot) -> None:
        invocation.begin()
        folder = SCRIPTS.format(instance=boot.instance_id, command=command.command_id)
        variables = {
            "AWS_SSM_INSTANCE_ID": boot.instance_id,
            "AWS_SSM_REGION_NAME": boot.region,
            "SSM_COMMAND_ID": command.command_id,
        }
        try:
            result = self._context.hosts.call(
                "run_on_machine",
                host_id=boot.host_id,
                script=command.script,
                timeout_seconds=command.execution_timeout,
                limits=OUTPUT_BYTES,
                as_service={"folder": folder, "cwd": command.working_directory, "variables": variables},
            )
        except HostsError as error:
            invocation.lose(str(error))
        else:
            invocation.end(result["code"], result["stdout"], result["stderr"])


def install(context: Context) -> None:
    """Plug Run Command in, after `instances`."""
    if context.hosts is None:
        Commands.current = None
        return
    Commands.current = context.parts["commands"] = Commands(context, context.parts["instances"])
    _patch()


def _information(boot: Boot) -> dict[str, Any]:
    return {
        "InstanceId": boot.instance_id,
        "PingStatus": "Online",
        "LastPingDateTime": time.time(),
        "AgentVersion": AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "ResourceType": "EC2Instance",
        "SourceId": boot.instance_id,
        "SourceType": "AWS::EC2::Instance",
    }


def _asked_for(response: Any) -> list[str] | None:
    """The instance ids that the filters of DescribeInstanceInformation name."""
    filters = {one["Key"]: one["Values"] for one in response._get_param("Filters") or []}
    filters |= {
        one["key"]: one["valueSet"] for one in response._get_param("InstanceInformationFilterList") or []
    }
    unknown = set(filters) - {"InstanceIds", "PingStatus"}
    if unknown:
        raise NotImplementedError(
            f"the sandbox does not filter instance information by {', '.join(sorted(unknown))}"
        )
    if "Online" not in filters.get("PingStatus", ["Online"]):
        return []
    return filters.get("InstanceIds")


@cache
def _patch() -> None:
    """Put the operations in the place of moto's; once in a process, for whichever context is current."""
    from moto.core.responses import ActionResult
    from moto.ssm.responses import SimpleSystemManagerResponse as Response

    def commands() -> Commands:
        if Commands.current is None:
            raise NotImplementedError("Run Command needs hosts, and this API has none")
        return Commands.current

    def send_command(self: Any) -> ActionResult:
        return ActionResult({"Command": commands().send(json.loads(self.body), self.region).describe()})

    def list_commands(self: Any) -> ActionResult:
        found = commands().all(self._get_param("CommandId"), self._get_param("InstanceId"))
        return ActionResult({"Commands": [command.describe() for command in found]})

    def get_command_invocation(self: Any) -> ActionResult:
        command = commands().get(self._get_param("CommandId"))
        invocation = command.invocations.get(self._get_param("InstanceId"))
        if invocation is None or self._get_param("PluginName") not in (None, invocation.plugin):
            raise refusal("InvocationDoesNotExist", "")
        return ActionResult(invocation.describe())

    def list_command_invocations(self: Any) -> ActionResult:
        instance_id, details = self._get_param("InstanceId"), self._get_param("Details")
        found = commands().all(self._get_param("CommandId"), instance_id)
        items = [
            invocation.summary(bool(details))
            for command in found
            for invocation in command.invocations.values()
        ]
        wanted = [item for item in items if instance_id in (None, item["InstanceId"])]
        return ActionResult({"CommandInvocations": wanted})

    def describe_instance_information(self: Any) -> ActionResult:
        boots = commands().managed(_asked_for(self))
        here = [_information(boot) for boot in boots if boot.region == self.region]
        return ActionResult({"InstanceInformationList": here})

    for operation in (
        send_command,
        list_commands,
        get_command_invocation,
        list_command_invocations,
        describe_instance_information,
    ):
        setattr(Response, operation.__name__, operation)
