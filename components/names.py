"""Names that fit every limit of AWS, and the two names that a person addresses."""

import hashlib
import json
import re

COMPONENT_NAME_MAXIMUM = 32
"""A replication group's id holds 40 characters, and Pulumi's suffix takes 8 of them (R7, R10)."""

_COMPONENT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ELASTICACHE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_SUBNET_GROUP_NAME = re.compile(r"[A-Za-z0-9-]{1,255}")
_PARAMETER_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_KEY_ALIAS = re.compile(r"[A-Za-z0-9/_-]{1,250}")
_RESERVED = re.compile(r"/?(aws|ssm)", re.IGNORECASE)


def component_name_fault(name: object) -> str | None:
    """Return what is wrong with a component's name, or None.

    Pulumi only adds `-` and 7 characters to it and ElastiCache stores ids in lower case, so what would be refused
    or stored differently is refused here (R7, R9, R10, R11, R12).
    """
    if not isinstance(name, str) or not 1 <= len(name) <= COMPONENT_NAME_MAXIMUM:
        return f"{name!r} must have 1-{COMPONENT_NAME_MAXIMUM} characters, as AWS ids made of it hold 40"
    if not _COMPONENT_NAME.fullmatch(name):
        return f"{name!r} must be a-z, 0-9 and single hyphens, first a letter, last no hyphen"
    return None


def elasticache_name_fault(value: str, maximum: int) -> str | None:
    """Return what is wrong with the name of an existing group or snapshot, or None (R14, R19)."""
    if len(value) > maximum or not _ELASTICACHE_NAME.fullmatch(value):
        return f"{value!r} must be 1-{maximum} letters, digits and single hyphens, first a letter, last no hyphen"
    return None


def subnet_group_name_fault(value: str) -> str | None:
    """Return what is wrong with the name of an existing subnet group, or None (R15)."""
    if not _SUBNET_GROUP_NAME.fullmatch(value):
        return f"{value!r} must be 1-255 letters, digits and hyphens"
    return None


def member_ids(replication_group_id: str, nodes: int) -> list[str]:
    """Return the ids of a replication group's nodes, cluster mode disabled (R22)."""
    return [f"{replication_group_id}-{number:03}" for number in range(1, nodes + 1)]


def cache_node_ids(nodes: int) -> list[str]:
    """Return the ids of a Memcached cluster's nodes: growing adds the next, shrinking removes the last (R90, R174)."""
    return [f"{number:04}" for number in range(1, nodes + 1)]


def default_parameter_path(project: str, stack: str) -> str:
    """Return /PROJECT/STACK, or /pulumi/PROJECT/STACK for a project whose name AWS keeps for itself.

    Parameter Store refuses names that begin with `aws` or `ssm`, also behind a slash and within a longer word.
    """
    path = f"/{project}/{stack}"
    return f"/pulumi{path}" if _RESERVED.match(path) else path


def parameter_path_fault(path: str) -> str | None:
    """Return what is wrong with the path of a parameter, or None."""
    if not _PARAMETER_PATH.fullmatch(path) or len(path) > 900:
        return f"{path!r} must be /NAME or /NAME/NAME of letters, digits and . _ -"
    if _RESERVED.match(path):
        return f"{path!r} is refused by Parameter Store: names may not begin with aws or ssm; put a word before it"
    if path.count("/") > 14:
        return f"{path!r} is too deep: Parameter Store takes 15 levels and one is the parameter's own name"
    return None


def key_alias_fault(alias: str) -> str | None:
    """Return what is wrong with a key's alias, given without `alias/`, or None."""
    if alias.startswith(("aws/", "alias/")) or not _KEY_ALIAS.fullmatch(alias):
        return (
            f"{alias!r} must be 1-250 letters, digits and / _ - without `alias/` before them, and not begin with "
            "aws/, which is AWS's own"
        )
    return None


def stack_name(project: str, stack: str, name: str) -> str:
    """Return PROJECT-STACK-NAME for what a person looks for in CloudWatch and SNS, in the letters both take.

    Seven digits set apart what would become alike in those letters.
    """
    plain = "-".join(re.sub(r"[^A-Za-z0-9_-]", "-", part) for part in (project, stack, name))
    return f"{plain}-{hashlib.sha256(json.dumps([project, stack, name]).encode()).hexdigest()[:7]}"
