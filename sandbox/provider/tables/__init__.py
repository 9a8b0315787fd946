"""The tables: modules per service, one row per resource type."""

from __future__ import annotations

from . import (
    cloudwatch,
    ec2_endpoints,
    ec2_instances,
    ec2_nat,
    ec2_network,
    ec2_routes,
    ec2_security,
    elasticache_cluster,
    elasticache_groups,
    elasticache_replication,
    iam_policies,
    iam_roles,
    kms,
    lambda_,
    lambda_access,
    logs,
    rds,
    s3,
    s3_objects,
    s3_settings,
    sns,
    ssm,
)

_MODULES = (
    cloudwatch,
    ec2_endpoints,
    ec2_instances,
    ec2_nat,
    ec2_network,
    ec2_routes,
    ec2_security,
    elasticache_cluster,
    elasticache_groups,
    elasticache_replication,
    iam_policies,
    iam_roles,
    kms,
    lambda_,
    lambda_access,
    logs,
    rds,
    s3,
    s3_objects,
    s3_settings,
    sns,
    ssm,
)

TYPES = {token: row for module in _MODULES for token, row in module.TYPES.items()}
