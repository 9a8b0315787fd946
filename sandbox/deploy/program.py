"""Runs the user's program as the language host does, and leaves the process as it was."""

from __future__ import annotations

import asyncio
import importlib
import linecache
import os
import re
import runpy
import sys
import sysconfig
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pulumi import RunError
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import reset_options
from pulumi.runtime.stack import run_in_stack

from .errors import DeployError, Unsupported
from .loop_thread import WAKE_SECONDS
from .monitor import Engine, Monitor
from .project import Project

_THREADS = 128  # each registration that waits holds one
_OWN_PACKAGE = __name__.split(".")[0]
_LACKING = re.compile(r"The Pulumi CLI does not support (?:the )?([\w -]+?)(?: option)?\. Please update")


@dataclass(frozen=True)
class ProgramFailure:
    """How a program ended that did not end well; `kind` is configuration (a pulumi.RunError) or failed."""

    kind: str
    message: str


class Program:
    """One run of a project's program, in a thread of its own: its event loop and context variables end with it."""

    def __init__(
        self, project: Project, monitor: Monitor, engine: Engine, preview: bool, parallel: int
    ) -> None:
        self._project = project
        self._monitor = monitor
        self._engine = engine
        self._preview = preview
        self._parallel = parallel
        self._failure: ProgramFailure | None = None
        self._crash: BaseException | None = None

    def run(self) -> ProgramFailure | None:
        """Runs the program to its end; signals are handled meanwhile if this is the main thread."""
        thread = threading.Thread(target=self._in_thread, name="pulumi-program", daemon=True)
        thread.start()
        # The kernel may hand a signal to another thread; Python runs its handler when this one wakes.
        while thread.is_alive():
            thread.join(WAKE_SECONDS)
        if self._crash:
            raise self._crash
        return self._failure

    def _in_thread(self) -> None:
        try:
            with _own_surroundings(self._project):
                self._execute()
        except BaseException as exc:  # noqa: BLE001 - raised again in the caller's thread
            self._crash = exc

    def _execute(self) -> None:
        project = self._project
        reset_options(
            project=project.name,
            stack=project.stack,
            root_directory=str(project.folder),
            parallel=self._parallel,
            engine_address=self._engine,  # type: ignore[arg-type] - objects are accepted beside addresses
            monitor_address=self._monitor,  # type: ignore[arg-type]
            preview=self._preview,
            organization="organization",
        )
        set_all_config(project.config, sorted(project.secret_keys))
        loop = asyncio.new_event_loop()
        # What a failed program leaves unawaited is no news: the language host keeps silent about it too.
        loop.set_exception_handler(lambda loop, context: None)
        threads = ThreadPoolExecutor(_THREADS, "pulumi-call")
        loop.set_default_executor(threads)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(run_in_stack(self._main))
        except Exception as exc:  # noqa: BLE001 - the program is somebody else's
            self._failure = self._described(exc)
        finally:
            _cancel_rest(loop)
            threads.shutdown(wait=True)
            asyncio.set_event_loop(None)
            loop.close()

    def _main(self) -> None:
        main = self._project.main
        # As a file: a folder's program is compiled into a cache, where a change within the same second goes unseen.
        file = main / "__main__.py" if main.is_dir() else main
        try:
            runpy.run_path(str(file), run_name="__main__")
        except SystemExit as exc:
            if exc.code not in (None, 0):
                raise DeployError(f"the program ended itself: sys.exit({exc.code!r})") from exc

    def _described(self, problem: Exception) -> ProgramFailure:
        if isinstance(problem, RunError):
            return ProgramFailure("configuration", str(problem))
        if isinstance(problem, DeployError):
            return ProgramFailure("failed", str(problem))
        lacking = _LACKING.search(str(problem))
        if lacking:
            return ProgramFailure("failed", str(Unsupported(lacking[1])))
        text = "".join(traceback.format_exception_only(type(problem), problem)).strip()
        frames = list(_user_frames(problem, self._project.folder))
        return ProgramFailure("failed", "\n".join([f"the program failed: {text}", *frames]))


@contextmanager
def _own_surroundings(project: Project) -> Iterator[None]:
    """The working folder, sys.path and sys.argv of a program; they and sys.modules are put back afterwards."""
    folder, path, argv, modules = os.getcwd(), list(sys.path), sys.argv, set(sys.modules)
    main = project.main
    importlib.invalidate_caches()
    linecache.checkcache()
    os.chdir(main if main.is_dir() else main.parent)
    sys.argv = [str(main)]
    sys.path.insert(0, os.getcwd())
    try:
        yield
    finally:
        os.chdir(folder)
        sys.path[:], sys.argv = path, argv
        for name in set(sys.modules) - modules:
            if _is_users(name, project.folder):
                del sys.modules[name]


def _is_users(module: str, folder: Path) -> bool:
    file = getattr(sys.modules[module], "__file__", None)
    return bool(file) and module.split(".")[0] != _OWN_PACKAGE and _in_project(file, folder)


def _in_project(file: str, folder: Path) -> bool:
    """Whether a file is the user's own: in the project's folder, and not in an environment that lies there."""
    if not os.path.isabs(file):
        return False  # `<frozen runpy>` and its like
    path = os.path.realpath(file)
    libraries = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    libraries = [os.path.realpath(library) for library in libraries]
    own = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    return path.startswith(str(folder) + os.sep) and not any(
        path.startswith(place + os.sep) for place in (*libraries, own)
    )


def _user_frames(problem: BaseException, folder: Path) -> Iterator[str]:
    """The frames in the user's files, the last first: what the person who wrote them needs."""
    frames = [frame for frame in _all_frames(problem.__traceback__) if _in_project(frame.filename, folder)]
    for frame in reversed(frames[-5:]):
        place = os.path.relpath(os.path.realpath(frame.filename), folder)
        yield f"  at {place}:{frame.lineno} in {frame.name}" + (f": {frame.line}" if frame.line else "")


def _all_frames(start: TracebackType | None) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(start))


def _cancel_rest(loop: asyncio.AbstractEventLoop) -> None:
    """Ends what a failed program left running, so that nothing is left to complain when it is collected."""
    rest = asyncio.all_tasks(loop)
    for task in rest:
        task.cancel()
    if rest:
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
