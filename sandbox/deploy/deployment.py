"""Preview, up, refresh and destroy of one stack, without the `pulumi` command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import bags
from .deletion import Deletion
from .events import Listener, Result
from .importing import Entry, Importing, entries_of
from .journal import Journal
from .loop_thread import LoopThread
from .monitor import Engine, Monitor
from .program import Program, ProgramFailure
from .project import Project
from .providers import MakeProvider, Providers
from .reading import Reading
from .recovery import Recovery
from .registration import Registration
from .resource import STACK_TYPE
from .run import Run
from .signals import first_signal_calls
from .state import State

_PARALLEL = 16


class Deployment:
    """The runs of one stack, one after the other.

    `make_provider` gets a package's name and answers its provider; `listener` hears every event, on threads of the run.
    Each run takes the stack's lock, raises StackBusy, StateProblem or ConfigurationProblem before it has begun, and
    afterwards answers with a Result.
    """

    def __init__(
        self, project: Project, make_provider: MakeProvider, listener: Listener, parallel: int = _PARALLEL
    ) -> None:
        self._project = project
        self._make_provider = make_provider
        self._listener = listener
        self._parallel = parallel
        self._run: Run | None = None

    def preview(self) -> Result:
        """Says what `up` would do; nothing is written, neither to the cloud nor to the state."""
        return self._perform("preview")

    def up(self, plan_first: bool = False) -> Result:
        """Runs the program and brings the stack to what it declares.

        With `plan_first`, and where something is protected, a preview comes first, so that what it refuses is refused
        before anything changes.
        """
        if plan_first or any(one.protect for one in State.load(self._project.state_file).all()):
            planned = Deployment(
                self._project, self._make_provider, lambda event: None, self._parallel
            ).preview()
            if not planned.ok:
                return replace(planned, counts={})  # nothing of what was planned has been done
        return self._perform("up")

    def import_file(self, file: Path, protect: bool = False) -> Result:
        """Takes what exists into the state, by a file in the form of `pulumi import --file`; changes nothing there."""
        entries = entries_of(file)
        return self._perform("import", lambda commands: commands.import_entries(entries, protect))

    def refresh(self) -> Result:
        """Brings the state to what is really there."""
        return self._perform("refresh")

    def destroy(self) -> Result:
        """Deletes everything in the stack."""
        return self._perform("destroy")

    def interrupt(self) -> None:
        """Ends the run after the steps in hand, from any thread; what a first Ctrl-C does."""
        if self._run:
            self._run.interrupt()

    def _perform(
        self, command: str, work: Callable[[_Commands], ProgramFailure | None] | None = None
    ) -> Result:
        preview = command == "preview"
        file = self._project.state_file
        with nullcontext() if preview else file.held():
            journal = Journal(self._listener)
            journal.learn_secrets(
                [bags.secret(self._project.config[key]) for key in self._project.secret_keys]
            )
            state = State.load(file)
            with LoopThread(4 * self._parallel) as loop, first_signal_calls(self.interrupt):
                run = Run(self._project, state, file, journal, preview, self._parallel)
                self._run = run
                try:
                    commands = _Commands(run, loop, self._make_provider, self._parallel)
                    failure = commands.perform(command, work)
                    return loop.call(_finished(run, failure))
                finally:
                    self._run = None


class _Commands:
    """The parts of one run, put together."""

    def __init__(self, run: Run, loop: LoopThread, make_provider: MakeProvider, parallel: int) -> None:
        self._run = run
        self._loop = loop
        self._parallel = parallel
        providers = Providers(run, make_provider)
        self._deletion = Deletion(run, providers)
        self._recovery = Recovery(run, providers, self._deletion)
        self._reading = Reading(run, providers)
        self._registration = Registration(run, providers, self._deletion)
        self._importing = Importing(run, providers)

    def import_entries(self, entries: list[Entry], protect: bool) -> None:
        self._loop.call(self._importing.from_file(entries, protect))

    def perform(
        self, command: str, work: Callable[[_Commands], ProgramFailure | None] | None
    ) -> ProgramFailure | None:
        run = self._run
        for resource in run.state.all():
            run.journal.learn_secrets([resource.inputs, resource.outputs])
        self._loop.call(self._recovery.finish(command))
        if work:
            return work(self)
        if command == "refresh":
            self._loop.call(self._reading.refresh_all())
            return None
        failure = None
        if command != "destroy":
            failure = self._run_program()
            if failure or run.journal.errors or run.refused or run.saver.problem:
                return failure
            self._loop.call(self._keep_stack_outputs())
        self._loop.call(self._deletion.delete_all(list(run.state.earlier)))
        return failure

    def _run_program(self) -> ProgramFailure | None:
        run = self._run
        monitor = Monitor(self._loop.call, self._registration, self._reading)
        return Program(run.project, monitor, Engine(run.journal), run.preview, self._parallel).run()

    async def _keep_stack_outputs(self) -> None:
        outputs = self._registration.stack_outputs
        for resource in self._run.live.values():
            if resource.type == STACK_TYPE and outputs is not None and resource.outputs != outputs:
                resource.outputs = outputs
                self._run.state.changed = True


async def _finished(run: Run, failure: ProgramFailure | None) -> Result:
    journal, state = run.journal, run.state
    halted = run.refused or run.saver.problem is not None
    if failure and not halted:
        journal.error(failure.message)
    if not (journal.errors or halted) and state.cut:
        state.cut = []  # all were dealt with, or nothing was found of them
        state.changed = True
    if state.changed and not run.saver.problem:
        await run.saver.settle_all()
    if run.saver.problem:
        journal.errors.insert(0, str(run.saver.problem))
    if journal.listener_problem:
        raise journal.listener_problem
    return Result(
        _kind(run, failure), dict(journal.counts), list(journal.errors), bags.masked(_stack_outputs(state))
    )


def _kind(run: Run, failure: ProgramFailure | None) -> str:
    if run.saver.problem:
        return "failed"
    if run.refused:
        return "interrupted"
    if failure and failure.kind == "configuration" and not run.journal.failed:
        return "configuration"
    return "failed" if run.journal.errors else "done"


def outputs(project: Project, show_secrets: bool = False) -> dict[str, Any]:
    """The stack's outputs as the last successful `up` left them; secrets masked unless asked for."""
    found = _stack_outputs(State.load(project.state_file))
    return bags.revealed(found) if show_secrets else bags.masked(found)


def _stack_outputs(state: State) -> bags.Bag:
    return next((one.outputs for one in state.all() if one.type == STACK_TYPE), {})
