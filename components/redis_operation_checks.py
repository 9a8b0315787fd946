"""What is refused about how a RedisCache is protected, backed up and run."""

import re

from . import windows
from .cache_checks import check_topic_and_addresses, check_window
from .names import elasticache_name_fault
from .problems import Checks
from .retention import retention_fault

_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_S3_ARN = re.compile(r"arn:aws[a-z-]*:s3:::[^,]+")


def check_operation(checks: Checks) -> None:
    """Collect the problems of authentication, encryption, backups, windows, logs and network type."""
    _check_authentication(checks)
    _check_encryption(checks)
    _check_backups(checks)
    _check_windows(checks)
    _check_logs_and_network(checks)


def _check_authentication(checks: Checks) -> None:
    """Refuse tokens that AWS refuses (R106-R110); a message never shows one."""
    kind = checks.choice("authentication", ("token", "none"), "token")
    if kind == "token" and checks.get("transit_encryption", True) is False:
        checks.add(
            "transit_encryption",
            "a token needs TLS; keep it on, or say authentication: none to go without both",
        )
    if kind == "none":
        for key in ("auth_token", "auth_token_update_strategy"):
            if checks.args.get(key) is not None:
                checks.add(key, "contradicts authentication: none")
    checks.choice("auth_token_update_strategy", ("ROTATE", "SET"), "ROTATE")
    token = checks.get("auth_token")
    if token is not None and not _TOKEN.fullmatch(token):
        checks.add(
            "auth_token",
            f"must be 16-128 letters, digits and ! & # $ ^ < > - (got {len(token)} characters, not shown)",
        )


def _check_encryption(checks: Checks) -> None:
    """Refuse keys and modes that do not go with what they belong to (R97, R98, R101)."""
    checks.choice("transit_encryption_mode", ("preferred", "required"), "required")
    if (
        checks.args.get("transit_encryption_mode") is not None
        and checks.get("transit_encryption", True) is False
    ):
        checks.add("transit_encryption_mode", "needs transit_encryption: true (R101)")
    if checks.args.get("kms_key_arn") is not None and checks.get("at_rest_encryption", True) is False:
        checks.add("kms_key_arn", "needs at_rest_encryption: true (R97)")
    key = checks.get("kms_key_arn")
    if key is not None and not _KEY_ARN.fullmatch(key):
        checks.add("kms_key_arn", f"must be the ARN of a key, not of an alias, got {key!r} (R98)")


def _check_backups(checks: Checks) -> None:
    """Refuse backups AWS cannot keep or read (R19, R153, R156)."""
    checks.integer("snapshot_retention_days", 0, 35, default=1)
    checks.together(
        "restore_snapshot_name", "restore_snapshot_arns", "restore from a name or from ARNs, not both (R156)"
    )
    name = checks.get("restore_snapshot_name")
    # Automatic backups are called automatic.GROUP-DATE-TIME.
    fault = elasticache_name_fault(name.removeprefix("automatic."), 255) if name else None
    if fault:
        checks.add("restore_snapshot_name", fault)
    for index, arn in enumerate(checks.get("restore_snapshot_arns", ())):
        if not _S3_ARN.fullmatch(arn):
            checks.add(
                f"restore_snapshot_arns[{index}]",
                f"must be arn:aws:s3:::BUCKET/KEY without commas, got {arn!r}",
            )


def _check_windows(checks: Checks) -> None:
    """Refuse windows that are malformed, too short, or meet (R149-R151); warn of a lonely one (R152)."""
    parsers = {
        "maintenance_window": windows.maintenance_window,
        "snapshot_window": windows.snapshot_window,
    }
    found = {key: check_window(checks, key, parse) for key, parse in parsers.items()}
    spans = {key: span for key, span in found.items() if span}
    if len(spans) == 2 and windows.overlap(spans["maintenance_window"], spans["snapshot_window"]):
        text = checks.get("maintenance_window")
        checks.add(
            "snapshot_window", f"{checks.get('snapshot_window')!r} overlaps the maintenance window {text!r}"
        )
    if len(spans) == 1 and checks.ok("maintenance_window") and checks.ok("snapshot_window"):
        checks.warn(
            f"only {next(iter(spans))} is set; AWS picks the other window and they may collide later (R152)"
        )


def _check_logs_and_network(checks: Checks) -> None:
    days = checks.get("log_retention_days", 14)
    fault = retention_fault(days)
    if fault:
        checks.add("log_retention_days", fault)
    elif days and checks.get("apply_immediately", True) is False:
        checks.warn(
            "AWS changes logs at once or not at all: a later change of them needs apply_immediately: true (R163)"
        )
    check_topic_and_addresses(checks)
