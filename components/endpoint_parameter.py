"""Where a cache is, as two encrypted parameters that only their readers can open."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .names import default_parameter_path, key_alias_fault, parameter_path_fault
from .place import place_of
from .policies import KEY_USE, account_administers_key, policy_document
from .problems import Checks, check_component_name
from .rotating_key import SHORTEST_DELETION_DAYS, rotating_key

_CONNECTION = ("engine", "host", "reader_host", "port", "tls", "auth_token")

_NOT_OF_MEMCACHED = {
    "auth_token": "password: network and TLS protect it (R105)",
    "reader_host": "replicas, hence no host to read from",
}


class EndpointParameterArgs(TypedDict):
    """Arguments of EndpointParameter."""

    parameter_path: NotRequired[str]
    """Path of both parameters. Default: /PROJECT/STACK (/pulumi/PROJECT/STACK where AWS reserves the name)."""
    engine: pulumi.Input[str]
    """redis, valkey or memcached."""
    host: pulumi.Input[str]
    """Where to write, or Memcached's configuration endpoint."""
    reader_host: NotRequired[pulumi.Input[str] | None]
    """Where to read from replicas. Default: none."""
    port: pulumi.Input[int]
    """Port of all hosts."""
    tls: pulumi.Input[bool]
    """Whether the cache speaks TLS."""
    auth_token: NotRequired[pulumi.Input[str] | None]
    """The token, kept secret. Default: none."""
    key_alias: NotRequired[str]
    """Alias of the key, without `alias/`. Default: PROJECT/STACK/NAME."""
    key_deletion_window_days: NotRequired[int]
    """Days before a deleted key is gone, 7-30. Default: 7."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class EndpointParameter(pulumi.ComponentResource):
    """The endpoint (`host:port`) and the whole connection (JSON) as SecureStrings under a key of their own.

    Creates the key with yearly rotation, its alias, and PATH/endpoint and PATH/connection. A replaced cache changes
    their values only, so a client that reads them again finds it.
    """

    endpoint_parameter: pulumi.Output[str]
    """Name of the parameter that holds `host:port`."""
    connection_parameter: pulumi.Output[str]
    """Name of the parameter that holds the whole connection as JSON."""
    key_arn: pulumi.Output[str]
    """Key that encrypts both."""
    read_policy_json: pulumi.Output[str]
    """Policy that reads these two parameters and nothing else."""

    def __init__(
        self, name: str, args: EndpointParameterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_endpoint_parameter(name, args).raise_problems()
        super().__init__("aws-cache:index:EndpointParameter", name, _without_plain_token(args), opts)
        tags, child = args.get("tags") or {}, pulumi.ResourceOptions(parent=self)
        project, stack = pulumi.get_project(), pulumi.get_stack()
        path = args.get("parameter_path", default_parameter_path(project, stack))
        place = place_of(self)
        key = rotating_key(
            name,
            f"Endpoint and connection of {path}",
            _key_policy(*place),
            tags,
            child,
            deletion_window_days=int(args.get("key_deletion_window_days", SHORTEST_DELETION_DAYS)),
        )
        alias = args.get("key_alias", f"{project}/{stack}/{name}")
        aws.kms.Alias(name, name=f"alias/{alias}", target_key_id=key.key_id, opts=child)
        endpoint, connection = (
            aws.ssm.Parameter(
                f"{name}-{role}",
                name=f"{path}/{role}",
                type="SecureString",
                key_id=key.arn,
                description=description,
                value=value,
                tags=tags,
                opts=child,
            )
            for role, description, value in (
                ("endpoint", "host:port of the cache", _endpoint(args)),
                ("connection", "How to connect to the cache, as JSON", _connection(args)),
            )
        )

        self.endpoint_parameter = endpoint.name
        self.connection_parameter = connection.name
        self.key_arn = key.arn
        self.read_policy_json = pulumi.Output.all(key.arn, endpoint.arn, connection.arn).apply(
            lambda arns: _read_policy(place.region, *arns)
        )
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def check_endpoint_parameter(name: str, args: EndpointParameterArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(EndpointParameterArgs, args, "EndpointParameter", name)
    check_component_name(checks, name)
    checks.integer("key_deletion_window_days", SHORTEST_DELETION_DAYS, 30, default=SHORTEST_DELETION_DAYS)
    if checks.get("engine") == "memcached":
        for key, reason in _NOT_OF_MEMCACHED.items():
            if checks.args.get(key) is not None:
                checks.add(key, f"Memcached has no {reason}")
    alias = checks.get("key_alias")
    if alias is not None and key_alias_fault(alias):
        checks.add("key_alias", key_alias_fault(alias))
    path = checks.get("parameter_path")
    fault = parameter_path_fault(path) if path is not None else None
    if fault:
        checks.add("parameter_path", fault)
    return checks


def _without_plain_token(args: EndpointParameterArgs) -> dict[str, Any]:
    return {key: pulumi.Output.secret(value) if key == "auth_token" else value for key, value in args.items()}


def _endpoint(args: EndpointParameterArgs) -> pulumi.Output[str]:
    return pulumi.Output.all(args["host"], args["port"]).apply(lambda values: f"{values[0]}:{int(values[1])}")


def _connection(args: EndpointParameterArgs) -> pulumi.Output[str]:
    present = {key: args[key] for key in _CONNECTION if args.get(key) is not None}
    if "auth_token" in present:
        present["auth_token"] = pulumi.Output.secret(present["auth_token"])
    return pulumi.Output.all(**present).apply(lambda values: json.dumps(_whole(values)))


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with a port that is a whole number, as numbers pass through the engine as floats."""
    return {**values, "port": int(values["port"])}


def _key_policy(partition: str, region: str, account_id: str) -> str:
    """Return a policy by which the account administers the key, and uses it through Parameter Store only.

    Whom the account lets use it is for the identity policies to say: no principal gets in by this policy alone.
    """
    return policy_document(
        account_administers_key(partition, account_id),
        {
            "Sid": "AccountUsesThroughParameterStore",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account_id}:root"},
            "Action": list(KEY_USE),
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:CallerAccount": account_id,
                    "kms:ViaService": f"ssm.{region}.amazonaws.com",
                }
            },
        },
    )


def _read_policy(region: str, key_arn: str, endpoint_arn: str, connection_arn: str) -> str:
    """Return the policy that reads these two parameters and nothing else (R140)."""
    arns = [endpoint_arn, connection_arn]
    return policy_document(
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": arns},
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": key_arn,
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": f"ssm.{region}.amazonaws.com",
                    "kms:EncryptionContext:PARAMETER_ARN": arns,
                }
            },
        },
    )
