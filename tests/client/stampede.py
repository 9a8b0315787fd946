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
from typing import Any

from client import Endpoint, connect
from client.cache_aside import CacheAside


def main() -> None:
    asked = json.loads(sys.argv[1])
    names = {name: tuple(address) for name, address in asked["names"].items()}
    cache = connect(Endpoint(**asked["endpoint"]), 5, resolver=lambda host, port: [names[host]])
    cache.get("warm-up")  # imports and certificates; each process makes connections of its own afterwards
    key, starts_at = uuid.uuid4().hex, time.time() + 0.5
    reading, writing = os.pipe()
    children = [_child(cache, key, starts_at, asked, reading, writing) for _ in range(asked["processes"])]
    os.close(writing)
    with os.fdopen(reading) as lines:
        found = [json.loads(line) for line in lines]
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


def _child(cache: Any, key: str, starts_at: float, asked: dict[str, Any], reading: int, writing: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        os.close(reading)
        result = json.dumps(_read(cache, key, starts_at, asked)) + "\n"
        os.write(writing, result.encode())  # at once, as it is shorter than a pipe's buffer
    except BaseException:  # noqa: BLE001 - a forked child must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _read(cache: Any, key: str, starts_at: float, asked: dict[str, Any]) -> dict[str, list[Any]]:
    get = (
        _dogpile(cache.endpoint.engine, asked["peer"])
        if "peer" in asked
        else CacheAside(cache, "stampede").get
    )
    loads: list[tuple[float, float]] = []
    had: list[float] = []
    values: list[str] = []

    def load() -> str:
        began = time.time()
        time.sleep(asked["load_seconds"])
        loads.append((began, time.time()))
        return f"loaded by {os.getpid()}"

    def read() -> None:
        time.sleep(max(0.0, starts_at - time.time()))
        value = get(key, load)
        had.append(time.time())
        values.append(value)

    threads = [threading.Thread(target=read) for _ in range(asked["threads"])]
    for thread in threads:
        thread.start()
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
