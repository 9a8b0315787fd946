"""A Lambda function in the VPC that runs the client's checks."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .client_bundle import build_function_bundle
from .policies import assume_role_policy, policy_document
from .problems import Checks, check_component_name
from .zones import check_chosen_zones, chosen_zones

RUNTIME = "python3.13"
"""Amazon Linux 2023, supported until 2029-06-30; the bundle is pure Python, so any current runtime takes it."""

_URL_KINDS = ("none", "iam", "public")
_LOG_RETENTION_DAYS = 14

# By these Lambda itself puts the function into the VPC; they name no resource that could be narrowed.
_NETWORK_STATEMENT = {
    "Effect": "Allow",
    "Action": [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "Resource": "*",
}


class ClientFunctionArgs(TypedDict):
    """Arguments of ClientFunction."""

    vpc_id: pulumi.Input[str]
    """VPC of the function's own security group."""
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone -> subnet id; private ones. 1-16 (R144)."""
    availability_zones: NotRequired[Sequence[str]]
    """Zones of subnet_ids to stand in. Default: all of them."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Groups to join: those that admit to the cache and to the endpoints. At most 4 (R144)."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment of the function, such as CACHE_PARAMETER. Never a secret. Default: none."""
    policies: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Name -> policy document (JSON) attached to the function's role. Default: none."""
    handler: NotRequired[str]
    """Entry point. Default: client.handler.handler."""
    url: NotRequired[str]
    """Function URL: none, iam (signed calls of this account) or public. Default: none."""
    allow_public_url: NotRequired[bool]
    """Confirms url: public, by which anyone may read the cache through the function. Default: false."""
    timeout_seconds: NotRequired[int]
    """1-900. Default: 60."""
    memory_mib: NotRequired[int]
    """128-10240. Default: 256."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class ClientFunction(pulumi.ComponentResource):
    """The client as a function beside the cache.

    Creates a role with its policies, a log group, a security group without any rule of its own, the function,
    and with `url` the function URL with the two permissions it needs (R145).
    """

    function_name: pulumi.Output[str]
    """Name by which the function is invoked."""
    function_url: pulumi.Output[str | None]
    """Its URL; nothing without `url`."""
    security_group_id: pulumi.Output[str]
    """The function's own group, without any rule."""
    role_name: pulumi.Output[str]
    """Role the function runs as."""

    def __init__(
        self, name: str, args: ClientFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        checks = check_client_function(name, args)
        checks.raise_problems()
        bundle = build_function_bundle()
        super().__init__("aws-cache:index:ClientFunction", name, dict(args), opts)
        checks.log_warnings(self)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.get("tags")
        # Declared here, as Lambda would make one by itself that is kept for ever and after `destroy`.
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-log", retention_in_days=_LOG_RETENTION_DAYS, tags=tags, opts=child
        )
        role, policies = self._role(name, args, log_group)
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=args["vpc_id"],
            description="Client function: opens nothing; what it reaches comes from the groups it joins",
            tags=tags,
            opts=child,
        )
        function = aws.lambda_.Function(
            name,
            role=role.arn,
            runtime=RUNTIME,
            architectures=["arm64"],
            handler=args.get("handler", "client.handler.handler"),
            code=pulumi.FileArchive(bundle.path),
            source_code_hash=bundle.content_sha256,
            timeout=int(args.get("timeout_seconds", 60)),
            memory_size=int(args.get("memory_mib", 256)),
            environment={"variables": dict(args.get("environment", {}))},
            logging_config={"log_format": "Text", "log_group": log_group.name},
            vpc_config={
                "subnet_ids": [args["subnet_ids"][zone] for zone in chosen_zones(args)],
                "security_group_ids": [group.id, *args.get("security_group_ids", ())],
            },
            tags=tags,
            # No output of a policy reaches the function, which cannot enter the VPC before they are attached.
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        url = self._url(name, args, function)
        self.function_name = function.name
        self.function_url = url.function_url if url else pulumi.Output.from_input(None)
        self.security_group_id = group.id
        self.role_name = role.name
        self.register_outputs(
            {
                "function_name": self.function_name,
                "function_url": self.function_url,
                "security_group_id": self.security_group_id,
                "role_name": self.role_name,
            }
        )

    def _role(
        self, name: str, args: ClientFunctionArgs, log_group: "aws.cloudwatch.LogGroup"
    ) -> "tuple[aws.iam.Role, list[aws.iam.RolePolicy]]":
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name, assume_role_policy=assume_role_policy("lambda"), tags=args.get("tags"), opts=child
        )
        logs = log_group.arn.apply(
            lambda arn: policy_document(
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"{arn}:*",
                }
            )
        )
        documents = {"network": policy_document(_NETWORK_STATEMENT), "logs": logs, **args.get("policies", {})}
        return role, [
            aws.iam.RolePolicy(f"{name}-{key}", role=role.name, policy=document, opts=child)
            for key, document in documents.items()
        ]

    def _url(
        self, name: str, args: ClientFunctionArgs, function: "aws.lambda_.Function"
    ) -> "aws.lambda_.FunctionUrl | None":
        kind = args.get("url", "none")
        if kind == "none":
            return None
        child = pulumi.ResourceOptions(parent=self)
        authorization = "NONE" if kind == "public" else "AWS_IAM"
        url = aws.lambda_.FunctionUrl(
            f"{name}-url", function_name=function.name, authorization_type=authorization, opts=child
        )
        principal = (
            "*"
            if kind == "public"
            else aws.get_caller_identity(opts=pulumi.InvokeOptions(parent=self)).account_id
        )
        aws.lambda_.Permission(
            f"{name}-url-access",
            action="lambda:InvokeFunctionUrl",
            function=function.name,
            principal=principal,
            function_url_auth_type=authorization,
            opts=child,
        )
        aws.lambda_.Permission(
            f"{name}-url-invoke",
            action="lambda:InvokeFunction",
            function=function.name,
            principal=principal,
            invoked_via_function_url=True,
            opts=child,
        )
        return url


def check_client_function(name: str, args: ClientFunctionArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(ClientFunctionArgs, args, "ClientFunction", name)
    check_component_name(checks, name)
    checks.choice("url", _URL_KINDS, default="none")
    if args.get("url") == "public" and args.get("allow_public_url") is not True:
        checks.add(
            "url", "'public' lets anyone read the cache; set allow_public_url: true if that is meant, or iam"
        )
    elif args.get("url") == "public":
        checks.warn("url: public lets anyone who learns the address read the cache (R147)")
    checks.integer("timeout_seconds", 1, 900, default=60)
    checks.integer("memory_mib", 128, 10_240, default=256)
    if len(args.get("security_group_ids") or ()) > 4:
        checks.add(
            "security_group_ids", "at most 4, as Lambda takes 5 groups and one is the function's own (R144)"
        )
    if not 1 <= len(checks.get("subnet_ids", {"": ""})) <= 16:
        checks.add("subnet_ids", "needs 1-16 subnets (R144)")
    check_chosen_zones(checks)
    return checks
