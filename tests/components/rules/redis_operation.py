"""What is refused about how a Redis or Valkey cache is protected, backed up and run."""

from __future__ import annotations

from tests.components.shared import TOKEN

from .case import cases

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

REFUSED = cases(
    "RedisCache",
    [
        ("", {"authentication": "password"}, "authentication", "must be token or none, got 'password'"),
        (
            "R106",
            {"transit_encryption": False},
            "transit_encryption",
            "a token needs TLS; keep it on, or say authentication: none to go without both",
        ),
        (
            "",
            {"authentication": "none", "auth_token": TOKEN},
            "auth_token",
            "contradicts authentication: none",
        ),
        (
            "",
            {"authentication": "none", "auth_token_update_strategy": "SET"},
            "auth_token_update_strategy",
            "contradicts authentication: none",
        ),
        (
            "R107",
            {"auth_token": "short"},
            "auth_token",
            "must be 16-128 letters, digits and ! & # $ ^ < > - (got 5 characters, not shown)",
        ),
        (
            "R108",
            {"auth_token": TOKEN + "@"},
            "auth_token",
            "must be 16-128 letters, digits and ! & # $ ^ < > - (got 31 characters, not shown)",
        ),
        (
            "R110",
            {"auth_token_update_strategy": "DELETE"},
            "auth_token_update_strategy",
            "must be ROTATE or SET, got 'DELETE'",
        ),
        (
            "R101",
            {"transit_encryption_mode": "maybe"},
            "transit_encryption_mode",
            "must be preferred or required, got 'maybe'",
        ),
        (
            "R101",
            {"transit_encryption": False, "authentication": "none", "transit_encryption_mode": "preferred"},
            "transit_encryption_mode",
            "needs transit_encryption: true (R101)",
        ),
        (
            "R98",
            {"kms_key_arn": "alias/shop"},
            "kms_key_arn",
            "must be the ARN of a key, not of an alias, got 'alias/shop' (R98)",
        ),
        (
            "R97",
            {"at_rest_encryption": False, "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"},
            "kms_key_arn",
            "needs at_rest_encryption: true (R97)",
        ),
        ("R153", {"snapshot_retention_days": 36}, "snapshot_retention_days", "must be 0-35, got 36"),
        ("R153", {"snapshot_retention_days": -1}, "snapshot_retention_days", "must be 0-35, got -1"),
        (
            "R149",
            {"maintenance_window": "sun:05:00-sun:05:30"},
            "maintenance_window",
            "'sun:05:00-sun:05:30' is 30 minutes; at least 60",
        ),
        (
            "R150",
            {"snapshot_window": "3-4"},
            "snapshot_window",
            "must be hh:mm-hh:mm in UTC, such as 03:00-04:00, got '3-4'",
        ),
        (
            "R151",
            {"maintenance_window": "sun:05:00-sun:06:00", "snapshot_window": "05:30-06:30"},
            "snapshot_window",
            "'05:30-06:30' overlaps the maintenance window 'sun:05:00-sun:06:00'",
        ),
        (
            "R156",
            {"restore_snapshot_name": "a", "restore_snapshot_arns": ["arn:aws:s3:::b/c"]},
            "restore_snapshot_arns",
            "restore from a name or from ARNs, not both (R156)",
        ),
        (
            "R19",
            {"restore_snapshot_name": "a--b"},
            "restore_snapshot_name",
            "'a--b' must be 1-255 letters, digits and single hyphens, first a letter, last no hyphen",
        ),
        (
            "R156",
            {"restore_snapshot_arns": ["arn:aws:s3:::b/c,d"]},
            "restore_snapshot_arns[0]",
            "must be arn:aws:s3:::BUCKET/KEY without commas, got 'arn:aws:s3:::b/c,d'",
        ),
        (
            "R162",
            {"engine_version": "5.0.6", "log_retention_days": 14},
            "log_retention_days",
            "needs redis 6.0 or later, got 5.0.6",
        ),
        (
            "R165",
            {"notification_topic_arn": "events"},
            "notification_topic_arn",
            "must be arn:aws:sns:REGION:ACCOUNT:NAME, got 'events' (R165)",
        ),
        ("", {"deletion_protection": "yes"}, "deletion_protection", "must be true or false, got 'yes'"),
        (
            "R97 R98",
            {"kms_key_arn": KEY},
            "kms_key_arn",
            "must be a key of eu-west-1, where the cache stands, got one of us-east-1 (R98)",
        ),
        (
            "R111",
            {"engine_version": "4.0.10", "node_type": "cache.m5.large", "auth_token_update_strategy": "SET"},
            "auth_token_update_strategy",
            "needs redis 5.0.6 or later, got 4.0.10",
        ),
        (
            "R165",
            {"notification_topic_arn": "arn:aws:sns:us-east-1:123456789012:events"},
            "notification_topic_arn",
            "must be a topic of eu-west-1, where the cache stands, got one of us-east-1 (R165)",
        ),
        (
            "",
            {"log_retention_days": 15},
            "log_retention_days",
            "CloudWatch keeps logs for one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
            "1096, 1827, "
            "2192, 2557, 2922, 3288, 3653 days, got 15",
        ),
    ],
)
