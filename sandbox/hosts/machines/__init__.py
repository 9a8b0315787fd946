"""Machines on the hosts: instances that boot their real user data, and functions that run their real code.

The daemon's side. `register` adds these operations (all arguments and results are JSON):

boot_machine(host_id, tools, user_data)          make the machine's root and start its user data; {"seconds", "hides"}
machine_boot(host_id, wait_seconds)              {"state": "running|ready|failed", "code", "seconds", "log_tail"}
machine_pid(host_id)                             PID 1 of the machine, as the daemon counts
run_on_machine(host_id, script, ...)             {"code" (null: timed out), "stdout", "stderr", "seconds"}
machine_reaches(host_id, names)                  {name: "ok" or why not}: DNS, TCP and TLS on port 443
machine_requests(host_id)                        what was asked of dnf and systemctl, in order
stop_machine, start_machine, reboot_machine(host_id)   the disk stays, user data is not run again
put_function(host_id, tools, spec)               unpack code and layers; replaces what was there
invoke_function(host_id, request_id, event)        the answer, and what it wrote
remove_function(host_id)

A machine ends with its host. See `roots` for what a machine separates and what it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .machines import Machines

if TYPE_CHECKING:
    from ..daemon import Daemon


def register(daemon: Daemon) -> None:
    """Add the machines' operations to the daemon."""
    machines = Machines(daemon)
    daemon.network.on_host_removed(machines.remove_host)
    for name in machines.OPERATIONS:
        daemon.add_operation(name, getattr(machines, name))
