"""ElastiCache's parameters as memcached's command line."""

from __future__ import annotations

import math
import os
import resource

from .memcached_specification import MemcachedSpec

SOCKET = "cache.sock"
# What the process itself needs beside its clients' connections.
OTHER_FILES = 100
FLAGS = {
    "backlog_queue_limit": "-b",
    "binding_protocol": "-B",
    "chunk_size": "-n",
    "chunk_size_growth_factor": "-f",
    "requests_per_event": "-R",
}
SWITCHES = {
    ("cas_disabled", "1"): "-C",
    ("disable_flush_all", "1"): "-F",
    ("error_on_memory_exhausted", "1"): "-M",
}
EXTENDED = {
    ("lru_crawler", "0"): "no_lru_crawler",
    ("lru_crawler", "1"): "lru_crawler",
    ("lru_maintainer", "0"): "no_lru_maintainer",
    ("lru_maintainer", "1"): "lru_maintainer",
    ("maxconns_fast", "0"): "no_maxconns_fast",
    ("maxconns_fast", "1"): "maxconns_fast",
    ("modern", "0"): "no_modern",
    ("modern", "1"): "modern",
    ("no_modern", "0"): "no_modern",
    ("slab_reassign", "0"): "no_slab_reassign",
    ("slab_reassign", "1"): "slab_reassign",
    ("track_sizes", "1"): "track_sizes",
}
EXTENDED_VALUES = (
    "hash_algorithm",
    "idle_timeout",
    "slab_automove",
    "watcher_logbuf_size",
    "worker_logbuf_size",
)
ITEM_SIZE, CHUNK_MOST = 1 << 20, 512
WITHOUT_OPTION = ("inline_ascii_resp", "expirezero_does_not_evict")


def arguments(spec: MemcachedSpec) -> list[str]:
    """The options for a node; what is left at the family's default stays the program's own."""
    options = ["-s", SOCKET, "-a", "700"]
    if os.geteuid() == 0:
        options += ["-u", "root"]  # inside the hosts' namespaces, where that is the invoking user
    options += ["-m", str(affordable_megabytes(spec)), "-t", str(min(spec.threads, os.cpu_count() or 1))]
    options += ["-c", str(_connections(spec)), "-I", str(_item_kilobytes(spec) << 10)]
    extended = [f"slab_chunk_max={_chunk_kilobytes(spec)}"]
    for name, value in spec.parameters.items():
        if name in FLAGS:
            options += [FLAGS[name], value]
        elif (name, value) in SWITCHES:
            options.append(SWITCHES[name, value])
        elif (name, value) in EXTENDED:
            extended.append(EXTENDED[name, value])
        elif name in EXTENDED_VALUES:
            extended.append(f"{name}={value}")
    return [*options, "-o", ",".join(extended)]


def unapplied(spec: MemcachedSpec) -> dict[str, str]:
    """The parameters that the program has no option for."""
    return {
        name: "memcached has no such option any more" for name in spec.parameters if name in WITHOUT_OPTION
    }


def affordable_megabytes(spec: MemcachedSpec) -> int:
    """The node type's memory without what connections take, or what this machine can spare: a 16th of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    overhead = int(spec.parameters.get("memcached_connections_overhead", 100))
    return max(1, min(spec.megabytes - overhead, machine // 16))


def _item_kilobytes(spec: MemcachedSpec) -> int:
    """The program wants full kilobytes, so the limit is up to 1023 bytes higher than asked for."""
    return -(-int(spec.parameters.get("max_item_size", ITEM_SIZE)) >> 10)


def _chunk_kilobytes(spec: MemcachedSpec) -> int:
    """Large items are kept in chunks. The program starts only with a size that divides the largest item and a page."""
    if "slab_chunk_max" in spec.parameters:
        return max(1, int(spec.parameters["slab_chunk_max"]) >> 10)
    return math.gcd(_item_kilobytes(spec), CHUNK_MOST)


def _connections(spec: MemcachedSpec) -> int:
    """As many as the service allows, or as this machine lets a process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(int(spec.parameters.get("max_simultaneous_connections", 65000)), most - OTHER_FILES)
