"""A terminal on a machine: how a person's own shell command gets in, from outside of every namespace."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .machines.roots import environment, privileges

# What a terminal needs to know of the terminal it is shown on; nothing else of the person's goes in.
KEPT = ("TERM", "COLORTERM", "LINES", "COLUMNS")


@dataclass(frozen=True)
class Entry:
    """What to execute, with exactly this environment."""

    argv: list[str]
    env: dict[str, str]


def login_shell(init_pid: int, user: str = "root") -> Entry:
    """A login shell as `user` on the machine whose PID 1 is `init_pid` here; further words of bash may follow.

    Works for the user who runs the sandbox, and for root.
    """
    values = environment(user)
    enter = ["nsenter", "-t", str(init_pid), "-U", "-m", "-p", "-n", "-u", "-i", "-r"]
    argv = [*enter, "setpriv", *privileges(user), "env", "-C", values["HOME"], "bash", "-l"]
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return Entry(argv, {**values, **kept})
