"""Sockets within a deadline: TCP, TLS, and every send and receive afterwards."""

from __future__ import annotations

import functools
import select
import socket
import ssl
from collections.abc import Sequence

from .deadline import Deadline
from .errors import CacheRefused, CacheUnreachable, DeadlineExceeded, InvalidEndpoint
from .names import Address

_HUNG_UP = select.POLLHUP | select.POLLERR | select.POLLNVAL | getattr(select, "POLLRDHUP", 0)


@functools.lru_cache(maxsize=8)
def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """The process's one context per trust store, as loading the certificates costs some 17 ms each time.

    Trusts the system's store (OpenSSL also heeds SSL_CERT_FILE), or `ca_file` alone. Names are always verified.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise InvalidEndpoint(f"the trusted certificates in {ca_file} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def open_socket(addresses: Sequence[Address], deadline: Deadline) -> tuple[socket.socket, Address]:
    """Connect to the first address that answers; each gets its share of the time that is left."""
    failures: list[CacheUnreachable] = []
    for position, address in enumerate(addresses):
        doing = f"connecting to {_text(address)}"
        share = deadline.part(deadline.require(doing, "connect") / (len(addresses) - position))
        try:
            sock = socket.create_connection(address, timeout=share.seconds)
        except TimeoutError:
            failures.append(share.exceeded(doing, "connect"))
        except OSError as error:
            failures.append(CacheUnreachable(f"{doing}: {_reason(error)}", "connect"))
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return sock, address
    raise failures[-1]


def start_tls(sock: socket.socket, host: str, context: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    """Shake hands and verify that the certificate is for `host`; the socket is closed when that fails."""
    secured = wrap_tls(sock, host, context)
    try:
        shake_hands(secured, host, deadline)
    except BaseException:
        secured.close()
        raise
    return secured


def wrap_tls(sock: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Put TLS around the socket without sending anything yet; the socket is closed when that fails."""
    try:
        return context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    except BaseException:
        sock.close()
        raise


def shake_hands(secured: ssl.SSLSocket, host: str, deadline: Deadline) -> None:
    """Shake hands and verify that the certificate is for `host`."""
    doing = f"TLS handshake with {host}"
    try:
        secured.settimeout(deadline.require(doing, "tls"))
        secured.do_handshake()
    except OSError as error:
        raise _handshake_failure(doing, error, deadline) from error


def _handshake_failure(doing: str, error: OSError, deadline: Deadline) -> CacheRefused | CacheUnreachable:
    if isinstance(error, TimeoutError):
        exceeded = deadline.exceeded(doing, "tls")
        return DeadlineExceeded(f"{exceeded}; perhaps the port speaks no TLS", "tls")
    if isinstance(error, ssl.SSLCertVerificationError):
        return CacheRefused(f"{doing}: the certificate is not accepted: {error.verify_message}", "TLS", "tls")
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return CacheRefused(f"{doing}: {error.reason or error}; perhaps the port speaks no TLS", "TLS", "tls")
    return CacheUnreachable(f"{doing}: {_reason(error)}; perhaps the port speaks no TLS", "tls")


class DeadlineSocket:
    """A connected socket whose every send and receive ends with the deadline of the call that is under way."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._secured = isinstance(sock, ssl.SSLSocket)
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN | _HUNG_UP)
        self.deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise; then the peer cannot have got the whole of it."""
        self._bound()
        sent = self._sock.send(data)
        if sent < len(data):
            rest = memoryview(data)
            while sent < len(data):
                self._bound()
                sent += self._sock.send(rest[sent:])

    def recv(self, size: int) -> bytes:
        """Receive at most `size` bytes."""
        self._bound()
        return self._sock.recv(size)

    def recv_into(self, buffer: bytearray) -> int:
        """Receive into `buffer` and return how many bytes came."""
        self._bound()
        return self._sock.recv_into(buffer)

    def is_quiet(self) -> bool:
        """Whether an idle socket is as it should be: open, and with nothing to read.

        With TLS something to read may be a session ticket, so that there only the end of the stream counts.
        """
        for _, happened in self._poll.poll(0):
            return self._secured and not happened & _HUNG_UP
        return True

    def wake(self) -> None:
        """End the receive that another thread is waiting in; only that, as TLS state belongs to that thread."""
        try:
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except OSError:
            return  # the peer was first

    def shutdown(self, how: int) -> None:
        """Do nothing: TLS's own shutdown could wait, and `close` follows."""

    def close(self) -> None:
        """Close without waiting for the peer."""
        self._sock.close()

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing: the deadline rules here, whatever the library above would like to wait."""

    def _bound(self) -> None:
        remaining = self.deadline.remaining()
        if remaining <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(remaining)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()


def _text(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
