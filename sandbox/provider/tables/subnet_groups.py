"""Subnet groups, which ElastiCache and RDS have alike: only the words before their names differ."""

from __future__ import annotations

from ..fields import dig, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, creating, deleting, finding_by_name
from ..tagging import arn_tagging
from ..work import Work

_DESCRIPTION = "Managed by Pulumi"


def subnet_group(service: str, word: str, kind: str) -> ResourceType:
    """The row of a service: `word` stands before the API's names (`DBSubnetGroup`), `kind` in the ARN."""
    group, operation = f"{word}SubnetGroup", f"{word.lower()}_subnet_group"
    name_member = f"{group}Name"
    fields = {
        # Stored in lower case by the service (R9), so another case is no change.
        "name": text(name_member, required=True, replaces=True, fold=True),
        "description": text(f"{group}Description", default=_DESCRIPTION, group="group"),
        "subnetIds": texts("SubnetIds", required=True, group="group"),
    }

    def describe(work: Work, name: str, state: Properties) -> Properties | None:
        found = dig(work.call(f"describe_{operation}s", **{name_member: name}), f"{group}s.0")
        if found is None:
            return None
        return {**found, "SubnetIds": [subnet["SubnetIdentifier"] for subnet in found.get("Subnets", [])]}

    def modify(work: Work, name: str, change: Change) -> None:
        work.call(f"modify_{operation}", **request(fields, {"description": _DESCRIPTION, **change.new}))

    return ResourceType(
        f"aws:{service}/subnetGroup:SubnetGroup",
        service,
        fields,
        create=creating(fields, f"create_{operation}", f"{group}.{name_member}"),
        describe=describe,
        delete=deleting(f"delete_{operation}", name_member),
        outputs={"arn": lambda work, name, _: work.arn(f"{kind}:{name}"), "vpcId": "VpcId"},
        updates={"group": modify},
        find=finding_by_name("name", describe, lower=True),
        tagging=arn_tagging(kind),
        auto_name=AutoName(limit=255),
    )
