"""Which actions on which resources an operation of the API needs: the services that instances and functions call.

From the service authorization reference. An operation that is not here is refused to roles as not modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import secured, stored
from .authorization import Need
from .operation import Operation

# Operation -> kind and name of the resource, the name being a parameter ("*" where left out), or "*" alone.
_PLAIN: dict[str, dict[str, str]] = {
    "cloudwatch": {
        "DescribeAlarms": "alarm:*",
        "GetMetricData": "*",
        "GetMetricStatistics": "*",
        "ListMetrics": "*",
        "PutMetricData": "*",
    },
    "elasticache": {
        "DescribeCacheClusters": "cluster:CacheClusterId",
        "DescribeReplicationGroups": "replicationgroup:ReplicationGroupId",
    },
    "lambda": {"ListFunctions": "*"},
    "secretsmanager": {"GetRandomPassword": "*", "ListSecrets": "*"},
    "ssm": {"DescribeParameters": "*"},
}
_LOGS = (
    "CreateLogGroup",
    "CreateLogStream",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "PutLogEvents",
)


def needs(operation: Operation) -> list[Need]:
    """What the operation needs; raises NotEvaluated when the sandbox does not know."""
    plain = _PLAIN.get(operation.service, {}).get(operation.name)
    if plain:
        return [Need(f"{operation.service}:{operation.name}", _resource(operation, plain))]
    if operation.service not in _BY_SERVICE:
        raise operation.unknown()
    return list(_BY_SERVICE[operation.service](operation))


def _resource(operation: Operation, written: str) -> str:
    kind, _, name = written.partition(":")
    return operation.arn(f"{kind}:{operation.of(name)}") if name else "*"


def _ec2(operation: Operation) -> Iterator[Need]:
    if not operation.name.startswith("Describe"):
        raise operation.unknown()
    yield Need(f"ec2:{operation.name}", "*")


def _sts(operation: Operation) -> Iterator[Need]:
    if operation.name != "GetCallerIdentity":  # which nobody can be refused
        raise operation.unknown()
    yield from ()


def _logs(operation: Operation) -> Iterator[Need]:
    if operation.name not in _LOGS:
        raise operation.unknown()
    group, stream = operation.of("logGroupName", ""), operation.of("logStreamName", "")
    # Whatever is asked of the group is asked of "no stream" in it.
    yield Need(f"logs:{operation.name}", operation.arn(f"log-group:{group}:log-stream:{stream}"))


_BY_SERVICE: dict[str, Callable[[Operation], Iterator[Need]]] = {
    "ec2": _ec2,
    "kms": secured.key,
    "lambda": secured.function,
    "logs": _logs,
    "s3": stored.objects,
    "secretsmanager": secured.secret,
    "ssm": stored.parameters,
    "sts": _sts,
}
