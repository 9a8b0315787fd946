"""A resource monitor in this process that answers at once: what is left is the program's own cost."""

from __future__ import annotations

from collections import Counter
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2


class Monitor(MockMonitor):
    """Says yes to everything, and counts what is not a component by its type."""

    def __init__(self) -> None:
        self.declared: Counter[str] = Counter()

    def RegisterResource(self, request: Any) -> Any:
        urn = f"urn:pulumi:dev::shop::{request.type}::{request.name}"
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        self.declared[request.type] += 1
        state = request.object
        if request.type == "pulumi:index:Stash":
            state.fields["output"].CopyFrom(state.fields["input"])
        else:
            state.fields["name"].string_value = request.name
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id", object=state)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, request: Any) -> Any:
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
                resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
            ]
        )
