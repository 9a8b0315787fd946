"""Where moto's Lambda hands over to `functions`; once in a process, for whichever context is current."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Any

from .functions import CODE_CHANGES, Functions, refusal
from .gaps.patch import around

RUNTIMES = tuple(f"python3.{minor}" for minor in range(9, 15))


@cache
def patch() -> None:
    """Replace creation, change, removal, configuration and invocation."""
    _patch_backend()
    _patch_function()


def _patch_backend() -> None:
    from moto.awslambda.models import LambdaBackend

    @around(LambdaBackend, "create_function")
    def create_function(original: Any, backend: Any, spec: dict[str, Any]) -> Any:
        if Functions.current is None:
            return original(backend, spec)
        check(spec)
        Functions.current.check_role(spec["Role"], backend.region_name)
        function = original(backend, spec)
        try:
            check_archive(function.code_bytes)
            Functions.current.create(function)
        except BaseException:
            backend._lambdas.del_function(function.function_name)
            raise
        return function

    @around(LambdaBackend, "update_function_code")
    def update_code(original: Any, backend: Any, name: str, qualifier: str, body: dict[str, Any]) -> Any:
        if Functions.current is None or body.get("DryRun"):
            return original(backend, name, qualifier, body)
        function = backend.get_function(name, qualifier)
        before = dict(function.code), function.code_bytes, function.code_size, function.code_sha_256
        answer = original(backend, name, qualifier, body)
        try:
            check_archive(function.code_bytes)
        except BaseException:
            function.code, function.code_bytes, function.code_size, function.code_sha_256 = before
            raise
        Functions.current.change(function, network=False)
        return {**answer, **Functions.current.states(function)}

    @around(LambdaBackend, "update_function_configuration")
    def update_configuration(
        original: Any, backend: Any, name: str, qualifier: str, body: dict[str, Any]
    ) -> Any:
        if Functions.current is None or not CODE_CHANGES & set(body):
            return original(backend, name, qualifier, body)
        function = backend.get_function(name, qualifier)
        Functions.current.check_role(body.get("Role", function.role), backend.region_name)
        answer = original(backend, name, qualifier, body)
        Functions.current.change(function, network="VpcConfig" in body)
        return {**answer, **Functions.current.states(function)}

    @around(LambdaBackend, "delete_function")
    def delete_function(original: Any, backend: Any, name: str, qualifier: str | None = None) -> None:
        arn = backend.get_function(name, None).function_arn if qualifier is None else None
        original(backend, name, qualifier)
        if Functions.current and arn:
            Functions.current.delete(arn)


def _patch_function() -> None:
    from moto.awslambda.models import LambdaBackend, LambdaFunction
    from moto.awslambda_simple.models import LambdaSimpleBackend

    @around(LambdaSimpleBackend, "invoke")
    def invoke_simply(original: Any, backend: Any, *arguments: Any) -> Any:
        """The backend that moto takes where it has no Docker answers with what it was told to."""
        return (original if Functions.current is None else LambdaBackend.invoke)(backend, *arguments)

    @around(LambdaFunction, "get_configuration")
    def get_configuration(original: Any, function: Any, on_create: bool = False) -> dict[str, Any]:
        configuration = original(function, on_create)
        if Functions.current is None:
            return configuration
        states = Functions.current.states(function)
        if on_create:
            states.pop("LastUpdateStatus", None)
        if configuration.get("VpcConfig"):
            configuration["VpcConfig"] = {
                **configuration["VpcConfig"],
                "VpcId": Functions.current.vpc_of(function),
            }
        return {**configuration, **states}

    @around(LambdaFunction, "invoke")
    def invoke(original: Any, function: Any, body: Any, request: Any, response: dict[str, str]) -> bytes:
        if Functions.current is None:
            return original(function, body, request, response)
        if function.version != "$LATEST":
            raise NotImplementedError("the sandbox does not run published versions of a function")
        event = body.encode() if isinstance(body, str) else body or b""
        kind = request.get("x-amz-invocation-type", "RequestResponse")
        payload, headers = Functions.current.invoke(function, event, kind)
        response.update(headers)
        return payload


def check(spec: dict[str, Any]) -> None:
    """Refuse what the sandbox does not model."""
    if spec.get("PackageType", "Zip") != "Zip":
        raise NotImplementedError("the sandbox does not run functions from container images")
    if spec.get("Runtime") not in RUNTIMES:
        raise NotImplementedError(f"the sandbox runs Python functions only, not {spec.get('Runtime')}")


def check_archive(code: bytes) -> None:
    """Refuse a deployment package as Lambda does."""
    if not zipfile.is_zipfile(io.BytesIO(code)):
        message = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise refusal("InvalidParameterValueException", message)
