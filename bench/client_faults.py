"""What each fault costs a client with a deadline of 250 ms: the longest call, errors, the account, and the recovery.

Two threads count, write and read at 16 keys. `over ms` is the longest call beyond the deadline (at most 50), `back ms`
the time from the end of the cause to the last failure's end or the first success (at most 300). For Memcached, which
keeps nothing elsewhere, `lost` counts what a node took with it or what moved to another one; for Redis it has to be 0.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from _results import show

from tests.client import memcached_trials, redis_trials
from tests.client.trials import DEADLINE_SECONDS, Account

OVER_MS, BACK_MS = 50, 300


def redis_account(fault: str) -> Account:
    with tempfile.TemporaryDirectory() as folder:
        return redis_trials.account_of(fault, Path(folder) / "pair")


def row(engine: str, fault: str, measure: Callable[[str], Account], runs: int) -> dict[str, object]:
    """The worst of the runs in times, their sum in the account."""
    accounts = [measure(fault) for _ in range(runs)]
    errors: Counter[str] = Counter()
    for account in accounts:
        errors.update(account.errors)
    longest = max(account.longest for account in accounts)
    back = [account.recovery for account in accounts if account.recovery is not None]
    over_ms, back_ms = (
        round((longest - DEADLINE_SECONDS) * 1000, 1),
        round(max(back) * 1000, 1) if back else None,
    )
    sums = {
        name: sum(getattr(account, name) for account in accounts)
        for name in ("lost", "doubled", "unknown", "stale")
    }
    holds = over_ms <= OVER_MS and (back_ms or 0) <= BACK_MS and not (sums["doubled"] or sums["stale"])
    holds = holds and not (engine == "Redis" and sums["lost"])
    strangers = sum(len(account.strangers) for account in accounts)
    return {
        "engine": engine,
        "fault": fault,
        "calls": sum(account.calls for account in accounts),
        "longest ms": round(longest * 1000, 1),
        "over ms": max(over_ms, 0),
        "back ms": "-" if back_ms is None else back_ms,
        **sums,
        "strangers": strangers,
        "holds": "yes" if holds and not strangers else "NO",
        "errors": ", ".join(f"{name} {count}" for name, count in errors.most_common()) or "none",
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=3, help="how often each fault is caused")
    runs = arguments.parse_args().runs
    rows = [row("Redis", fault, redis_account, runs) for fault in redis_trials.FAULTS]
    rows += [row("Memcached", fault, memcached_trials.account_of, runs) for fault in memcached_trials.FAULTS]
    show("client_faults", rows)


if __name__ == "__main__":
    main()
