"""One input property of a resource type: where it goes in the API, and what a change of it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .policy_text import canonical_json
from .values import has_unknown


@dataclass(frozen=True)
class Field:
    """One property. `api` is its member in the create request and, unless `read` differs, in the description.

    A field without `api` is sent by its update group (`group`), or is the provider's own business. `default` is what
    the property means when it is left out; a `computed` one is chosen by AWS when left out, so its absence is no
    change. `set` ignores order; `object` and `objects` have fields of their own.
    """

    kind: str = "text"
    api: str = ""
    read: str = ""
    required: bool = False
    replaces: bool | Callable[[Mapping[str, Any], Any], bool] = False
    default: Any = None
    computed: bool = False
    secret: bool = False
    fold: bool = False
    write_only: bool = False
    sent: bool = True
    group: str = ""
    choices: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)

    def normal(self, value: Any) -> Any:
        """The value in the one form in which equal settings are equal."""
        if value is None or has_unknown(value):
            return value
        if self.kind in ("text", "asset"):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return text.lower() if self.fold else text
        if self.kind == "number":
            number = float(value)
            return int(number) if number.is_integer() else number
        if self.kind == "flag":
            return str(value).lower() == "true"
        if self.kind == "json":
            return canonical_json(value)
        if self.kind == "set":
            return sorted(str(item) for item in value if item is not None)
        if self.kind == "list":
            return [str(item) for item in value]
        if self.kind == "map":
            return {str(key): str(item) for key, item in value.items() if item is not None}
        if self.kind == "object":
            return self._normal_object(value)
        return sorted(
            (self._normal_object(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True)
        )

    def _normal_object(self, value: Mapping[str, Any]) -> dict[str, Any]:
        normal = {key: self.fields[key].normal(item) for key, item in value.items() if key in self.fields}
        return {key: item for key, item in normal.items() if item is not None}

    def differs(self, old: Any, new: Any) -> bool:
        """Whether the old and the new setting mean something different; an absent one means the default."""
        if has_unknown(new):
            return old != new
        return self._effective(old) != self._effective(new)

    def _effective(self, value: Any) -> Any:
        value = self.normal(self.default if value is None else value)
        if self.kind == "object" or (self.kind == "objects" and value):
            return self._with_defaults(value)
        return None if value in ([], {}, "") else value

    def _with_defaults(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_defaults(item) for item in value] or None
        given = {key: each._effective((value or {}).get(key)) for key, each in self.fields.items()}
        return {key: item for key, item in given.items() if item is not None} or None

    def to_api(self, value: Any) -> Any:
        """The value as the API takes it."""
        if self.kind == "object":
            return request(self.fields, value)
        if self.kind == "objects":
            return [request(self.fields, item) for item in value]
        if self.kind == "json":
            return value
        if self.kind in ("set", "list"):
            return [str(item) for item in value]
        return self.normal(value)

    def from_api(self, value: Any) -> Any:
        """The API's value as Pulumi has it."""
        if self.kind == "object":
            return described(self.fields, value)
        if self.kind == "objects":
            return [described(self.fields, item) for item in value]
        return self.normal(value)

    def drifted(self, given: Any, live: Any) -> bool:
        """Whether what is there contradicts what was given; keys that were not given do not count."""
        return self.differs(given, self.limited(given, live))

    def limited(self, given: Any, live: Any) -> Any:
        """The live value with only those members that were given, as AWS fills in the others."""
        if self.kind == "object" and isinstance(given, Mapping) and isinstance(live, Mapping):
            unseen = {key: item for key, item in given.items() if self.fields[key].write_only}
            return unseen | {
                key: self.fields[key].limited(given.get(key), item)
                for key, item in live.items()
                if key in given or not self.fields[key].computed
            }
        return live


def text(api: str = "", **options: Any) -> Field:
    """A string."""
    return Field("text", api, **options)


def number(api: str = "", **options: Any) -> Field:
    """An integer or float."""
    return Field("number", api, **options)


def flag(api: str = "", **options: Any) -> Field:
    """A boolean."""
    return Field("flag", api, **options)


def document(api: str = "", **options: Any) -> Field:
    """JSON text, such as a policy; spacing and key order are no change."""
    return Field("json", api, **options)


def texts(api: str = "", **options: Any) -> Field:
    """A set of strings."""
    return Field("set", api, **options)


def block(api: str = "", fields: Mapping[str, Field] | None = None, **options: Any) -> Field:
    """One nested object."""
    return Field("object", api, fields=fields or {}, **options)


def blocks(api: str = "", fields: Mapping[str, Field] | None = None, **options: Any) -> Field:
    """A set of nested objects."""
    return Field("objects", api, fields=fields or {}, **options)


def mapping(api: str = "", **options: Any) -> Field:
    """A map of strings."""
    return Field("map", api, **options)


def replacing(each: Field) -> Field:
    """The same field, but a change of it replaces the resource."""
    return replace(each, replaces=True)


def request(
    fields: Mapping[str, Field], given: Mapping[str, Any], only: set[str] | None = None
) -> dict[str, Any]:
    """The API request for the given properties; `api` may be a dotted path."""
    result: dict[str, Any] = {}
    for name, each in fields.items():
        if not each.api or given.get(name) is None or (not each.sent if only is None else name not in only):
            continue
        target, *path = each.api.split(".")
        inner = result
        while path:
            inner, target, path = inner.setdefault(target, {}), path[0], path[1:]
        inner[target] = each.to_api(given[name])
    return result


def described(fields: Mapping[str, Field], description: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that an API description shows; what it does not mention is absent."""
    result = {}
    for name, each in fields.items():
        path = each.read or each.api
        value = None if each.write_only or not path else dig(description, path)
        if value is not None:
            result[name] = each.from_api(value)
    return result


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path through dicts and lists (`Vpcs.0.VpcId`), or None."""
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit():
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
    return value
