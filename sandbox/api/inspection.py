"""Control routes that tell what runs: status, logs, how to enter an instance, invoke."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psutil

from ..errors import SandboxError
from ..hosts.machines.roots import privileges
from .function_urls import local_address
from .stand_ins import stand_ins

if TYPE_CHECKING:
    from .context import Context

Row = dict[str, Any]
LOG_LINES = 1000
# What a login shell on an instance starts with; nothing of the machine's own environment goes inside.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
# The prompt is Amazon Linux's; without one nothing would say that a person is on the instance.
SHELL_ENVIRONMENT = ("HOME=/root", "USER=root", "LANG=C.UTF-8", f"PATH={PATH}", r"PS1=[\u@\h \W]\$ ")


class Inspection:
    """Answers from what moto and the parts of one context know."""

    def __init__(self, context: Context, started: float) -> None:
        self._context = context
        self._started = started

    def status(self, _: Row) -> Row:
        """Everything in one answer."""
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        return {
            "pid": os.getpid(),
            "seconds": time.time() - self._started,
            "processes": len(processes),
            "memory_mib": sum(map(_resident_bytes, processes)) // 2**20,
            "caches": list(self._caches()),
            "databases": self._databases(),
            "published": self._context.parts["publishing"].rows(),
            "instances": list(self._instances()),
            "functions": list(self._functions()),
            "endpoints": list(self._endpoints()),
            "stand_ins": stand_ins(self._context),
        }

    def logs(self, asked: Row) -> Row:
        """The log of an instance or a function: {"lines": [...]}."""
        name = asked["name"]
        known = {row["id"]: row["name"] for row in self._instances()}
        ids = [one for one, called in known.items() if name in (one, called)]
        if ids:
            return {"lines": self._instance_log(ids[0])}
        if name in {row["name"] for row in self._functions()}:
            return {"lines": list(self._function_log(name))}
        lines = self._context.parts["databases"].log(name)
        if lines is not None:
            return {"lines": lines}
        functions = sorted(row["name"] for row in self._functions())
        databases = [row["name"] for row in self._databases()]
        there = ", ".join([*sorted(known.values()), *functions, *databases, "supervisor"])
        raise SandboxError(f"there is no log of {name}; there are logs of: {there}")

    def fault(self, asked: Row) -> Row:
        """Does harm to a cache node, or heals it: {"done": in words}."""
        part = self._context.parts["elasticache"]
        return {"done": part.fault(asked["node_id"], asked["action"], asked.get("amount"))}

    def shell(self, asked: Row) -> Row:
        """The command that opens a shell on an instance: {"command": [...]}."""
        pid = self._context.parts["instances"].inner_pid(asked["instance_id"])
        enter = self._context.hosts.enter_command(pid)
        enter += ["setpriv", *privileges("root"), "env", "-i", "-C", "/root"]
        return {"command": [*enter, f"TERM={asked['term']}", *SHELL_ENVIRONMENT, "bash", "-l"]}

    def _caches(self) -> Iterator[Row]:
        for cache in self._context.parts["elasticache"].status():
            for node in cache["nodes"]:
                yield {
                    "cache": cache["name"],
                    "engine": cache["engine"] + (" (redis)" if cache.get("stands_in_for") else ""),
                    "node": node["node"],
                    "role": {True: "primary", False: "replica", None: "node"}[node["primary"]],
                    "address": node["address"],
                    "zone": node["zone"],
                    "state": node["status"]
                    if node.get("responding")
                    else f"{node['status']}, does not answer",
                }

    def _databases(self) -> list[Row]:
        return self._context.parts["databases"].status()

    def _instances(self) -> Iterator[Row]:
        for boot in self._context.parts["instances"].boots():
            instance = self._context.ec2(boot.region).get_instance(boot.instance_id)
            yield {
                "name": boot.name,
                "id": boot.instance_id,
                "address": instance.private_ip,
                "state": instance.state,
                "user data": boot.state,
            }

    def _functions(self) -> Iterator[Row]:
        from moto.awslambda.utils import get_backend

        for region in self._context.regions:
            for function in get_backend(self._context.account_id, region).list_functions():
                yield {
                    "name": function.function_name,
                    "state": function.get_configuration()["State"],
                    "URL here": local_address(self._context, function) or None,
                }

    def _endpoints(self) -> Iterator[Row]:
        for region in self._context.regions:
            backend = self._context.ec2(region)
            for endpoint in list(backend.vpc_end_points.values()):
                interfaces = [backend.enis[one] for one in endpoint.network_interface_ids]
                yield {
                    "service": endpoint.service_name,
                    "type": endpoint.vpc_endpoint_type,
                    "addresses": ", ".join(one.private_ip_address for one in interfaces) or "by route",
                }

    def _instance_log(self, instance_id: str) -> list[str]:
        instances = self._context.parts["instances"]
        (boot,) = instances.boots([instance_id])
        return instances.log(instance_id, LOG_LINES) if boot.state != "failed" else boot.log_tail

    def _function_log(self, name: str) -> Iterator[str]:
        from moto.awslambda.utils import get_backend
        from moto.logs.models import logs_backends

        for region in self._context.regions:
            functions = get_backend(self._context.account_id, region).list_functions()
            named = [one.logs_group_name for one in functions if one.function_name == name]
            groups = logs_backends[self._context.account_id][region].groups
            group = groups.get(named[0]) if named else None
            streams = sorted(group.streams.values(), key=lambda one: one.creation_time) if group else []
            for stream in streams:
                yield from (event.message for event in stream.events)


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def install(context: Context, started: float) -> None:
    """Adds the routes, after the parts' own."""
    inspection = Inspection(context, started)
    for name in ("status", "logs", "fault", "shell"):
        context.route(name, getattr(inspection, name))
