"""How a program of this package ends: one line on stderr for an error, and an exit code that says which kind."""

from __future__ import annotations

import sys
from collections.abc import Callable

from .errors import CacheError

USAGE = 2
INTERRUPTED = 5


def exit_with(program: Callable[[], int]) -> None:
    """Run the program and exit with its code, or with the code of the error it raised; never a traceback for those."""
    try:
        code = program()
        sys.stdout.flush()
    except CacheError as error:
        code = complain(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain once more when it closes stdout.
        sys.stdout = None  # type: ignore[assignment]
        code = 0
    except ModuleNotFoundError as error:
        code = complain(f"{error}: this Python lacks the project's packages; try .venv/bin/python", USAGE)
    except OSError as error:
        code = complain(str(error), USAGE)
    except KeyboardInterrupt:
        code = complain("interrupted", INTERRUPTED)
    sys.exit(code)


def complain(message: str, code: int) -> int:
    """Print the message as one line on stderr and return the code."""
    print("error: " + " ".join(message.split()), file=sys.stderr)  # noqa: T201 - this is where a command speaks
    return code


def said_of(place: str, words: str) -> str:
    """The words with the place in front; what comes from a client elsewhere may name it already."""
    return words if words.startswith(f"{place}: ") else f"{place}: {words}"
