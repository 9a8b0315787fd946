"""What is refused about CacheAlarms before anything is created, and what is warned of."""

from .alarm_arguments import CacheAlarmsArgs
from .alarm_metrics import SERVERS, Watched, names, why_absent
from .alarm_topic import check_emails
from .cache_checks import TOPIC_ARN
from .engines import DEFAULT_VERSIONS
from .memcached_checks import MAXIMUM_NODES
from .node_types import known, node_type_fault, node_type_warnings
from .problems import Checks, check_component_name
from .shapes import is_output
from .wording import did_you_mean

_MOST_SERVERS = 6  # a primary and five replicas
_MOST = {
    "cpu_percent": (1, 100),
    "memory_percent": (1, 100),
    "disk_percent": (1, 100),
    "connections": (1, 65_000),
    "cpu_credits": (1, 576),
}
"""Range of a threshold that is not any number from 0 (R185)."""


def check_cache_alarms(name: str, args: CacheAlarmsArgs) -> Checks:
    """Collect every problem of these arguments, and what to warn of."""
    checks = Checks.of(CacheAlarmsArgs, args, "CacheAlarms", name)
    check_component_name(checks, name)
    engine = checks.choice("engine", list(DEFAULT_VERSIONS), default="redis")
    most = _MOST_SERVERS if engine in SERVERS else MAXIMUM_NODES
    nodes = checks.integer("node_count", 1, most, default=1)
    _check_node_type(checks)
    _check_members(checks, engine, nodes)
    _check_receivers(checks)
    if engine and nodes and checks.get("node_type"):
        _check_alarms(checks, Watched(engine, checks.get("node_type"), nodes))
    return checks


def _check_node_type(checks: Checks) -> None:
    """Refuse what is no node type; which engine may have it is for the cache to say."""
    node_type = checks.get("node_type")
    if node_type is None or known(node_type):
        return
    fault = node_type_fault(node_type, "redis", DEFAULT_VERSIONS["redis"])
    if fault:
        checks.add("node_type", fault)
    for text in node_type_warnings(node_type) if not fault else ():
        checks.warn(text)


def _check_members(checks: Checks, engine: str | None, nodes: int | None) -> None:
    members = checks.get("member_ids")
    if members is not None and nodes is not None and len(members) != nodes:
        checks.add("member_ids", f"must be one id per node: {nodes} of them, got {len(members)}")
    given = checks.args.get("cluster_id") is not None
    if engine == "memcached" and not given:
        checks.add("cluster_id", "is required with memcached: its nodes are measured within the cluster")
    elif engine in SERVERS and given:
        checks.add("cluster_id", f"is of Memcached only; member_ids are what {engine} is measured by")


def _check_receivers(checks: Checks) -> None:
    """Refuse addresses and topics that are none, and both at once; warn when nobody is told."""
    check_emails(checks)
    topic = checks.args.get("topic_arn")
    if (
        topic is not None
        and checks.ok("topic_arn")
        and not is_output(topic)
        and not TOPIC_ARN.fullmatch(topic)
    ):
        checks.add("topic_arn", f"must be arn:aws:sns:REGION:ACCOUNT:NAME, got {topic!r}")
    if topic is not None and checks.args.get("emails"):
        checks.add(
            "emails",
            "go to a topic of the alarms' own: leave topic_arn out, or subscribe them there yourself",
        )
    if topic is None and not checks.args.get("emails"):
        checks.warn("nobody is told of an alarm: give emails, or subscribe to the output topic_arn")


def _check_alarms(checks: Checks, watched: Watched) -> None:
    """Refuse thresholds out of range (R185), alarms there are not, and those this cache does not have."""
    for key, value in checks.get("thresholds", {}).items():
        low, high = _MOST.get(key, (0, None))
        reason = why_absent(key, watched)
        if reason:
            checks.add(f"thresholds.{key}", f"{reason}; leave it out")
        elif value < low or (high is not None and value > high):
            span = f"{low}-{high}" if high is not None else f"{low} or more"
            checks.add(f"thresholds.{key}", f"must be {span}, got {value}")
    for index, key in enumerate(checks.get("without", ())):
        if key not in names():
            hint = did_you_mean(key, names()) or f"; known: {', '.join(names())}"
            checks.add(f"without[{index}]", f"there is no alarm {key!r}{hint}")
        elif key in checks.get("thresholds", {}):
            checks.add(f"without[{index}]", f"{key} has a threshold too; give one of them")
    if set(checks.get("without", ())) >= {key for key in names() if why_absent(key, watched) is None}:
        checks.add("without", "leaves no alarm; leave CacheAlarms out")
