"""The state that Pulumi keeps of a resource: what is there, with the inputs echoed beside it.

Pulumi's diff is given the state and the new inputs only, so an input that was removed would go unseen; and a state
shows what is there, from which one cannot tell what had been asked for. Hence the echo, under a reserved key. Assets
are echoed as digests. Whatever was secret as an input stays secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from .fields import Field
from .resource_type import ResourceType
from .values import INPUTS_KEY, Bag, plain, with_digests, wrap

Digest = Callable[[Any], str]


def echo_of(inputs: Bag, digest: Digest) -> dict[str, PropertyValue]:
    """The inputs as they are kept in the state."""
    given = {
        key: value for key, value in inputs.items() if not key.startswith("__") and value.value is not None
    }
    return {key: with_digests(value, digest) for key, value in given.items()}


def echoed(state: Bag) -> dict[str, PropertyValue]:
    """The inputs that the state was made with."""
    kept = state.get(INPUTS_KEY)
    return dict(kept.value) if kept is not None and isinstance(kept.value, Mapping) else {}


def settled(
    row: ResourceType, inputs: Bag, live: Mapping[str, Any], digest: Digest
) -> dict[str, PropertyValue]:
    """The state after a create or update: the inputs as given, and what only the API knows."""
    fields = row.all_fields()
    given = {
        key: value for key, value in inputs.items() if not key.startswith("__") and value.value is not None
    }
    state = {key: wrap(each.default) for key, each in fields.items() if each.default is not None}
    state |= {key: wrap(value, _is_secret(row, key)) for key, value in live.items()}
    for key, value in given.items():
        if key in live and fields[key].kind == "object":
            whole = {**live[key], **plain(value)}
            state[key] = wrap(whole, value.contains_secret())
        else:
            state[key] = value
    return state | {INPUTS_KEY: PropertyValue(echo_of(inputs, digest))}


def _is_secret(row: ResourceType, name: str) -> bool:
    each = row.all_fields().get(name)
    return name in row.secret_outputs or (each is not None and each.secret)


def planned(
    row: ResourceType, inputs: Bag, values: Mapping[str, Any], old: Bag, digest: Digest
) -> dict[str, PropertyValue]:
    """The state that a preview announces: the old one, the new inputs, and what is known of the rest."""
    fields = row.all_fields()
    removed = [key for key in echoed(old) if key not in inputs and not fields[key].computed]
    state = {key: value for key, value in old.items() if key not in removed}
    state |= {key: wrap(fields[key].default) for key in removed if fields[key].default is not None}
    state |= {
        key: wrap(value) for key, value in values.items() if key not in inputs or inputs[key].value is None
    }
    state |= {
        key: value for key, value in inputs.items() if not key.startswith("__") and value.value is not None
    }
    return state | {INPUTS_KEY: PropertyValue(echo_of(inputs, digest))}


class Refresh:
    """Brings a state and its inputs in line with what is there; equal settings keep their spelling."""

    def __init__(self, row: ResourceType, state: Bag, inputs: Bag) -> None:
        self.row, self.fields = row, row.all_fields()
        self.state, self.inputs = dict(state), dict(inputs)
        self.echo = echoed(state)

    def apply(self, live: Mapping[str, Any]) -> None:
        """Takes over what was seen."""
        for name, value in live.items():
            each = self.fields.get(name)
            if each is None:
                self._output(name, value)
            elif name in self.echo:
                self._given(name, each, value)
            else:
                self._not_given(name, each, value)
        for name in [name for name in self.echo if name not in live and self._readable(name)]:
            if self.fields[name].differs(plain(self.echo[name]), None):
                for bag in (self.echo, self.inputs, self.state):
                    bag.pop(name, None)
        self.state[INPUTS_KEY] = PropertyValue(dict(self.echo))

    def _readable(self, name: str) -> bool:
        each = self.fields.get(name)
        return each is not None and not each.write_only and bool(each.api or each.read)

    def _output(self, name: str, value: Any) -> None:
        old = self.state.get(name)
        if old is None or plain(old) != value:
            self.state[name] = wrap(value, _is_secret(self.row, name) or (old is not None and old.is_secret))

    def _given(self, name: str, each: Field, value: Any) -> None:
        given = plain(self.echo[name])
        if each.drifted(given, value):
            secret = each.secret or self.echo[name].contains_secret()
            self.state[name] = wrap(value, secret)
            self.echo[name] = self.inputs[name] = wrap(each.limited(given, value), secret)

    def _not_given(self, name: str, each: Field, value: Any) -> None:
        old = self.state.get(name)
        if old is None or each.differs(plain(old), value):
            self.state[name] = wrap(value, each.secret)
        if not each.computed and each.differs(None, value):
            self.echo[name] = self.inputs[name] = wrap(value, each.secret)
