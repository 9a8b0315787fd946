"""Parameter groups, which ElastiCache and RDS have alike: names and the form of a parameter differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..fields import Field, blocks, dig, text
from ..resource_type import AutoName, Change, Properties, ResourceType, creating, deleting, finding_by_name
from ..tagging import arn_tagging
from ..work import Work

_PARAMETERS_PER_CALL = 20


def parameter_group(
    service: str,
    word: str,
    kind: str,
    member: str,
    parameter: Mapping[str, Field],
    reset_members: tuple[str, ...],
) -> ResourceType:
    """The row of a service: `word` stands before the API's names (`DBParameterGroup`), `kind` in the ARN.

    `member` carries the parameters in a request, each with the fields of `parameter`; a reset says `reset_members`.
    """
    group, operation = f"{word}ParameterGroup", f"{word.lower()}_parameter_group"
    name_member = f"{group}Name"
    fields = {
        "name": text(name_member, required=True, replaces=True, fold=True),
        "family": text(f"{group}Family", required=True, replaces=True),
        "description": text("Description", default="Managed by Pulumi", replaces=True),
        "parameters": blocks(member, parameter, sent=False, group="parameters"),
    }

    def describe(work: Work, name: str, state: Properties) -> Properties | None:
        found = dig(work.call(f"describe_{operation}s", **{name_member: name}), f"{group}s.0")
        if found is None:
            return None
        described = f"describe_{word.lower()}_parameters"
        return {
            **found,
            member: work.pages(described, "Parameters", **{name_member: name}, Source="user"),
        }

    def set_parameters(work: Work, name: str, change: Change) -> None:
        """Resets what went and sends what is new or changed, 20 to a call."""
        old, new = (_by_name(parameter, each.get("parameters") or []) for each in (change.old, change.new))
        gone = [{key: old[each][key] for key in reset_members} for each in sorted(set(old) - set(new))]
        changed = [new[each] for each in sorted(new) if new[each] != old.get(each)]
        for verb, every in (("reset", gone), ("modify", changed)):
            for start in range(0, len(every), _PARAMETERS_PER_CALL):
                batch = every[start : start + _PARAMETERS_PER_CALL]
                work.call(f"{verb}_{operation}", **{name_member: name, member: batch})

    return ResourceType(
        f"aws:{service}/parameterGroup:ParameterGroup",
        service,
        fields,
        create=creating(fields, f"create_{operation}", f"{group}.{name_member}"),
        describe=describe,
        delete=deleting(f"delete_{operation}", name_member),
        outputs={"arn": lambda work, name, _: work.arn(f"{kind}:{name}")},
        updates={"parameters": set_parameters},
        after_create=("parameters",),
        find=finding_by_name("name", describe, lower=True),
        tagging=arn_tagging(kind),
        auto_name=AutoName(limit=255),
    )


def _by_name(parameter: Mapping[str, Field], given: list[Properties]) -> dict[str, dict[str, Any]]:
    """Parameters as the API takes them, with what is meant where nothing is said, by their names."""
    defaults = {name: each.default for name, each in parameter.items() if each.default is not None}
    return {
        each["ParameterName"]: each
        for each in blocks(fields=parameter).to_api([{**defaults, **one} for one in given])
    }
