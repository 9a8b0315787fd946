"""Lambda functions that really run: each has an interface in its subnet, and its code runs on that host.

A new or changed function is `Pending` (`InProgress`) until its code is unpacked on its host, which begins when the
world has the host; nothing of the function itself runs before its first invocation, as on AWS. At most four
invocations of one function run at a time, further ones wait. What is not modelled is refused: functions outside a
VPC, container images, other runtimes than Python, published versions.

Needs of the context: `hosts` (started with `folder / "tools"` among its readable paths), `folder`, `ec2`,
`create_interface`, `delete_interface`, `follow`, `parts`. `context.parts["functions"]` is the `Functions`.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..hosts.errors import HostsError
from . import function_logs
from .access.services import Services
from .machine_tools import tools_folder

if TYPE_CHECKING:
    from .context import Context

PAYLOAD_LIMIT = 6 * 1024 * 1024
CODE_CHANGES = {"Handler", "Role", "Runtime", "Timeout", "MemorySize", "Environment", "Layers", "VpcConfig"}


@dataclass
class Deployment:
    """One function on its host. `wanted` counts its versions; `deployed` is the one that runs."""

    function: Any = field(repr=False)
    host_id: str
    wanted: int = 1
    deployed: int = 0
    busy: bool = False
    failure: str = ""
    changed: threading.Lock = field(default_factory=threading.Lock, repr=False)


class Functions:
    """The functions of one context."""

    current: ClassVar[Functions | None] = None

    def __init__(self, context: Context) -> None:
        self._context = context
        self._services = Services(context)
        self._deployments: dict[str, Deployment] = {}
        self._lock = threading.Lock()

    def create(self, function: Any) -> None:
        """Give a new function its interface."""
        self._deployments[function.function_arn] = Deployment(function, self._interface(function))

    def change(self, function: Any, network: bool) -> None:
        """Deploy the function anew; with `network`, on a new interface."""
        deployment = self._deployments[function.function_arn]
        with self._lock:
            if network:
                self._context.delete_interface(deployment.host_id, function.region)
                deployment.host_id = self._interface(function)
            deployment.wanted += 1

    def delete(self, arn: str) -> None:
        """Take a function's interface away; its host ends with the next world."""
        with self._lock:
            deployment = self._deployments.pop(arn, None)
        if deployment:
            self._context.delete_interface(deployment.host_id, deployment.function.region)

    def follow(self, world: dict[str, Any]) -> None:
        """Deploy what changed on the hosts that are there."""
        hosts = {host_id for vpc in world["vpcs"].values() for host_id in vpc["hosts"]}
        with self._lock:
            ready = [one for one in self._deployments.values() if one.host_id in hosts and not one.busy]
            outdated = [one for one in ready if one.deployed != one.wanted]
            for deployment in outdated:
                deployment.busy = True
        for deployment in outdated:
            threading.Thread(
                target=self._deploy, args=(deployment,), name="deploy-function", daemon=True
            ).start()

    def states(self, function: Any) -> dict[str, str]:
        """The fields of a function's configuration that tell how far it is."""
        deployment = self._deployments.get(function.function_arn)
        if deployment is None:
            return {}
        if deployment.failure:
            reason = {"StateReason": deployment.failure, "StateReasonCode": "InternalError"}
            return {"State": "Failed", "LastUpdateStatus": "Failed", **reason}
        if deployment.deployed == 0:
            reason = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
            return {"State": "Pending", "LastUpdateStatus": "InProgress", **reason}
        over = deployment.deployed == deployment.wanted
        return {"State": "Active", "LastUpdateStatus": "Successful" if over else "InProgress"}

    def invoke(self, function: Any, body: bytes, kind: str) -> tuple[bytes, dict[str, str]]:
        """Run the function: its payload, and the headers that the answer carries."""
        state = self.states(function)
        if state.get("State") != "Active":
            message = (
                "The operation cannot be performed at this time. The function is currently in the following "
            )
            raise refusal("ResourceConflictException", f"{message}state: {state.get('State')}", 409)
        _check_payload(body)
        if kind == "DryRun":
            return b"", {}
        deployment = self._deployments[function.function_arn]
        if kind == "Event":
            threading.Thread(target=self._serve, args=(deployment, body), name="event", daemon=True).start()
            return b"", {}
        return self._run(deployment, body)

    def _serve(self, deployment: Deployment, body: bytes) -> None:
        """An event that nobody waits for; what goes wrong is in the supervisor's log."""
        try:
            self._run(deployment, body)
        except Exception:
            self._context.log.exception(
                "function %s did not serve an event", deployment.function.function_name
            )

    def _run(self, deployment: Deployment, body: bytes) -> tuple[bytes, dict[str, str]]:
        function, request_id = deployment.function, str(uuid.uuid4())
        try:
            answer = self._context.hosts.call(
                "invoke_function",
                host_id=deployment.host_id,
                request_id=request_id,
                event=base64.b64encode(body or b"{}").decode(),
            )
        except HostsError as error:
            raise refusal(
                "ServiceException", f"the sandbox could not run the function: {error}", 500
            ) from error
        payload = base64.b64decode(answer["payload"])
        if len(payload) > PAYLOAD_LIMIT:
            said = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            payload = json.dumps(
                {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": said}
            ).encode()
            answer["error"] = "Unhandled"
        log = self._write_log(function, answer)
        headers = {
            "x-amz-executed-version": "$LATEST",
            "x-amzn-requestid": request_id,
            "x-amz-log-result": log,
        }
        if answer["error"]:
            headers["x-amz-function-error"] = answer["error"]
        return payload, headers

    def check_role(self, role_arn: str, region: str) -> None:
        """Refuse a role by which Lambda could not put a function into its VPC."""
        call = self._services.missing_for_network(role_arn, region)
        if call:
            message = f"The provided execution role does not have permissions to call {call} on EC2"
            raise refusal("InvalidParameterValueException", message)

    def _write_log(self, function: Any, answer: dict[str, Any]) -> str:
        there = function.logs_group_name in function.logs_backend.groups
        reason = self._services.why_no_log(function, answer["stream"], there)
        if reason:  # as on AWS, where nothing else tells of it
            self._context.log.warning("no log of function %s: %s", function.function_name, reason)
        return function_logs.write(function, answer, keep=reason is None)

    def _deploy(self, deployment: Deployment) -> None:
        function = deployment.function
        while True:
            with self._lock:
                wanted, host_id = deployment.wanted, deployment.host_id
            try:
                tools = tools_folder(self._context)
                spec = _spec(function)
                self._context.hosts.call("put_function", host_id=host_id, tools=tools, spec=spec)
                failure = ""
            except Exception as error:
                if (
                    self._deployments.get(function.function_arn) is deployment
                ):  # else it was deleted meanwhile
                    self._context.log.exception("function %s was not deployed", function.function_name)
                failure = str(error)
            with self._lock:
                deployment.failure, deployment.deployed = failure, wanted
                # A new interface is deployed on when the world has it.
                if deployment.wanted == wanted or deployment.host_id != host_id:
                    deployment.busy = False
                    return

    def _interface(self, function: Any) -> str:
        network = function._vpc_config or {}
        subnets, groups = network.get("SubnetIds") or [], network.get("SecurityGroupIds") or []
        if not subnets or not groups:
            raise NotImplementedError(
                "the sandbox runs functions in a VPC only: give VpcConfig subnets and groups"
            )
        ec2 = self._context.ec2(function.region)
        for subnet_id in subnets:
            ec2.get_subnet(subnet_id)
        description = f"AWS Lambda VPC ENI-{function.function_name}-{uuid.uuid4()}"
        return self._context.create_interface(subnets[0], groups, description, "function", function.region)[0]

    def vpc_of(self, function: Any) -> str | None:
        """The VPC of the function's subnets."""
        network = function._vpc_config or {}
        subnets = network.get("SubnetIds") or []
        return self._context.ec2(function.region).get_subnet(subnets[0]).vpc_id if subnets else None


def _spec(function: Any) -> dict[str, Any]:
    """What the daemon needs to run the function."""
    from moto.awslambda.utils import get_backend

    backend = get_backend(function.account_id, function.region)
    layers = [backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in function.layers]
    own = {
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
    }
    return {
        "name": function.function_name,
        "arn": function.function_arn,
        "role": function.role,
        "handler": function.handler,
        "timeout": function.timeout,
        "variables": {**own, **function.environment_vars},
        "code": base64.b64encode(function.code_bytes).decode(),
        "layers": [base64.b64encode(layer).decode() for layer in layers],
    }


def _check_payload(body: bytes) -> None:
    if len(body) > PAYLOAD_LIMIT:
        message = f"Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation"
        raise refusal("RequestTooLargeException", message, 413)
    try:
        json.loads(body or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise refusal("InvalidRequestContentException", message) from error


def refusal(code: str, message: str, status: int = 400) -> Exception:
    """An error in the words of the Lambda API."""
    from moto.core.exceptions import JsonRESTError

    error = JsonRESTError(code, message)
    error.code = status
    return error


def install(context: Context) -> None:
    """Plug the functions in."""
    from .function_patches import patch

    if context.hosts is None:
        Functions.current = None
        return
    functions = Functions.current = context.parts["functions"] = Functions(context)
    context.follow(functions.follow)
    patch()
