"""What has to be done to a resource that exists: nothing, an update, or a replacement."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.provider import Provider

from . import paths
from .bags import Bag
from .resource import Resource
from .wire import to_properties


@dataclass(frozen=True)
class Change:
    """`op` is same, update or replace; `changed` and `reasons` are property names."""

    op: str
    changed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    delete_first: bool = False


def changed_keys(old: Bag, new: Bag) -> tuple[str, ...]:
    """The names of the properties that differ; a provider's own ones, which begin with `__`, are nobody's business."""
    differing = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    return tuple(sorted(key for key in differing if not key.startswith("__")))


def component_change(old: Resource, new: Resource) -> Change:
    """A component has no provider: its recorded inputs are compared."""
    changed = changed_keys(old.inputs, new.inputs)
    return Change("update" if changed else "same", changed)


async def provider_change(
    provider: Provider, old: Resource, new: Resource, replace_on_changes: list[str]
) -> Change:
    """Asks the provider what differs; a provider that does not know leaves it to a comparison of the inputs."""
    if _moved(old.provider, new.provider):
        return Change("replace", ("provider",), ("provider",))
    answer = await provider.diff(
        sdk.DiffRequest(
            new.urn, old.id, to_properties(old.outputs), to_properties(new.inputs), new.ignore_changes
        )
    )
    found = {*answer.diffs, *answer.detailed_diff}
    reasons = set(answer.replaces)
    reasons |= {path for path, diff in answer.detailed_diff.items() if diff.kind.name.endswith("_REPLACE")}
    if answer.changes is None:
        found |= set(changed_keys(old.inputs, new.inputs))
    if not (answer.changes or (answer.changes is None and found)):
        return Change("update", ("initialization",)) if old.init_errors else Change("same")
    reasons |= paths.forces_replacement(found, replace_on_changes)
    return Change(
        "replace" if reasons else "update",
        _roots(found | reasons),
        _roots(reasons),
        answer.delete_before_replace,
    )


def _roots(found: set[str]) -> tuple[str, ...]:
    return tuple(sorted({paths.root(path) for path in found}))


def _moved(old: str, new: str) -> bool:
    """Whether a resource goes to another provider; from one default provider to another it stays where it is."""
    old_urn, new_urn = old.rsplit("::", 1)[0], new.rsplit("::", 1)[0]
    both_default = all(urn.rsplit("::", 1)[-1].startswith("default") for urn in (old_urn, new_urn))
    return bool(old) and old_urn != new_urn and not both_default
