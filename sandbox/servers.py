"""The server programs behind caches and databases: which of them this machine lacks, with the way out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .api.databases import server as databases
from .engines import server as engines
from .engines.errors import EngineUnavailable

DATABASES = ("mysql",)


def missing() -> dict[str, str]:
    """The engines that cannot run here, each with the reason; 0.1 s, as each program is asked for its version."""
    names = [*engines.PACKAGES, *DATABASES]
    with ThreadPoolExecutor(len(names)) as pool:
        found = zip(names, pool.map(why_missing, names), strict=True)
        return {engine: reason for engine, reason in found if reason}


def why_missing(engine: str) -> str | None:
    """Why an engine cannot run here; None where it can, and for an engine that the API itself refuses."""
    try:
        if engine in engines.PACKAGES:
            engines.find_server(engine, databases.PATH)
        elif engine in DATABASES:
            databases.find_server()
    except (EngineUnavailable, databases.NoServer) as error:
        return str(error)
    return None
