"""Operations on one resource, blocking: between the protocol's property values and the steps' plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from . import plan, state, steps
from .errors import FAILURES, PartlyCreated, ProviderError, one_line
from .resource_type import ResourceType
from .values import MARK_KEY, Bag, plain_bag, secret_texts
from .work import Aws, Work

State = dict[str, PropertyValue]


class Operations:
    """Creates, adopts, looks at, updates and deletes; one `Aws`, one set of default tags."""

    def __init__(self, aws: Aws, default_tags: Mapping[str, str]) -> None:
        self._aws = aws
        self._default_tags = default_tags

    def differences(
        self, row: ResourceType, old: Bag, new: Bag, digest: state.Digest
    ) -> list[plan.Difference]:
        """What the new inputs change of the old state."""
        echo, wanted = plain_bag(state.echoed(old)), plain_bag(state.echo_of(new, digest))
        return plan.differences(row, plain_bag(old), echo, wanted, self._default_tags)

    def create(self, row: ResourceType, seconds: float, inputs: Bag) -> tuple[str, State]:
        """Makes a resource; what cannot be finished is removed again."""
        work = self._work(row, seconds or row.timeouts[0], inputs)
        resource = steps.start(row, work, plain_bag(inputs), self._default_tags)
        try:
            return resource, self._finished(row, work, resource, inputs)
        except Exception as exc:
            self._undo(row, resource, inputs, exc)
            raise

    def _undo(self, row: ResourceType, resource: str, inputs: Bag, cause: Exception) -> None:
        """Removes what was half made; where that fails too, the error says so and carries what is left."""
        try:
            steps.remove(row, self._work(row, row.timeouts[2], inputs), resource, plain_bag(inputs))
        except FAILURES as exc:
            left = state.settled(row, inputs, {}, self._aws.assets.digest)
            told = [one_line(each, secret_texts(inputs)) for each in (cause, exc)]
            message = f"{told[0]}; {resource} is left half made: {told[1]}"
            raise PartlyCreated(message, resource, left) from cause

    def adopt(self, row: ResourceType, inputs: Bag) -> tuple[str, State] | None:
        """Finds and finishes what a cut creation made."""
        work = self._work(row, row.timeouts[0], inputs)
        given = plain_bag(inputs)
        resource = steps.find(row, work, given)
        if not resource:
            return None
        work.tags = plan.all_tags(given, self._default_tags)
        return resource, self._finished(row, work, resource, inputs)

    def look(self, row: ResourceType, resource: str, known: Bag) -> dict[str, Any] | None:
        """What is there now, plain; None when it is gone."""
        work = self._work(row, row.timeouts[0], known)
        return steps.look(row, work, resource, plain_bag(known), self._default_tags)

    def update(self, row: ResourceType, request: protocol.UpdateRequest) -> State:
        """Sends what changed."""
        work = self._work(row, request.timeout or row.timeouts[1], request.news)
        found = self.differences(row, request.olds, request.news, self._aws.assets.digest)
        new, old = plain_bag(request.news), plain_bag(request.olds)
        names = {each.name for each in found}
        steps.change(row, work, request.resource_id, new, old, names, self._default_tags)
        return self._settled(row, work, request.resource_id, request.news)

    def delete(self, row: ResourceType, request: protocol.DeleteRequest) -> None:
        """Removes a resource; one that is gone already is fine."""
        work = self._work(row, request.timeout or row.timeouts[2], request.properties)
        steps.remove(row, work, request.resource_id, plain_bag(request.properties))

    def _finished(self, row: ResourceType, work: Work, resource: str, inputs: Bag) -> State:
        steps.finish(row, work, resource, plain_bag(inputs))
        return self._settled(row, work, resource, inputs)

    def _settled(self, row: ResourceType, work: Work, resource: str, inputs: Bag) -> State:
        live = steps.look(row, work, resource, plain_bag(inputs), self._default_tags)
        if live is None:
            raise ProviderError(f"{row.token} {resource} vanished while it was being made")
        return state.settled(row, inputs, live, self._aws.assets.digest)

    def _work(self, row: ResourceType, seconds: float, inputs: Bag) -> Work:
        mark = inputs.get(MARK_KEY)
        return Work(self._aws, row.service, seconds, str(mark.value) if mark is not None else "")
