"""ElastiCache's parameters as memcached's command line."""

from __future__ import annotations

import getpass
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
    "max_item_size": "-I",
    "requests_per_event": "-R",
}
SWITCHES = {
    ("cas_disabled", "1"): "-C",
    ("disable_flush_all", "1"): "-F",
    ("error_on_memory_exhausted", "1"): "-M",
    ("watch", "0"): "-W",
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
    *("hash_algorithm", "idle_timeout", "slab_automove", "watcher_logbuf_size", "worker_logbuf_size"),
)
# Said by other means than a parameter's own option, or without one that this program has.
HANDLED = ("max_simultaneous_connections", "memcached_connections_overhead", "slab_chunk_max")
WITHOUT_OPTION = ("inline_ascii_resp", "expirezero_does_not_evict")


def arguments(spec: MemcachedSpec) -> list[str]:
    """The options for a node; what is left at the family's default stays the program's own."""
    options = ["-s", SOCKET, "-a", "700", "-u", getpass.getuser()]
    options += ["-m", str(affordable_megabytes(spec)), "-t", str(min(spec.threads, os.cpu_count() or 1))]
    options += ["-c", str(_connections(spec))]
    extended = []
    for name, value in spec.parameters.items():
        if name in FLAGS:
            options += [FLAGS[name], value]
        elif (name, value) in SWITCHES:
            options.append(SWITCHES[name, value])
        elif (name, value) in EXTENDED:
            extended.append(EXTENDED[name, value])
        elif name in EXTENDED_VALUES:
            extended.append(f"{name}={value}")
        elif name == "slab_chunk_max":
            extended.append(f"{name}={max(1, int(value) >> 10)}")
    return options + (["-o", ",".join(extended)] if extended else [])


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


def _connections(spec: MemcachedSpec) -> int:
    """As many as the service allows, or as this machine lets a process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(int(spec.parameters.get("max_simultaneous_connections", 65000)), most - OTHER_FILES)
