"""The engine as the SDK sees it: plain objects with the methods of its two services.

The SDK calls them synchronously from the threads of its own executor; each call is handed to the run's event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from .errors import Unsupported
from .journal import Journal
from .reading import Reading
from .registration import Registration

# Without ALIAS_SPECS the SDK sends ready alias URNs, without TRANSFORMS and hooks it refuses them by itself, without
# INVOKE_DEPENDS_ON it waits for what an invoke depends on.
_FEATURES = [
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
]
_REFUSED = {
    "Call": "methods of remote components",
    "RegisterPackage": "parameterized packages",
    "RegisterStackTransform": "transforms",
    "RegisterStackInvokeTransform": "transforms",
    "RegisterResourceHook": "resource hooks",
    "RegisterErrorHook": "error hooks",
    "ExistsResource": "queries for existing resources",
    "StreamInvoke": "streaming invokes",
}
_SEVERITIES = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}

CallOnLoop = Callable[[Coroutine[Any, Any, Any]], Any]


class Monitor:
    """ResourceMonitor."""

    def __init__(self, call: CallOnLoop, registration: Registration, reading: Reading) -> None:
        self._call = call
        self._registration = registration
        self._reading = reading

    def GetDeploymentInfo(self, request: Any) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        return self._call(self._registration.register(request))

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:
        self._call(self._registration.register_outputs(request))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:
        return self._call(self._reading.read(request))

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:
        return self._call(self._reading.invoke(request))

    def SignalAndWaitForShutdown(self, request: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise Unsupported(_REFUSED.get(name, name))


class Engine:
    """The engine's log, and its version check: the SDK in use is the version here, so any requirement of it holds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def Log(self, request: Any) -> empty_pb2.Empty:
        if request.severity != engine_pb2.DEBUG:  # the SDK's own, about every call it makes
            self._journal.message(_SEVERITIES[request.severity], request.message, request.urn)
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, request: Any) -> engine_pb2.RequirePulumiVersionResponse:
        return engine_pb2.RequirePulumiVersionResponse()
