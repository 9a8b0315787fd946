"""Which cloud a stack's state belongs to, so that the state of a cloud that is gone does not fail oddly."""

from __future__ import annotations

import glob
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import SandboxError
from .state import StateFolder, write_private


@dataclass(frozen=True)
class StackMark:
    """The cloud in which a stack was last deployed, and by which engine (embedded or pulumi)."""

    incarnation: str
    engine: str


class StackMarks:
    """Marks beside the stacks' states in `.sandbox/stacks`."""

    def __init__(self, folder: StateFolder, stack: str) -> None:
        self._folder = folder
        self._stack = stack
        self.state_file = folder.stacks / f"{stack}.json"
        self._file = folder.stacks / f"{stack}.cloud"

    def read(self) -> StackMark | None:
        """The mark, or None where there is none that makes sense."""
        try:
            return StackMark(**json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def take(self, incarnation: str, engine: str) -> str | None:
        """Marks the stack as this cloud's, before anything is deployed there.

        A state of another incarnation is set aside, and the message says where. Raises SandboxError when the other
        engine has deployed the stack in this very cloud.
        """
        mark = self.read()
        message = None
        if mark is None or mark.incarnation != incarnation:
            message = self.set_aside()
        elif mark.engine != engine:
            raise SandboxError(
                f"stack {self._stack} was deployed with --engine {mark.engine}\n"
                f"  go on with it, or destroy the stack with it first: "
                f"python -m sandbox destroy --stack {self._stack} --engine {mark.engine}"
            )
        self._folder.stacks.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file, json.dumps(asdict(StackMark(incarnation, engine))))
        return message

    def forget(self) -> None:
        """Forgets who has deployed the stack, when nothing of it is left."""
        self._file.unlink(missing_ok=True)

    def set_aside(self) -> str | None:
        """Renames the state, which names things that are gone; None where it names nothing.

        The last one is kept, for whoever stopped too early; those before it nobody can use.
        """
        if not self._names_something():
            return None
        for older in self.state_file.parent.glob(f"{glob.escape(self.state_file.name)}.of-*"):
            older.unlink()
        mark = self.read()
        incarnation = mark.incarnation if mark else "unknown"
        aside = self.state_file.with_name(f"{self.state_file.name}.of-{incarnation}")
        self.state_file.rename(aside)
        backup = Path(f"{self.state_file}.bak")
        if backup.exists():
            backup.rename(f"{aside}.bak")
        return (
            f"the state of stack {self._stack} belongs to a sandbox that has ended; set aside as "
            f"{aside.relative_to(self._folder.project)}"
        )

    def _names_something(self) -> bool:
        """Whether there is a state with resources in it; one that cannot be read may have some."""
        try:
            saved = json.loads(self.state_file.read_text(encoding="utf-8"))
            return bool(saved["deployment"].get("resources"))
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return True
