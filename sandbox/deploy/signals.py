"""Ctrl-C and the signals that ask a process to end: the first asks a run to stop, the second ends the process."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ASKED = b"\nfinishing the steps in hand; Ctrl-C again ends at once\n"
_SHOW_CURSOR = b"\033[?25h"  # a display hides it, and gets no chance to show it again


@contextmanager
def first_signal_calls(stop: Callable[[], None]) -> Iterator[None]:
    """While open, the first signal calls `stop`; a second one ends the process at once, as the state is on the disk.

    Outside the main thread, where Python lets nobody handle signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            if os.isatty(2):
                _say(_SHOW_CURSOR)
            os._exit(128 + number)
        asked = True
        stop()
        _say(_ASKED)

    ours = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: bytes) -> None:
    """Write to standard error at once: what a handler interrupts may hold the lock of anything that buffers."""
    with contextlib.suppress(OSError):  # the terminal may be gone: SIGHUP says so
        os.write(2, text)
