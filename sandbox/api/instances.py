"""EC2 instances that really boot: every running instance of the world gets a machine on its host.

Needs of the context: `hosts` (started with `folder / "tools"` among its readable paths), `folder`, `ec2`, `ec2_lock`,
`follow`, `route`, `parts`. Without hosts (no data plane) instances are records only, as moto has them.

`context.parts["instances"]` is the `Instances`. Control routes: `instance_states` {"instance_ids" (all when left
out)} -> [{"instance_id", "name", "state": running|ready|failed, "log_tail", "seconds"}]; `run` {"instance_id",
"script", "user", "timeout_seconds"} -> {"code", "stdout", "stderr", "seconds"}; `init_pid` {"instance_id"} ->
its PID 1 here; `requests` {"instance_id"} -> what was asked of dnf and systemctl.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import SandboxError
from .gaps.patch import around
from .machine_tools import tools_folder

if TYPE_CHECKING:
    from .context import Context

PENDING, RUNNING = ("pending", 0), ("running", 16)
WAIT_SECONDS = 60.0


@dataclass
class Boot:
    """One instance's machine. `state` is "pending" (no root yet), "running" (its user data), "ready" or "failed"."""

    instance_id: str
    host_id: str
    region: str
    name: str
    role: str | None
    state: str = "pending"
    log_tail: list[str] = field(default_factory=list)
    seconds: float = 0.0
    up: threading.Event = field(default_factory=threading.Event, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For the control route; who asks need not tell a root that is being made from user data that runs."""
        state = "running" if self.state == "pending" else self.state
        names = ("instance_id", "name", "log_tail", "seconds")
        return {**{name: getattr(self, name) for name in names}, "state": state}


class Instances:
    """The machines behind the instances of one context."""

    current: ClassVar[Instances | None] = None

    def __init__(self, context: Context) -> None:
        self._context = context
        self._hosts = context.hosts
        self._boots: dict[str, Boot] = {}
        self._lock = threading.Lock()

    def follow(self, world: dict[str, Any]) -> None:
        """Boot what is new in the world, forget what left it, take over what changed."""
        present = {
            host_id: (vpc["region"], host["metadata"])
            for vpc in world["vpcs"].values()
            for host_id, host in vpc["hosts"].items()
            if host["kind"] == "instance"
        }
        with self._lock:
            for host_id in [known for known in self._boots if known not in present]:
                del self._boots[host_id]
            for host_id, boot in self._boots.items():
                boot.name, boot.role = present[host_id][1]["name"], present[host_id][1]["role"]
            new = [
                Boot(metadata["instance_id"], host_id, region, metadata["name"], metadata["role"])
                for host_id, (region, metadata) in present.items()
                if host_id not in self._boots
            ]
            self._boots.update({boot.host_id: boot for boot in new})
        for boot in new:
            threading.Thread(
                target=self._run, args=(boot,), name=f"boot-{boot.instance_id}", daemon=True
            ).start()

    def boots(self, instance_ids: list[str] | None = None) -> list[Boot]:
        """The boots of these instances, or of all; an instance without a machine is an error."""
        with self._lock:
            known = {boot.instance_id: boot for boot in self._boots.values()}
        if instance_ids is None:
            return list(known.values())
        missing = [instance_id for instance_id in instance_ids if instance_id not in known]
        if missing:
            raise SandboxError(f"no running instance has the id {', '.join(missing)}")
        return [known[instance_id] for instance_id in instance_ids]

    def run(
        self, instance_id: str, script: str, user: str = "root", timeout_seconds: float = 600.0
    ) -> dict[str, Any]:
        """Run a script on an instance: {"code" (None: timed out), "stdout", "stderr", "seconds"}."""
        arguments = {"script": script, "user": user, "timeout_seconds": timeout_seconds}
        return self._call("run_on_machine", instance_id, **arguments)

    def inner_pid(self, instance_id: str) -> int:
        """The instance's first process, as the daemon counts (`Hosts.enter_command` takes it)."""
        return self._call("machine_pid", instance_id)

    def init_pid(self, instance_id: str) -> int:
        """The process id, on this computer, of the instance's first process: where `nsenter` goes in."""
        return self._hosts.outside_pid(self.inner_pid(instance_id))

    def requests(self, instance_id: str) -> list[dict[str, Any]]:
        """What the instance asked of the stand-ins for dnf and systemctl."""
        return self._call("machine_requests", instance_id)

    def log(self, instance_id: str, lines: int = 100) -> list[str]:
        """The last lines of the user data's log, and of each service's, under headings where there are several."""
        logs = "$(ls /var/log/cloud-init-output.log /var/log/sandbox/*.log 2>/dev/null)"
        result = self.run(instance_id, f"tail -n {int(lines)} {logs}", timeout_seconds=10)
        return result["stdout"].splitlines()

    def tell(self, operation: str, instance: Any) -> None:
        """Stop, start or reboot the instance's machine; one that is still being made hears of it when it is."""
        for interface in instance.nics.values():
            boot = self._boots.get(interface.id)
            if boot and boot.up.is_set():
                self._hosts.call(operation, host_id=interface.id)

    def _call(self, operation: str, instance_id: str, **arguments: Any) -> Any:
        boot = self.boots([instance_id])[0]
        if not boot.up.wait(WAIT_SECONDS):
            raise SandboxError(f"instance {instance_id} has not started yet")
        return self._hosts.call(operation, host_id=boot.host_id, **arguments)

    def _run(self, boot: Boot) -> None:
        """From nothing to the end of the user data, in a thread of its own."""
        try:
            self._make_machine(boot)
            self._follow_user_data(boot)
        except Exception as error:
            if self._boots.get(boot.host_id) is boot:  # else it was terminated meanwhile
                self._context.log.exception("instance %s did not boot", boot.instance_id)
            boot.state, boot.log_tail = "failed", f"{type(error).__name__}: {error}".splitlines()
            # Pending for ever would say less than an instance that runs and whose log says why it is of no use.
            self._started(boot)
        finally:
            boot.up.set()

    def _make_machine(self, boot: Boot) -> None:
        with self._context.ec2_lock:
            user_data = self._context.ec2(boot.region).get_instance(boot.instance_id).user_data
        encoded = user_data.as_bytes().decode() if user_data is not None else ""
        tools = tools_folder(self._context)
        made = self._hosts.call("boot_machine", host_id=boot.host_id, tools=tools, user_data=encoded)
        if not made["hides"]:
            what = "this computer's own programs are there, whatever the image declares"
            self._context.log.warning("instance %s: no overlay for users, so %s", boot.instance_id, what)
        boot.state = "running"
        self._started(boot)

    def _started(self, boot: Boot) -> None:
        with self._context.ec2_lock:
            instance = self._context.ec2(boot.region).get_instance(boot.instance_id)
            if instance.state == "pending":
                _set_state(instance, RUNNING)
            boot.up.set()
            if instance.state == "stopped":  # told so while it was being made
                self.tell("stop_machine", instance)

    def _follow_user_data(self, boot: Boot) -> None:
        while True:
            said = self._hosts.call("machine_boot", host_id=boot.host_id, wait_seconds=WAIT_SECONDS)
            boot.seconds, boot.log_tail = said["seconds"], said["log_tail"]
            if said["state"] != "running":
                boot.state = said["state"]
                return


def install(context: Context) -> None:
    """Plug the instances in."""
    if context.hosts is None:
        Instances.current = None
        return
    instances = Instances.current = Instances(context)
    context.parts["instances"] = instances
    context.follow(instances.follow)
    context.route(
        "instance_states",
        lambda asked: [boot.as_dict() for boot in instances.boots(asked.get("instance_ids"))],
    )
    context.route("run", lambda asked: instances.run(**asked))
    context.route("init_pid", lambda asked: instances.init_pid(asked["instance_id"]))
    context.route("requests", lambda asked: instances.requests(asked["instance_id"]))
    _patch()


def _set_state(instance: Any, state: tuple[str, int]) -> None:
    instance._state.name, instance._state.code = state


@cache
def _patch() -> None:
    """Let moto's instances have machines; once in a process, for whichever context is current."""
    from moto.ec2.models.instances import Instance, InstanceBackend

    @around(InstanceBackend, "run_instances")
    def run_instances(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
        reservation = original(backend, *args, **kwargs)
        if Instances.current:
            for instance in reservation.instances:
                _set_state(instance, PENDING)
        return reservation

    for name in ("start", "stop", "reboot"):
        _tell_of(Instance, name)


def _tell_of(owner: type, name: str) -> None:
    @around(owner, name)
    def change(original: Any, instance: Any) -> Any:
        answer = original(instance)
        if Instances.current:
            Instances.current.tell(f"{name}_machine", instance)
        return answer
