"""Work in a thread that ends with its process, so that nobody who presses Ctrl-C has to wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


def in_background(call: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Begin the call, and return what will hold its result; a pool would be waited for at the interpreter's end."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(call(*arguments))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name=getattr(call, "__name__", "background"), daemon=True).start()
    return future
