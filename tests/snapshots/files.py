"""What was once is kept as a file each, and a test tells what differs from it and how to renew it."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple


class Files(NamedTuple):
    """The committed texts of one kind, by name."""

    folder: Path
    module: str
    """What `python -m` renews them by."""
    meaning: str
    """What a difference means, with {name} for whose it is, and what else can be done than to renew the file."""

    @classmethod
    def of(cls, module: str, meaning: str) -> Files:
        """The files in the folder that is named as the module beside this one."""
        return cls(Path(__file__).resolve().parent / module.rpartition(".")[2], module, meaning)

    def committed(self, name: str) -> str:
        """Return the text as it was, nothing for a new name."""
        path = self.folder / f"{name}.txt"
        return path.read_text("utf-8") if path.exists() else ""

    def difference(self, name: str, now: str) -> str:
        """Return what a change of this text means and how to renew it, empty when it is as it was."""
        if now == self.committed(name):
            return ""
        lines = difflib.unified_diff(
            self.committed(name).splitlines(), now.splitlines(), "committed", "declared", lineterm="", n=0
        )
        told = f"{self.meaning.format(name=name)}, `python -m {self.module}` renews the snapshot"
        return "\n".join([told, *lines])

    def renew(self, names: Iterable[str], make: Callable[[str], str]) -> None:
        """Write the texts of these names anew, and remove all others."""
        warnings.simplefilter("ignore", DeprecationWarning)  # pulumi_aws warns of itself when it is imported
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.glob("*.txt"):
            if path.stem not in names:
                path.unlink()
        for name in names:
            (self.folder / f"{name}.txt").write_text(make(name), "utf-8")
