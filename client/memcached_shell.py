"""A command line for Memcached clusters, in the protocol's own words: keys go to their node, the rest to every node.

What is typed goes over the wire as it is, with TLS where the cluster has it, and what comes back is printed as it is.
`--node NAME` speaks to one node only; a part of its name is enough when no other has it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from .connecting import DeadlineSocket, open_socket, start_tls, tls_context
from .deadline import Deadline
from .discovery import Node
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused, InvalidEndpoint
from .exits import complain
from .memcached_discovery import ask
from .memcached_lines import ANSWER_SECONDS, Lines
from .names import Names, Resolver, system_resolver
from .ring import Ring

_STORING = {"set", "add", "replace", "append", "prepend", "cas"}
_READING = {"get", "gets"}  # the only ones with several keys
_KEYED = {*_STORING, "get", "gets", "delete", "incr", "decr", "touch", "mg", "ms", "md", "ma"}
_KEYED_SECOND = {"gat", "gats"}  # the time to live comes first
_REFUSALS = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


class Shell:
    """Sends commands to the nodes of one cluster over connections that it keeps."""

    def __init__(
        self, endpoint: Endpoint, node: str | None = None, resolver: Resolver = system_resolver
    ) -> None:
        self._names = Names(resolver)
        self._context = tls_context(endpoint.ca_file) if endpoint.tls else None
        server = (endpoint.host, endpoint.port)
        found = ask(server, self._context, self._names, Deadline(ANSWER_SECONDS))
        self.nodes = {each.name: each for each in _chosen(found.nodes, node)}
        self._ring = Ring(self.nodes)
        self._lines: dict[str, Lines] = {}

    def run(self, command: str, data: bytes = b"") -> Iterator[tuple[str, bytes]]:
        """Send one command, and give each node's name with its answer.

        `data` is the block that a storing command announces. Raises CacheUnreachable when a node does not answer.
        """
        for name in self._owners(command.split()):
            lines = self._lines.get(name) or self._open(self.nodes[name])
            try:
                yield name, lines.exchange(command.encode() + b"\r\n" + data)
            except BaseException:
                # What is left of the answer would be taken for that to the next command.
                self._lines.pop(name).close()
                raise

    def close(self) -> None:
        """Close every connection."""
        for lines in self._lines.values():
            lines.close()
        self._lines.clear()

    def _owners(self, words: Sequence[str]) -> list[str]:
        """The nodes that a command concerns: the owner of its key, or all of them."""
        place = 1 if words[0] in _KEYED else 2 if words[0] in _KEYED_SECOND else len(words)
        keys = words[place:] if words[0] in _READING | _KEYED_SECOND else words[place : place + 1]
        owners = dict.fromkeys(self._ring.node_for(key.encode()) for key in keys)
        if len(owners) > 1:
            raise InvalidEndpoint("these keys are on several nodes; ask for one at a time")
        return list(owners) or list(self.nodes)

    def _open(self, node: Node) -> Lines:
        deadline = Deadline(ANSWER_SECONDS)
        sock, _ = open_socket(self._names.look_up(node.host, node.port, deadline), deadline)
        if self._context is not None:
            sock = start_tls(sock, node.host, self._context, deadline)
        self._lines[node.name] = Lines(node.name, DeadlineSocket(sock, deadline))
        return self._lines[node.name]


def open_shell(endpoint: Endpoint, arguments: Sequence[str], resolver: Resolver = system_resolver) -> int:
    """Run the arguments as one command, or else each line that is typed or piped in; the exit code."""
    words, node = list(arguments), None
    if words[:1] == ["--node"]:
        if len(words) < 2:
            raise InvalidEndpoint("--node takes the name of a node, or a part of it")
        node, words = words[1], words[2:]
    shell = Shell(endpoint, node, resolver)
    try:
        if words:
            # A storing command takes its value too: `cache-cli set City 0 60 4 Oslo`.
            header = (6 if words[0] == "cas" else 5) if words[0] in _STORING else len(words)
            value = " ".join(words[header:])
            return _carry_out(shell, " ".join(words[:header]), iter([value] if value else []))
        if not sys.stdin.isatty():
            return _read_on(shell, (line.rstrip("\r\n") for line in sys.stdin))
        names = ", ".join(shell.nodes)
        _print(f"{names}\nthe protocol's own words: get KEY, set KEY 0 TTL BYTES, stats, …; quit ends\n")
        return _read_on(shell, _typed())
    finally:
        shell.close()


def _read_on(shell: Shell, lines: Iterator[str]) -> int:
    code = 0
    for line in lines:
        if line.split()[:1] in (["quit"], ["exit"]):
            break
        if not line.strip():
            continue
        try:
            code = _carry_out(shell, line, lines) or code
        except CacheError as error:
            code = complain(str(error), error.exit_code)
    return code


def _carry_out(shell: Shell, line: str, further: Iterator[str]) -> int:
    """Run one command, with the data from the lines that follow, and print the answers; the exit code."""
    words = line.split()
    if words[0] == "config":
        raise InvalidEndpoint("`cache-client discover` shows the configuration")
    if words[-1] == "noreply":
        raise InvalidEndpoint("noreply would leave nothing to print; leave it out")
    data = _data(words, further) if words[0] in _STORING | {"ms"} else b""
    code, alone = 0, len(shell.nodes) == 1
    for name, answer in shell.run(line, data):
        concerns_all = words[0] not in _KEYED | _KEYED_SECOND
        if concerns_all and not alone:
            _print(f"# {name}\n")
        _print(answer.decode(errors="backslashreplace").replace("\r\n", "\n"))
        if answer.startswith(_REFUSALS):
            code = CacheRefused.exit_code
    return code


def _data(words: Sequence[str], further: Iterator[str]) -> bytes:
    """The block that a storing command announces, from the lines after it; exactly as long as it says."""
    place = 2 if words[0] == "ms" else 4
    size = (
        int(words[place])
        if len(words) > place and words[place].isascii() and words[place].isdigit()
        else None
    )
    if size is None:
        usage = "ms KEY BYTES" if words[0] == "ms" else f"{words[0]} KEY FLAGS TTL BYTES"
        raise InvalidEndpoint(f"{' '.join(words)!r} is not {usage}")
    lines: list[bytes] = []
    while len(data := b"\r\n".join(lines)) < size:
        line = next(further, None)
        if line is None:
            break
        lines.append(line.encode())
    if len(data) != size:
        raise InvalidEndpoint(f"the value has {len(data)} bytes, not the {size} that were announced")
    return data + b"\r\n"


def _typed() -> Iterator[str]:
    # Importing it lets input() edit lines and remember them.
    import readline  # noqa: F401  # pyright: ignore[reportUnusedImport]

    while True:
        try:
            yield input("> ")
        except EOFError:
            _print("\n")
            return


def _chosen(nodes: Iterable[Node], part: str | None) -> list[Node]:
    found = [node for node in nodes if part is None or part in node.name]
    if part is not None and len(found) != 1:
        names = ", ".join(node.name for node in found or nodes)
        raise InvalidEndpoint(f"--node {part}: {'several' if found else 'no'} nodes have that name: {names}")
    return found


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
