"""What AWS's services do in a role's name: the agent on an instance, Lambda for a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .authorization import Access, Caller, Denied, Need

if TYPE_CHECKING:
    from ..context import Context
    from ..instances import Boot

# Without the first the agent is not known to Systems Manager, without the channel it gets no command.
_CONTROL = ("ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel")
_DATA = ("ssmmessages:CreateDataChannel", "ssmmessages:OpenDataChannel")
_NETWORK = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")


class Services:
    """Asks the policies of one sandbox's roles for its services."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._access = Access(context)

    def agent_may_register(self, boot: Boot) -> bool:
        """Whether the instance's agent may tell of itself and take commands."""
        instance = f"arn:aws:ec2:{boot.region}:{self._context.account_id}:instance/{boot.instance_id}"
        needs = [Need("ssm:UpdateInstanceInformation", instance), *(Need(one, "*") for one in _CONTROL)]
        return self._access.allows(self._agent(boot), *needs)

    def agent_may_open_sessions(self, boot: Boot) -> bool:
        """Whether the instance's agent may carry a session's data."""
        return self._access.allows(self._agent(boot), *(Need(one, "*") for one in _DATA))

    def _agent(self, boot: Boot) -> Caller:
        return self._access.caller(boot.role or "", boot.instance_id, boot.region)

    def missing_for_network(self, role_arn: str, region: str) -> str | None:
        """The call to EC2 that the role would be refused when Lambda puts its function into a VPC."""
        caller = self._access.caller(role_arn, "lambda", region)
        for call in _NETWORK:
            resource = f"arn:aws:ec2:{region}:{self._context.account_id}:network-interface/*"
            need = Need(f"ec2:{call}", "*" if call.startswith("Describe") else resource)
            if not self._access.allows(caller, need):
                return call
        return None

    def why_no_log(self, function: Any, stream: str, group_is_there: bool) -> str | None:
        """Why a function may not write its log; None when it may."""
        caller = self._access.caller(function.role, function.function_name, function.region)
        group = f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{function.logs_group_name}"
        needs = [] if group_is_there else [Need("logs:CreateLogGroup", f"{group}:log-stream:")]
        needs += [
            Need(f"logs:{one}", f"{group}:log-stream:{stream}") for one in ("CreateLogStream", "PutLogEvents")
        ]
        try:
            self._access.require(caller, *needs)
        except Denied as denied:
            return str(denied)
        return None
