"""Cache parameter groups and the parameters in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import catalogue, checks
from ..errors import Refusal, invalid_combination, invalid_value
from ..paging import page
from ..parameters import allowed_text, check_value, is_modifiable
from ..records import AVAILABLE, MODIFYING, Cache, ParameterGroup
from ..registry import operation
from ..shapes import show_parameter_group
from ..store import Store
from .replication_groups import begin

if TYPE_CHECKING:
    from ..service import Service

PARAMETERS_MOST = 20
SOURCES = ("user", "system", "engine-default")


@operation("CreateCacheParameterGroup")
def create(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """An empty group of one family."""
    name = checks.identifier("CacheParameterGroupName", parameters["CacheParameterGroupName"], longest=255)
    if name in store.parameter_groups:
        raise Refusal("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
    family = parameters["CacheParameterGroupFamily"]
    if family not in catalogue.families():
        known = ", ".join(catalogue.families())
        raise invalid_value(
            f"CacheParameterGroupFamily {family} is not a valid parameter group family. (the sandbox has: {known})"
        )
    group = ParameterGroup(name, family, parameters["Description"])
    tags = checks.tags(parameters.get("Tags"))
    store.parameter_groups[name] = group
    store.tags[store.arn("parametergroup", name)] = tags
    return {"CacheParameterGroup": show_parameter_group(store, group)}


@operation("DescribeCacheParameterGroups")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """One group, or all in pages, the service's own included."""
    name = parameters.get("CacheParameterGroupName")
    groups = [store.parameter_group(name)] if name else [g for _, g in sorted(store.parameter_groups.items())]
    return page("CacheParameterGroups", [show_parameter_group(store, group) for group in groups], parameters)


@operation("DescribeCacheParameters")
def describe_parameters(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a group; `user` are those set in it, `system` those with the family's value."""
    group = store.parameter_group(parameters["CacheParameterGroupName"])
    source = parameters.get("Source")
    if source is not None and source not in SOURCES:
        raise invalid_value(f"Invalid Source: {source}. Valid values are: {', '.join(SOURCES)}")
    rows = [_show(row, group) for _, row in sorted(catalogue.parameters_of(group.family).items())]
    return page("Parameters", [row for row in rows if source in (None, row["Source"])], parameters)


@operation("DescribeEngineDefaultParameters")
def describe_defaults(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a family."""
    family = parameters["CacheParameterGroupFamily"]
    if family not in catalogue.families():
        raise invalid_value(f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
    empty = ParameterGroup("", family, "")
    answer = page(
        "Parameters",
        [_show(r, empty) for _, r in sorted(catalogue.parameters_of(family).items())],
        parameters,
    )
    return {"EngineDefaults": {"CacheParameterGroupFamily": family, **answer}}


@operation("ModifyCacheParameterGroup")
def modify(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Set values; caches that use the group take them at once."""
    group = _own(store, parameters["CacheParameterGroupName"])
    pairs = parameters.get("ParameterNameValues") or []
    if not 1 <= len(pairs) <= PARAMETERS_MOST:
        raise invalid_value(f"Between 1 and {PARAMETERS_MOST} parameters can be modified in one request.")
    attached = _users(store, group)
    wanted = {pair["ParameterName"].lower(): pair.get("ParameterValue") or "" for pair in pairs}
    for name, value in wanted.items():
        check_value(group, name, value, attached=bool(attached))
    merged = {**group.values, **wanted}
    if merged.get("reserved-memory") and merged.get("reserved-memory-percent"):
        raise invalid_combination("reserved-memory and reserved-memory-percent exclude each other.")
    group.values = merged
    _apply(service, attached)
    return {"CacheParameterGroupName": group.name}


@operation("ResetCacheParameterGroup")
def reset(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Back to the family's values, for the named parameters or all."""
    group = _own(store, parameters["CacheParameterGroupName"])
    everything, pairs = parameters.get("ResetAllParameters"), parameters.get("ParameterNameValues") or []
    if bool(everything) == bool(pairs):
        raise invalid_combination("Give ResetAllParameters or ParameterNameValues.")
    names = list(group.values) if everything else [pair["ParameterName"].lower() for pair in pairs]
    for name in names:
        check_value(group, name, None, attached=False)
    group.values = {name: value for name, value in group.values.items() if name not in names}
    _apply(service, _users(store, group))
    return {"CacheParameterGroupName": group.name}


@operation("DeleteCacheParameterGroup")
def delete(service: Service, store: Store, parameters: dict[str, Any]) -> None:
    """Forget a group that no cache uses."""
    group = _own(store, parameters["CacheParameterGroupName"])
    users = _users(store, group) + [c for c in store.caches if c.pending.get("parameter_group") == group.name]
    if users:
        names = ", ".join(cache.name for cache in users)
        raise Refusal(
            "InvalidCacheParameterGroupState", f"Cache parameter group {group.name} is in use. (by {names})"
        )
    del store.parameter_groups[group.name]
    store.tags.pop(store.arn("parametergroup", group.name), None)


def _show(row: dict[str, Any], group: ParameterGroup) -> dict[str, Any]:
    own = row["name"] in group.values
    return {
        "ParameterName": row["name"],
        "ParameterValue": group.values.get(row["name"], row["default"]),
        "Description": row["name"],
        "Source": "user" if own and not group.is_default else "system",
        "DataType": row["type"],
        "AllowedValues": allowed_text(row["allowed"]),
        "IsModifiable": not group.is_default and is_modifiable(row),
        "MinimumEngineVersion": row["min_version"],
        "ChangeType": row["change_type"] or "immediate",
    }


def _own(store: Store, name: str) -> ParameterGroup:
    group = store.parameter_group(name)
    if group.is_default:
        raise invalid_value(
            f"The default cache parameter group {group.name} cannot be changed. (make one of your own)"
        )
    return group


def _users(store: Store, group: ParameterGroup) -> list[Cache]:
    return [cache for cache in store.caches if cache.settings.parameter_group == group.name]


def _apply(service: Service, caches: list[Cache]) -> None:
    """Bring the group's caches up to date, each after the answer; a busy one takes the values when it is done."""
    for cache in caches:
        if cache.status == AVAILABLE:
            begin(cache, MODIFYING)
        if cache.status == MODIFYING:
            service.start_job(cache, lambda cache=cache: service.converge(cache))
