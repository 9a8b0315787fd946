"""The environment variables that point boto3, the AWS CLI and a real Pulumi engine at a sandbox."""

from __future__ import annotations

import os
import secrets
import shlex
import sys
from typing import TYPE_CHECKING

from .state import write_private

if TYPE_CHECKING:
    from .cloud import Cloud
    from .state import StateFolder

# Would win over what we set, or send a call for 127.0.0.1 elsewhere.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE", "AWS_CA_BUNDLE")


def aws_variables(cloud: Cloud) -> dict[str, str]:
    """What an AWS SDK needs."""
    around = [one for one in os.environ.get("NO_PROXY", "").split(",") if one and one != "127.0.0.1"]
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ACCESS_KEY_ID": cloud.record.access_key_id,
        "AWS_SECRET_ACCESS_KEY": cloud.record.secret_access_key,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join([*around, "127.0.0.1"]),
    }


def client_variables(folder: StateFolder) -> dict[str, str]:
    """What this project's client needs on this machine: through a tunnel it meets the sandbox's certificates."""
    return {"CACHE_CA_FILE": str(folder.authority_file)}


def pulumi_variables(cloud: Cloud, folder: StateFolder) -> dict[str, str]:
    """What a real engine needs: our provider for its `aws`, a backend and a passphrase of this cloud's own.

    The backend's folder is the incarnation's, as a state of another cloud names things that are gone.
    """
    backend = folder.pulumi / cloud.incarnation
    backend.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.passphrase_file.exists():
        write_private(folder.passphrase_file, secrets.token_urlsafe(32))
    return {
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder.passphrase_file),
        "PULUMI_DEBUG_PROVIDERS": f"aws:{cloud.provider_port()}",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
    }


def shell_lines(variables: dict[str, str]) -> list[str]:
    """Lines for `eval` in a POSIX shell."""
    unset = [f"unset {' '.join(UNSET)}"]
    return unset + [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def take_over(variables: dict[str, str]) -> None:
    """Sets the variables for this process and its children."""
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ.update(variables)
