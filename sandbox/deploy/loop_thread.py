"""An event loop in a thread of its own, which other threads hand coroutines to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, TypeVar

Answer = TypeVar("Answer")

WAKE_SECONDS = 0.2
"""How often a waiting main thread wakes, so that no signal's handler waits for longer."""


class LoopThread:
    """A context: the loop runs while it is open, and nothing of it is left afterwards."""

    def __init__(self, threads: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._executor = ThreadPoolExecutor(threads, "deploy-work")
        self._loop.set_default_executor(self._executor)
        self._thread = threading.Thread(target=self._loop.run_forever, name="deploy-loop", daemon=True)

    def __enter__(self) -> LoopThread:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._executor.shutdown(wait=True)
        self._loop.close()

    def call(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """Runs a coroutine on the loop and waits for it; not to be called on the loop itself."""
        answer = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        while not answer.done():
            wait([answer], WAKE_SECONDS)
        return answer.result()

    async def _end_tasks(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
