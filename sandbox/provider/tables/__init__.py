"""The tables: modules per service, one row per resource type."""

from __future__ import annotations

from . import (
    ec2_endpoints,
    ec2_instances,
    ec2_network,
    ec2_routes,
    ec2_security,
    elasticache_cluster,
    elasticache_groups,
    elasticache_replication,
    iam,
    kms,
    lambda_,
    lambda_access,
    logs,
    s3,
    s3_objects,
    ssm,
)

_MODULES = (
    ec2_endpoints,
    ec2_instances,
    ec2_network,
    ec2_routes,
    ec2_security,
    elasticache_cluster,
    elasticache_groups,
    elasticache_replication,
    iam,
    kms,
    lambda_,
    lambda_access,
    logs,
    s3,
    s3_objects,
    ssm,
)

TYPES = {token: row for module in _MODULES for token, row in module.TYPES.items()}
