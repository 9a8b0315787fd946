"""A registration as the resource it asks for."""

from __future__ import annotations

import re
from typing import Any

from . import bags, paths, wire
from .errors import Unsupported
from .resource import Resource

_DURATION = re.compile(r"([\d.]+)(ms|us|µs|ns|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_REFUSED = {
    "remote": "remote components",
    "transforms": "transforms",
    "state_migrations": "state migrations",
    "replace_with": "the replace_with option",
    "packageRef": "parameterized packages",
    "envVarMappings": "the env_var_mappings option",
}


def refuse_unsupported(request: Any) -> None:
    """Raises Unsupported with the name of what only the real engine can do."""
    for attribute, name in _REFUSED.items():
        if getattr(request, attribute):
            raise Unsupported(name)
    if request.HasField("replacement_trigger"):
        raise Unsupported("the replacement_trigger option")
    hooks = request.hooks
    if any(len(getattr(hooks, descriptor.name)) for descriptor in hooks.DESCRIPTOR.fields):
        raise Unsupported("resource hooks")


def goal(urn: str, request: Any, old: Resource | None) -> Resource:
    """The resource that a RegisterResourceRequest asks for, ignored changes put back, outputs still empty."""
    inputs = wire.from_struct(request.object)
    if old:
        for path in request.ignoreChanges:
            paths.put_back(old.inputs, inputs, paths.parse(path))
    resource = Resource(
        urn=urn,
        type=request.type,
        custom=request.custom,
        inputs=inputs,
        parent=request.parent,
        protect=request.protect,
        dependencies=sorted(set(request.dependencies)),
        property_dependencies={
            key: sorted(set(value.urns)) for key, value in request.propertyDependencies.items()
        },
        additional_secret_outputs=list(request.additionalSecretOutputs),
        retain_on_delete=request.retainOnDelete,
        deleted_with=request.deletedWith,
        ignore_changes=list(request.ignoreChanges),
        custom_timeouts=_timeouts(request.customTimeouts),
        import_id=request.importId,
    )
    if old:
        resource.other = old.other
    return resource


def seconds(text: str) -> float:
    """A Go duration ("1h5m", "90s") in seconds; 0 when unset."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def with_secret_outputs(resource: Resource) -> bags.Bag:
    """The outputs, those wrapped as secrets that `additional_secret_outputs` names."""
    named = resource.additional_secret_outputs
    return {key: bags.secret(value) if key in named else value for key, value in resource.outputs.items()}


def _timeouts(given: Any) -> dict[str, float]:
    found = {name: seconds(getattr(given, name)) for name in ("create", "update", "delete")}
    return {name: int(value) if value.is_integer() else value for name, value in found.items() if value}
