"""Alarms on every node of a cache, a topic that tells people, and a dashboard."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from .alarm_arguments import CacheAlarmsArgs
from .alarm_checks import check_cache_alarms
from .alarm_dashboard import dashboard_body
from .alarm_metrics import NAMESPACE, Alarm, Watched, alarms
from .alarm_topic import AlarmTopic
from .names import stack_name


class CacheAlarms(pulumi.ComponentResource):
    """CloudWatch alarms for each node of a cache by its real id, where to tell of them, and a dashboard.

    Creates an AlarmTopic unless topic_arn is given; an alarm per node and metric, each of which AWS bills; and the
    dashboard. Thresholds follow engine and node type. A node that is no longer measured is told by its alarm
    `cpu_percent`.
    """

    topic_arn: pulumi.Output[str]
    """SNS topic that is told when an alarm goes off and when it is over."""
    dashboard_name: pulumi.Output[str]
    """Dashboard with the alarms and a chart per metric."""
    alarm_names: pulumi.Output[Sequence[str]]
    """Names of the alarms."""

    def __init__(self, name: str, args: CacheAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checks = check_cache_alarms(name, args)
        checks.raise_problems()
        super().__init__("aws-cache:index:CacheAlarms", name, dict(args), opts)
        checks.log_warnings(self)
        child, nodes = pulumi.ResourceOptions(parent=self), int(args["node_count"])
        self.topic_arn = self._topic(name, args)
        watched = Watched(args["engine"], args["node_type"], nodes)
        kinds = alarms(watched, args.get("thresholds", {}), args.get("without", ()))
        dimensions = _dimensions(args, nodes)
        made = [
            aws.cloudwatch.MetricAlarm(
                f"{name}-{key.replace('_', '-')}-{number:03}",
                namespace=NAMESPACE,
                dimensions=where,
                alarm_description=_description(alarm, where),
                tags=args.get("tags"),
                opts=child,
                **_told(key, self.topic_arn),
                **_definition(alarm),
            )
            for number, where in enumerate(dimensions, 1)
            for key, alarm in kinds.items()
        ]
        region = aws.get_region(opts=pulumi.InvokeOptions(parent=self)).region
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=stack_name(pulumi.get_project(), pulumi.get_stack(), name),
            dashboard_body=pulumi.Output.all(
                dimensions=pulumi.Output.all(*dimensions),
                alarm_arns=pulumi.Output.all(*[each.arn for each in made]),
            ).apply(lambda known: dashboard_body(watched.engine, region, kinds, **known)),
            opts=child,
        )
        self.dashboard_name = dashboard.dashboard_name
        self.alarm_names = pulumi.Output.all(*[each.name for each in made])
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})

    def _topic(self, name: str, args: CacheAlarmsArgs) -> pulumi.Output[str]:
        """Return the caller's topic, else one of the alarms' own."""
        if "topic_arn" in args:
            return pulumi.Output.from_input(args["topic_arn"])
        given = {key: args[key] for key in ("emails", "tags") if key in args}
        return AlarmTopic(name, given, pulumi.ResourceOptions(parent=self)).topic_arn


def _dimensions(args: CacheAlarmsArgs, nodes: int) -> list[pulumi.Output[Mapping[str, str]]]:
    """Return by what CloudWatch knows each node: its cache cluster, or the node's number within it (R174)."""
    members = pulumi.Output.from_input(args["member_ids"])
    cluster = args.get("cluster_id")
    known = pulumi.Output.all(members=members, cluster=cluster)
    return [
        known.apply(lambda ids, index=index: _dimension(ids["members"], index, nodes, ids["cluster"]))
        for index in range(nodes)
    ]


def _dimension(members: Sequence[str], index: int, nodes: int, cluster: str | None) -> dict[str, str]:
    if len(members) != nodes:
        raise pulumi.RunError(
            f"the cache has {len(members)} member_ids, and node_count of its alarms is {nodes}"
        )
    return (
        {"CacheClusterId": cluster, "CacheNodeId": members[index]}
        if cluster
        else {"CacheClusterId": members[index]}
    )


def _description(alarm: Alarm, where: pulumi.Output[Mapping[str, str]]) -> pulumi.Output[str]:
    sense = "more" if alarm.comparison == "GreaterThanThreshold" else "less"
    minutes = alarm.periods * alarm.period_seconds // 60
    return where.apply(
        lambda known: (
            f"{' '.join(known.values())}: {alarm.meaning}, {sense} than {alarm.threshold:.12g} "
            f"for {minutes} minutes ({pulumi.get_project()} {pulumi.get_stack()})"
        )
    )


def _told(key: str, topic: pulumi.Output[str]) -> dict[str, list[pulumi.Output[str]]]:
    """Return who is told of what; that a node is silent is told once, by the one metric that each always has."""
    silent = {"insufficient_data_actions": [topic]} if key == "cpu_percent" else {}
    return {"alarm_actions": [topic], "ok_actions": [topic], **silent}


def _definition(alarm: Alarm) -> dict[str, object]:
    return {
        "metric_name": alarm.metric,
        "statistic": alarm.statistic,
        "comparison_operator": alarm.comparison,
        "threshold": alarm.threshold,
        "period": alarm.period_seconds,
        "evaluation_periods": alarm.periods,
        "datapoints_to_alarm": alarm.periods,
        "treat_missing_data": alarm.missing,
    }
