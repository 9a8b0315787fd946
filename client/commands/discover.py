"""The nodes of a Memcached cluster, as each client finds them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

import click

from ..cluster_view import ClusterView, NodeView
from ..errors import CacheError
from ..exits import complain, said_of
from ._options import Options, common_options
from ._reporting import clients, console

_TIMEOUT_SECONDS = 5.0
_REMOTE_SECONDS = 30.0  # more, until the command has begun on an instance or the cold function answers


@click.command()
@common_options
def command(options: Options) -> int:
    """Show the nodes, the configuration's version, the ring's fingerprint and the keys of each node.

    Ends with 1 when a node does not answer, or when clients place keys in different ways.
    """
    views, failures = _views(options)
    if options.as_json:
        found = {place: dataclasses.asdict(view) for place, view in views.items()}
        answers = found | {place: {"error": str(error)} for place, error in failures.items()}
        click.echo(json.dumps({"ok": _is_whole(views) and not failures, "clients": answers}))
    elif views:
        _show(views)
    for place, error in failures.items():
        complain(said_of(place, str(error)), error.exit_code)
    if failures:
        return next(iter(failures.values())).exit_code
    return 0 if _is_whole(views) else 1


def _views(options: Options) -> tuple[dict[str, ClusterView], dict[str, CacheError]]:
    """What each client sees, and the errors of those that see nothing."""
    from ..work import raise_error

    seconds = options.timeout_seconds or _TIMEOUT_SECONDS
    views: dict[str, ClusterView] = {}
    failures: dict[str, CacheError] = {}
    for place in clients(options):
        try:
            answer = place.run("discover", {"deadline_seconds": seconds}, seconds + _REMOTE_SECONDS)
            raise_error(answer, place.name)
            views[place.name] = ClusterView.from_mapping(answer["cluster"])
        except CacheError as error:
            failures[place.name] = error
    return views, failures


def _is_whole(views: Mapping[str, ClusterView]) -> bool:
    """Whether every client reaches every node, and all place keys alike."""
    silent = any(node.fault for view in views.values() for node in view.nodes)
    return not silent and len({view.fingerprint for view in views.values()}) == 1


def _show(views: Mapping[str, ClusterView]) -> None:
    from rich.console import Console

    out = Console()
    seen: dict[str, list[str]] = {}
    for place, view in views.items():
        seen.setdefault(view.fingerprint, []).append(place)
    for fingerprint, places in seen.items():
        view = views[places[0]]
        out.print(
            f"{', '.join(places)}: version {view.version}, {len(view.nodes)} nodes, ring {fingerprint}",
            highlight=False,
            soft_wrap=True,
        )
        out.print(_table(view))
        for place in places:
            for node in views[place].nodes:
                if node.fault:
                    out.print(
                        f"{place}: {node.fault}", style="red", highlight=False, markup=False, soft_wrap=True
                    )
    if len(seen) > 1:
        console().print("the clients place keys in different ways", style="red", highlight=False)


def _table(view: ClusterView) -> object:
    from rich.table import Table

    table = Table(header_style="bold")
    for heading in ("node", "address"):
        table.add_column(heading, overflow="fold")
    for heading in ("keys", "share"):
        table.add_column(heading, justify="right")
    for node in view.nodes:
        table.add_row(node.name, node.address, _keys(node), f"{node.share:.1%}")
    return table


def _keys(node: NodeView) -> str:
    return "-" if node.keys is None else str(node.keys)
