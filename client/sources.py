"""Reading an Endpoint from the environment, from Parameter Store, or from a stack's outputs."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from .aws import NO_CREDENTIALS
from .endpoint import Endpoint
from .errors import CacheRefused, CacheUnreachable, InvalidEndpoint

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_REQUIRED = ("engine", "host", "port")


def from_environment(environment: Mapping[str, str] | None = None) -> Endpoint:
    """See Endpoint.from_environment."""
    variables = os.environ if environment is None else environment
    ca_file = variables.get("CACHE_CA_FILE") or None
    if variables.get("CACHE_PARAMETER"):
        return replace(from_parameter(variables["CACHE_PARAMETER"]), ca_file=ca_file)
    if not variables.get("CACHE_HOST"):
        raise InvalidEndpoint(
            "where is the cache? set CACHE_PARAMETER, or CACHE_HOST and CACHE_PORT, or name --parameter or --outputs"
        )
    engine = variables.get("CACHE_ENGINE") or "redis"
    return Endpoint(
        engine=engine,
        host=variables["CACHE_HOST"],
        reader_host=variables.get("CACHE_READER_HOST") or None,
        port=_port(variables.get("CACHE_PORT") or ("11211" if engine == "memcached" else "6379")),
        tls=_switch("CACHE_TLS", variables.get("CACHE_TLS") or "true"),
        auth_token=_token(variables.get("CACHE_AUTH_FILE") or None),
        ca_file=ca_file,
    )


def from_parameter(name: str, region: str | None = None) -> Endpoint:
    """See Endpoint.from_parameter."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        NoRegionError,
    )

    # A client waits for this in the middle of its work: boto3's minute per attempt would be too long.
    patience = Config(
        connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"}
    )
    try:
        # AWS_REGION is what Lambda and the other SDKs know; boto3 by itself reads AWS_DEFAULT_REGION only.
        session: Any = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        systems_manager = session.client("ssm", config=patience)
        value = systems_manager.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        response: Any = error.response
        raise _refusal(name, response.get("Error", {})) from error
    except NoRegionError as error:
        raise InvalidEndpoint(f"parameter {name}: set AWS_REGION to the stack's region") from error
    except NoCredentialsError as error:
        raise CacheRefused(f"parameter {name}: {NO_CREDENTIALS}", "AWS") from error
    except (ConnectionError, HTTPClientError) as error:
        raise CacheUnreachable(
            f"parameter {name}: Systems Manager does not answer: {error}", "parameter"
        ) from error
    except BotoCoreError as error:
        raise InvalidEndpoint(f"parameter {name}: {error}") from error
    return replace(_from_json(name, value), parameter=name, region=region)


def from_stack_outputs(outputs: Mapping[str, Any]) -> Endpoint:
    """See Endpoint.from_stack_outputs."""
    given: Any = outputs  # read from a file, as a rule: it may be anything
    named = sorted(map(str, cast("Mapping[str, Any]", given))) if isinstance(given, Mapping) else []
    missing = [name for name in _REQUIRED if name not in named]
    if missing:
        found = ", ".join(named[:8]) or "none"
        raise InvalidEndpoint(
            f"these are not the outputs of an aws-cache stack: {', '.join(missing)} missing; found: {found}"
        )
    return Endpoint(
        engine=outputs["engine"],
        host=outputs["host"],
        port=_whole(outputs["port"]),
        tls=outputs.get("tls", True),
        reader_host=outputs.get("reader_host"),
        parameter=outputs.get("connection_parameter"),
        region=outputs.get("region"),
    )


def _from_json(name: str, value: str) -> Endpoint:
    connection: Any = None
    with contextlib.suppress(ValueError):
        connection = json.loads(value)
    # The value may hold a token, so that the message quotes nothing of it.
    if not isinstance(connection, dict) or any(key not in connection for key in _REQUIRED):
        raise InvalidEndpoint(
            f"parameter {name} holds no connection (JSON with engine, host and port); "
            "its name usually ends in /connection"
        )
    fields = cast("dict[str, Any]", connection)
    return Endpoint(
        engine=fields["engine"],
        host=fields["host"],
        port=fields["port"],
        tls=fields.get("tls", True),
        reader_host=fields.get("reader_host"),
        auth_token=fields.get("auth_token"),
    )


def _refusal(name: str, error: Mapping[str, Any]) -> InvalidEndpoint | CacheRefused | CacheUnreachable:
    code = error.get("Code", "unknown")
    if code == "ParameterNotFound":
        return InvalidEndpoint(f"parameter {name} does not exist in this account and region")
    if code in {"InternalServerError", "ThrottlingException", "ServiceUnavailable"}:
        return CacheUnreachable(f"parameter {name}: Systems Manager answers {code}", "parameter")
    return CacheRefused(
        f"parameter {name}: AWS refuses it: {code}: {error.get('Message', '')}".rstrip(": "), "AWS"
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidEndpoint(f"CACHE_PORT: must be a whole number 1-65535, got {text!r}")
    return int(text)


def _whole(value: Any) -> Any:
    """A whole number that passed through JSON as a fraction (6379.0) is one; anything else is left to the check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _switch(name: str, text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise InvalidEndpoint(f"{name}: must be true or false, got {text!r}")


def _token(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IROTH | stat.S_IWOTH):
                raise InvalidEndpoint(f"CACHE_AUTH_FILE: others can read {path}; chmod 600 it")
            token = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidEndpoint(f"CACHE_AUTH_FILE: cannot read {path}: {error}") from error
    if not token:
        raise InvalidEndpoint(f"CACHE_AUTH_FILE: {path} is empty")
    return token
