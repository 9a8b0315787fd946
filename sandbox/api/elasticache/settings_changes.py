"""What changes of settings have in common, of all engines or of a group and a single node."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...hosts.errors import HostsError
from . import catalogue, checks, windows, wishes
from .errors import invalid_combination, invalid_value
from .records import Cache, Settings
from .store import Store

if TYPE_CHECKING:
    from .service import Service


def split_changes(
    changes: dict[str, Any], windowed: tuple[str, ...], immediately: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what is done now, what waits for the maintenance window)."""
    if immediately:
        return changes, {}
    waiting = {name: value for name, value in changes.items() if name in windowed}
    return {name: value for name, value in changes.items() if name not in waiting}, waiting


@contextlib.contextmanager
def changed_settings(service: Service, cache: Cache, changes: dict[str, Any]) -> Iterator[None]:
    """Changes a cache's settings for the work that brings its nodes there; when that fails, it keeps the old ones."""
    before = copy.copy(cache.settings)
    for name, value in changes.items():
        setattr(cache.settings, name, value)
    try:
        if "security_group_ids" in changes:
            service.placer.change_groups(cache)
            service.context.sync()
        yield
    except BaseException:
        cache.settings = before
        with contextlib.suppress(HostsError):
            service.converge(cache)
        raise


def group_taken(cache: Cache) -> str:
    """The event of a new parameter group."""
    return f"Updated to use a CacheParameterGroup {cache.settings.parameter_group}"


def plain_changes(service: Service, store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """Windows, retention, topic, minor upgrades, security groups."""
    settings = cache.settings
    wanted = common_changes(service, store, cache, parameters)
    maintenance = parameters.get("PreferredMaintenanceWindow") or settings.maintenance_window
    snapshot = parameters.get("SnapshotWindow") or settings.snapshot_window
    windows.check(maintenance, snapshot)
    wanted["maintenance_window"], wanted["snapshot_window"] = maintenance.lower(), snapshot
    if parameters.get("SnapshotRetentionLimit") is not None:
        wanted["snapshot_retention"] = checks.snapshot_retention(parameters["SnapshotRetentionLimit"])
    return wanted


def common_changes(
    service: Service, store: Store, cache: Cache, parameters: dict[str, Any]
) -> dict[str, Any]:
    """What every engine has: topic, minor upgrades, security groups."""
    settings = cache.settings
    wanted: dict[str, Any] = {}
    if parameters.get("AutoMinorVersionUpgrade") is not None:
        wanted["auto_minor"] = parameters["AutoMinorVersionUpgrade"]
    if parameters.get("NotificationTopicArn"):
        wanted["topic_arn"] = checks.topic(parameters["NotificationTopicArn"], store.region, store.account_id)
    if parameters.get("NotificationTopicStatus"):
        wanted["topic_status"] = parameters["NotificationTopicStatus"]
    if parameters.get("SecurityGroupIds"):
        groups = wishes.security_groups(service, store, parameters["SecurityGroupIds"], settings.vpc_id)
        wanted["security_group_ids"] = groups
    return wanted


def engine_changes(store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """Engine, version, node type and parameter group, which depend on each other (R38-R42)."""
    settings = cache.settings
    engine, row = _engine(settings, parameters)
    name = parameters.get("CacheParameterGroupName")
    if name is None:
        current = store.parameter_group(settings.parameter_group)
        # The service's own groups follow the version by themselves; a group of one's own does not.
        name = f"default.{row['family']}" if current.is_default else current.name
    node_type = wishes.node_type(parameters.get("CacheNodeType") or settings.node_type, engine, row["full"])
    group = wishes.parameter_group(store, name, row["family"])
    return {"engine": engine, "version": row["version"], "node_type": node_type, "parameter_group": group}


def _engine(settings: Settings, parameters: dict[str, Any]) -> tuple[str, dict[str, str]]:
    engine = (parameters.get("Engine") or settings.engine).lower()
    asked = parameters.get("EngineVersion")
    if engine == settings.engine:
        row = catalogue.find_version(engine, asked or settings.version)
        if catalogue.as_numbers(row["version"]) < catalogue.as_numbers(settings.version):
            raise invalid_value(
                f"The engine version cannot be lowered from {settings.version} to {asked}. (make a new cache instead)"
            )
        return engine, row
    if (settings.engine, engine) != ("redis", "valkey"):
        raise invalid_combination(f"The engine cannot be changed from {settings.engine} to {engine}.")
    if not asked:
        raise invalid_combination("Changing the engine to valkey needs an EngineVersion.")
    return engine, catalogue.find_version(engine, asked)
