"""What the measurements share: a table on the terminal, the same as JSON under build/bench, and the project's root."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.append(
    str(ROOT / "build" / "peers")
)  # clients to compare with, where bench/requirements.txt was installed


def show(name: str, rows: Sequence[dict[str, object]]) -> None:
    """Print the rows under their keys and write build/bench/NAME.json."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns, *([_text(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(line[position]) for line in cells) for position in range(len(columns))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    (folder / f"{name}.json").write_text(json.dumps({**machine, "rows": list(rows)}, indent=2) + "\n")


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
