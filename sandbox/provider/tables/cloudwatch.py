"""CloudWatch alarms on metrics, and dashboards."""

from __future__ import annotations

from ..fields import document, flag, mapping, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import from_pairs, pairs, resource_tagging
from ..work import Work

_COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
_MISSING = ("missing", "ignore", "breaching", "notBreaching")

# In the group "alarm": PutMetricAlarm takes all of an alarm each time.
_ALARM_FIELDS = {
    "name": text("AlarmName", required=True, replaces=True),
    "alarmDescription": text("AlarmDescription", group="alarm"),
    "namespace": text("Namespace", group="alarm"),
    "metricName": text("MetricName", group="alarm"),
    "dimensions": mapping("Dimensions", group="alarm"),
    "statistic": text("Statistic", group="alarm"),
    "extendedStatistic": text("ExtendedStatistic", group="alarm"),
    "unit": text("Unit", group="alarm"),
    "period": number("Period", group="alarm"),
    "evaluationPeriods": number("EvaluationPeriods", required=True, group="alarm"),
    "datapointsToAlarm": number("DatapointsToAlarm", group="alarm"),
    "comparisonOperator": text("ComparisonOperator", required=True, group="alarm", choices=_COMPARISONS),
    "threshold": number("Threshold", group="alarm"),
    "treatMissingData": text("TreatMissingData", default="missing", group="alarm", choices=_MISSING),
    "actionsEnabled": flag("ActionsEnabled", default=True, group="alarm"),
    "alarmActions": texts("AlarmActions", group="alarm"),
    "okActions": texts("OKActions", group="alarm"),
    "insufficientDataActions": texts("InsufficientDataActions", group="alarm"),
}
_DEFAULTS = {name: each.default for name, each in _ALARM_FIELDS.items() if each.default is not None}


def _put_alarm(work: Work, given: Properties, **tags: object) -> None:
    asked = request(_ALARM_FIELDS, {**_DEFAULTS, **given})
    asked["Dimensions"] = pairs(asked.get("Dimensions", {}), "Name", "Value")
    work.call("put_metric_alarm", **asked, **tags)


def _create_alarm(work: Work, given: Properties) -> str:
    _put_alarm(work, given, **work.tag_request)
    return given["name"]


def _describe_alarm(work: Work, alarm: str, state: Properties) -> Properties | None:
    found = work.call("describe_alarms", AlarmNames=[alarm], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    if not found:
        return None
    return {**found[0], "Dimensions": from_pairs(found[0].get("Dimensions"), "Name", "Value")}


def _update_alarm(work: Work, alarm: str, change: Change) -> None:
    _put_alarm(work, {**change.new, "name": alarm})


def _delete_alarm(work: Work, alarm: str, state: Properties) -> None:
    work.call("delete_alarms", AlarmNames=[alarm])


def _check_alarm(given: Properties) -> list[tuple[str, str]]:
    if given.get("metricName") is None:
        return [("metricName", "only alarms on one metric are modelled by the sandbox: give metricName")]
    if (given.get("statistic") is None) == (given.get("extendedStatistic") is None):
        return [("statistic", "give either statistic or extendedStatistic")]
    points, periods = given.get("datapointsToAlarm"), given.get("evaluationPeriods")
    if isinstance(points, int) and isinstance(periods, int) and points > periods:
        return [("datapointsToAlarm", f"must be at most evaluationPeriods ({periods}), got {points}")]
    return []


def _tagged(work: Work, alarm: str) -> dict[str, str]:
    return {"ResourceARN": work.arn(f"alarm:{alarm}")}


_ALARM = ResourceType(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "cloudwatch",
    _ALARM_FIELDS,
    create=_create_alarm,
    describe=_describe_alarm,
    delete=_delete_alarm,
    outputs={"arn": "AlarmArn"},
    updates={"alarm": _update_alarm},
    find=finding_by_name("name", _describe_alarm),
    tagging=resource_tagging(_tagged),
    auto_name=AutoName(),
    check=_check_alarm,
)

_DASHBOARD_FIELDS = {
    "dashboardName": text("DashboardName", required=True, replaces=True),
    "dashboardBody": document("DashboardBody", required=True, group="body"),
}


def _create_dashboard(work: Work, given: Properties) -> str:
    work.call("put_dashboard", **request(_DASHBOARD_FIELDS, given))
    return given["dashboardName"]


def _describe_dashboard(work: Work, dashboard: str, state: Properties) -> Properties | None:
    return work.call("get_dashboard", DashboardName=dashboard)


def _update_dashboard(work: Work, dashboard: str, change: Change) -> None:
    work.call("put_dashboard", DashboardName=dashboard, DashboardBody=change.new["dashboardBody"])


def _delete_dashboard(work: Work, dashboard: str, state: Properties) -> None:
    work.call("delete_dashboards", DashboardNames=[dashboard])


_DASHBOARD = ResourceType(
    "aws:cloudwatch/dashboard:Dashboard",
    "cloudwatch",
    _DASHBOARD_FIELDS,
    create=_create_dashboard,
    describe=_describe_dashboard,
    delete=_delete_dashboard,
    outputs={"dashboardArn": "DashboardArn"},
    updates={"body": _update_dashboard},
    find=finding_by_name("dashboardName", _describe_dashboard),
)

TYPES = table(_ALARM, _DASHBOARD)
