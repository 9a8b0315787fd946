"""Subnet groups and parameter groups of ElastiCache."""

from __future__ import annotations

from ..fields import text
from ..resource_type import table
from .parameter_groups import parameter_group
from .subnet_groups import subnet_group

_PARAMETER = {
    "name": text("ParameterName", required=True, fold=True),
    "value": text("ParameterValue", required=True),
}

TYPES = table(
    subnet_group("elasticache", "Cache", "subnetgroup"),
    parameter_group(
        "elasticache",
        "Cache",
        "parametergroup",
        "ParameterNameValues",
        _PARAMETER,
        reset_members=("ParameterName", "ParameterValue"),
    ),
)
