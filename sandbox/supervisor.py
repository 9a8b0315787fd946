"""The one detached process behind a project folder: it owns the API, the hosts and the engines.

Started by `Cloud.start` as `python -m sandbox.supervisor`; tells its progress on a pipe, one JSON object a line, the
last of which has `ready` or `error`. It ends by SIGTERM, cleanly; when it is killed, the daemon of the hosts goes with
it, and with the daemon everything in the namespaces.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from .errors import SandboxError
from .sources import fingerprint
from .state import CloudRecord, StateFolder


class Reporter:
    """The pipe to the process that started us; it may be gone already."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def step(self, text: str) -> None:
        """Tells what is being done."""
        self._write({"step": text})

    def ready(self) -> None:
        """Tells that the sandbox answers, and hangs up."""
        self._write({"ready": True})
        self._close()

    def failed(self, error: str, exit_code: int = 1) -> None:
        """Tells why there will be no sandbox, and hangs up."""
        self._write({"error": error, "exit_code": exit_code})
        self._close()

    def _write(self, line: dict[str, Any]) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._descriptor, json.dumps(line).encode() + b"\n")

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Supervisor:
    """Puts the parts together in order, and takes them apart in the reverse order."""

    def __init__(self, folder: StateFolder, region: str, port: int, reporter: Reporter) -> None:
        self._folder = folder
        self._region = region
        self._port = port
        self._reporter = reporter
        self._sources = fingerprint()
        self._stopping = threading.Event()
        self._log = logging.getLogger("sandbox")

    def run(self) -> None:
        """Runs until SIGTERM or the control route `stop`; raises SandboxError when it cannot start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._reporter.ready()
            self._stopping.wait()
            self._log.info("stopping")

    def _start(self, stack: contextlib.ExitStack) -> None:
        from .api.context import Context
        from .api.server import ApiServer, listen
        from .assembly import Parts

        listener = stack.enter_context(listen(self._port))
        record = self._new_record(listener.getsockname()[1])
        context = Context(self._folder.path, self._region, log=self._log)
        context.deployer = (record.access_key_id, record.secret_access_key)
        context.fail = self._stopping.set
        context.route("stop", self._stop)
        parts = Parts(context, record)
        server = ApiServer(context, listener, [parts.install], record.key, parts.hosts_ready)
        stack.callback(server.stop)
        server.start()
        self._reporter.step("starting the hosts")
        stack.callback(parts.stop)
        parts.start_hosts()
        stack.callback(self._folder.forget_cloud)
        self._folder.write_record(record)

    def _new_record(self, port: int) -> CloudRecord:
        return CloudRecord(
            pid=os.getpid(),
            port=port,
            incarnation=secrets.token_hex(8),
            region=self._region,
            started=time.time(),
            sources=self._sources,
            access_key_id="AKIASANDBOX" + secrets.token_hex(5).upper()[:9],
            secret_access_key=secrets.token_urlsafe(30),
            key=secrets.token_urlsafe(32),
        )

    def _stop(self, _: dict[str, Any]) -> dict[str, Any]:
        self._stopping.set()
        return {}


def main(arguments: list[str]) -> None:
    """The process's entry: PROJECT-FOLDER REGION PORT PIPE."""
    project, region, port, pipe = arguments
    if os.fork():  # nobody waits for a supervisor: its starter's child ends here
        os._exit(0)
    _log_to_stderr()
    reporter = Reporter(int(pipe))
    folder = StateFolder(Path(project))
    try:
        with folder.held():
            Supervisor(folder, region, int(port), reporter).run()
    except SandboxError as error:
        reporter.failed(str(error), error.exit_code)
    except Exception as error:
        logging.getLogger("sandbox").exception("the supervisor failed")
        reporter.failed(f"the sandbox failed: {type(error).__name__}: {error}\n  see {folder.log_file}")
    # Threads of the server may still wait for a client; nothing of theirs is left to save.
    logging.shutdown()
    os._exit(0)


def _log_to_stderr() -> None:
    """Standard error is supervisor.log; urllib3 and moto's requests stay out of it."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    for noisy in ("werkzeug", "botocore", "boto3", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    main(sys.argv[1:])
