"""The API server: moto's dispatcher in this process, with the hosts brought up to date before an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..errors import PortInUse
from .access.gate import Gate
from .calls import Call, read_call
from .control import Control
from .faults import FAULT, NOT_MODELLED, answer_fault
from .function_urls import FunctionUrls
from .loading import load_moto, warm_up

if TYPE_CHECKING:
    from .context import Context

ADDRESS = "127.0.0.1"
LOADING_SECONDS = 60.0


class ApiServer:
    """Serves the AWS API on 127.0.0.1; `installers` are the `install(context)` of the parts that plug in.

    It listens at once and loads moto behind that: whoever calls meanwhile waits for the answer. The parts are
    installed when `ready_for_parts` is set (by default at once), as they need the context's hosts.
    """

    def __init__(
        self,
        context: Context,
        listener: socket.socket | None = None,
        installers: Iterable[Callable[[Context], object]] = (),
        key: str = "",
        ready_for_parts: threading.Event | None = None,
    ) -> None:
        self._listener = listener or listen()
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{ADDRESS}:{self.port}"
        context.endpoint_url = self.url
        self._context = context
        self._installers = tuple(installers)
        self._ready_for_parts = ready_for_parts
        self._dispatcher = Dispatcher(context, Control(context, key))
        self._server: Any = None
        self._stopped = False
        self._thread = threading.Thread(target=self._load_and_serve, name="api", daemon=True)

    def start(self) -> None:
        """Begins to load and to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stops to listen; calls under way are abandoned, and so is the loading."""
        self._stopped = True
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._listener.close()

    def _load_and_serve(self) -> None:
        # Connections queue at the listener until here.
        try:
            self._load()
        except Exception:
            self._context.log.exception("the API cannot be loaded")
            self._context.fail()
            raise
        if not self._stopped:
            self._server = _serve(self._listener, self._dispatcher)
            warming = (self._context.account_id, self._context.region)
            threading.Thread(target=warm_up, args=warming, name="warm-up", daemon=True).start()
            self._server.serve_forever(0.1)

    def _load(self) -> None:
        application = load_moto()
        if self._ready_for_parts is not None:
            self._ready_for_parts.wait(LOADING_SECONDS)
        for install in self._installers:
            install(self._context)
        self._dispatcher.application = application


class Dispatcher:
    """The WSGI application around moto's.

    Control routes and function URLs beside it, who may call before it, the world after a change, faults as errors.
    """

    def __init__(self, context: Context, control: Control) -> None:
        self.application: Any = None
        self._context = context
        self._control = control
        self._gate = Gate(context)
        self._urls = FunctionUrls(context)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._control.serves(environ):
            return self._control(environ, start_response)
        call = read_call(environ)
        try:
            if self._urls.serves(environ):
                return self._urls(environ, start_response)
            refusal = self._gate(self.application, environ, start_response)
            return self._answer(call, environ, start_response) if refusal is None else refusal
        except NotImplementedError as error:
            message = str(error) or f"{call.service} {call.action} is not modelled"
            return answer_fault(call, NOT_MODELLED, "NotImplemented", message, start_response)
        except Exception as error:
            self._context.log.exception("%s %s failed", call.service, call.action or call.path)
            return answer_fault(
                call, FAULT, "SandboxFault", f"{type(error).__name__}: {error}", start_response
            )

    def _answer(self, call: Call, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not call.may_change_the_world:
            return self.application(environ, start_response)
        if call.region:
            self._context.seen_region(call.region)
        held: list[tuple[Any, ...]] = []
        if call.service == "ec2":
            with self._context.ec2_lock:
                body = self.application(environ, lambda *head: held.append(head))
        else:
            body = self.application(environ, lambda *head: held.append(head))
        if held[0][0].startswith("2"):
            self._context.sync()
        start_response(*held[0])
        return body


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on 127.0.0.1, on a free port for 0; PortInUse when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortInUse(port) from error
    return listener


def _serve(listener: socket.socket, application: Any) -> Any:
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    class QuietHandler(MotoRequestHandler):
        """Without a line per request in the log."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Says nothing."""

    return make_server(
        ADDRESS, 0, application, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
    )
