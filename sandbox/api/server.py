"""The API server: moto's dispatcher in this process, with the hosts brought up to date before an answer."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..errors import PortInUse
from . import gaps
from .calls import Call, read_call
from .control import Control
from .faults import FAULT, NOT_MODELLED, answer_fault

if TYPE_CHECKING:
    from .context import Context

ADDRESS = "127.0.0.1"
# moto reads them when it is imported.
MOTO_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_ACCOUNT_ID": "123456789012",
}


class ApiServer:
    """Serves the AWS API on 127.0.0.1; `installers` are the `install(context)` of the parts that plug in."""

    def __init__(
        self,
        context: Context,
        listener: socket.socket | None = None,
        installers: Iterable[Callable[[Context], None]] = (),
        key: str = "",
    ) -> None:
        self._listener = listener or listen()
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{ADDRESS}:{self.port}"
        context.endpoint_url = self.url
        self._context = context
        application = _moto_application()
        gaps.install()
        for install in installers:
            install(context)
        self._server = _serve(self._listener, Dispatcher(application, context, Control(context, key)))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="api", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stops to listen; calls under way are abandoned."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._listener.close()


class Dispatcher:
    """The WSGI application around moto's: control routes, the world after a change, faults as API errors."""

    def __init__(self, application: Any, context: Context, control: Control) -> None:
        self._application = application
        self._context = context
        self._control = control

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._control.serves(environ):
            return self._control(environ, start_response)
        call = read_call(environ)
        try:
            return self._answer(call, environ, start_response)
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
            return self._application(environ, start_response)
        if call.region:
            self._context.seen_region(call.region)
        held: list[tuple[Any, ...]] = []
        if call.service == "ec2":
            with self._context.ec2_lock:
                body = self._application(environ, lambda *head: held.append(head))
        else:
            body = self._application(environ, lambda *head: held.append(head))
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


def _moto_application() -> Any:
    os.environ.update(MOTO_SETTINGS)
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    default_user_config["lambda"]["use_docker"] = False
    return DomainDispatcherApplication(create_backend_app)


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
