"""Many cold readers of one value at the same moment, in processes of several threads; run as a program.

Its argument is JSON: the endpoint's fields, `names` (name -> [address, port]), processes, threads, load_seconds, and
`peer`, the node's [address, port], if dogpile.cache's own region is to read. It prints how often the value was loaded,
and how long after the load's end each reader had it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
import uuid
from typing import Any, NamedTuple

from client import Endpoint, connect
from client.cache_aside import CacheAside


def main() -> None:
    asked = json.loads(sys.argv[1])
    names = {name: tuple(address) for name, address in asked["names"].items()}
    cache = connect(Endpoint(**asked["endpoint"]), 5, resolver=lambda host, port: [names[host]])
    cache.get("warm-up")  # imports and certificates; each process makes connections of its own afterwards
    key = uuid.uuid4().hex
    pipes = Pipes(os.pipe(), os.pipe(), os.pipe(), os.pipe())
    children = [_child(cache, key, asked, pipes) for _ in range(asked["processes"])]
    for _, writing in (pipes.answers, pipes.ready):
        os.close(writing)
    _wait_until_closed(pipes.ready)
    os.close(pipes.begin[1])
    with os.fdopen(pipes.answers[0]) as lines:
        found = [json.loads(line) for line in lines]
    os.close(pipes.end[1])
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    loads = [load for one in found for load in one["loads"]]
    end = max(load[1] for load in loads)
    had = [moment for one in found for moment in one["had"]]
    print(
        json.dumps(
            {
                "exit_codes": ended,
                "loads": len(loads),
                "readers": len(had),
                "values": sorted({value for one in found for value in one["values"]}),
                "behind_seconds": [max(0.0, moment - end) for moment in had],
            }
        )
    )


Pipe = tuple[int, int]
"""The ends for reading and for writing."""


class Pipes(NamedTuple):
    """How parent and children wait for each other; nothing is written but into `answers`.

    The children begin together when the last one is ready, and none ends while another one still reads: the start and
    the end of a process are work for the machine, and would be in the figures.
    """

    answers: Pipe
    ready: Pipe
    begin: Pipe
    end: Pipe


def _wait_until_closed(pipe: Pipe) -> None:
    """Wait until every process that holds the end for writing has closed it."""
    os.read(pipe[0], 1)


def _child(cache: Any, key: str, asked: dict[str, Any], pipes: Pipes) -> int:
    child = os.fork()
    if child:
        return child
    try:
        os.close(pipes.begin[1])
        os.close(pipes.end[1])
        answer = json.dumps(_read(cache, key, asked, pipes)) + "\n"
        os.write(pipes.answers[1], answer.encode())  # at once, as it is shorter than a pipe's buffer
        os.close(pipes.answers[1])
        _wait_until_closed(pipes.end)
    except BaseException:  # noqa: BLE001 - a forked child must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _read(cache: Any, key: str, asked: dict[str, Any], pipes: Pipes) -> dict[str, list[Any]]:
    get = (
        _dogpile(cache.endpoint.engine, asked["peer"])
        if "peer" in asked
        else CacheAside(cache, "stampede").get
    )
    loads: list[tuple[float, float]] = []
    had: list[float] = []
    values: list[str] = []
    begun = threading.Event()

    def load() -> str:
        began = time.time()
        time.sleep(asked["load_seconds"])
        loads.append((began, time.time()))
        return f"loaded by {os.getpid()}"

    def read() -> None:
        begun.wait()
        value = get(key, load)
        had.append(time.time())
        values.append(value)

    threads = [threading.Thread(target=read) for _ in range(asked["threads"])]
    for thread in threads:
        thread.start()
    os.close(pipes.ready[1])
    _wait_until_closed(pipes.begin)
    begun.set()
    for thread in threads:
        thread.join()
    return {"loads": loads, "had": had, "values": values}


def _dogpile(engine: str, node: tuple[str, int]) -> Any:
    """The same with dogpile.cache as people use it: its own backend, lock and pickle."""
    from dogpile.cache import make_region

    host, port = node
    if engine == "memcached":
        arguments = {"url": f"{host}:{port}", "distributed_lock": True}
        region = make_region().configure("dogpile.cache.pymemcache", 60, arguments=arguments)
    else:
        arguments = {"host": host, "port": port, "distributed_lock": True, "thread_local_lock": False}
        region = make_region().configure("dogpile.cache.redis", 60, arguments=arguments)
    return region.get_or_create


if __name__ == "__main__":
    main()
