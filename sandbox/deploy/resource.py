"""One resource of a stack's state, as an entry of Pulumi's deployment format 3."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from . import bags
from .bags import Bag

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"

_FILE_KEYS = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "dependencies": "dependencies",
    "init_errors": "initErrors",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "additional_secret_outputs": "additionalSecretOutputs",
    "custom_timeouts": "customTimeouts",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "ignore_changes": "ignoreChanges",
    "import_id": "importID",
    "created": "created",
    "modified": "modified",
}
_FIELDS = {key: name for name, key in _FILE_KEYS.items()}
_BAGS = ("inputs", "outputs")


@dataclass(eq=False)
class Resource:
    """A resource that exists, or (with `delete`) one that was replaced and still has to go.

    `other` keeps what another engine wrote and this one does not use. Bags are never changed in place, so that the
    text for the file is made once.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    delete: bool = False
    inputs: Bag = field(default_factory=dict)
    outputs: Bag = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    external: bool = False
    dependencies: list[str] = field(default_factory=list)
    init_errors: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    additional_secret_outputs: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    retain_on_delete: bool = False
    deleted_with: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    import_id: str = ""
    created: str = ""
    modified: str = ""
    other: Bag = field(default_factory=dict)
    _text: str | None = field(default=None, init=False, repr=False)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name != "_text":
            super().__setattr__("_text", None)

    @classmethod
    def from_file(cls, entry: Bag) -> Resource:
        """The resource of a file's entry; KeyError and TypeError say what the entry lacks."""
        known = {_FIELDS[key]: value for key, value in entry.items() if key in _FIELDS}
        known.update({name: bags.from_file(known[name] or {}) for name in _BAGS if name in known})
        resource = cls(**known)
        resource.other = {key: value for key, value in entry.items() if key not in _FIELDS}
        return resource

    @property
    def text(self) -> str:
        """The entry as JSON; kept until the resource changes, as the whole state is written at every step."""
        if self._text is None:
            entry = {}
            for name, key in _FILE_KEYS.items():
                value = getattr(self, name)
                if value or name == "custom":
                    entry[key] = bags.to_file(value) if name in _BAGS else value
            self._text = json.dumps({**entry, **self.other})
        return self._text

    @property
    def name(self) -> str:
        return self.urn.split("::", 3)[3]

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def is_default_provider(self) -> bool:
        """Whether no program wrote it: the engine makes it, and counts it nowhere."""
        return self.is_provider and (self.name == "default" or self.name.startswith("default_"))

    @property
    def is_real(self) -> bool:
        """Whether something stands behind it that a provider must delete or read."""
        return self.custom and not self.external and not self.is_provider

    @property
    def provider_urn(self) -> str:
        return self.provider.rsplit("::", 1)[0]

    def refers_to(self) -> set[str]:
        """The URNs that must not go before this resource."""
        return {self.parent, self.deleted_with, self.provider_urn, *self.dependencies} - {""}

    def same_entry(self, other: Resource) -> bool:
        """Whether both make the same entry, the times apart."""
        names = [name for name in _FILE_KEYS if name not in ("created", "modified")]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Applies a change of URNs to the resource and to all its references; "" drops a reference."""
        for name in ("parent", "provider", "deleted_with"):
            setattr(self, name, change(getattr(self, name)))
        self.dependencies = [urn for urn in map(change, self.dependencies) if urn]
        self.property_dependencies = {
            key: [urn for urn in map(change, urns) if urn] for key, urns in self.property_dependencies.items()
        }


def now() -> str:
    """The time as Pulumi writes it."""
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
