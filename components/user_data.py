"""The script an instance runs at its first boot, rendered from plain values."""

import base64
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

_TEMPLATE = Path(__file__).resolve().parent / "data" / "client_user_data.sh"

MAXIMUM_BYTES = 16_384
"""What EC2 accepts before base64 (R198)."""


def render_user_data(
    *,
    bucket: str,
    key: str,
    sha256: str,
    region: str,
    python: str,
    packages: Sequence[str],
    environment: Mapping[str, str],
) -> str:
    """Return the script that installs the bundle of this key and gives the client this environment.

    Nothing in it may be secret: anyone who may describe the instance can read it.
    """
    lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items()))
    values = {
        "BUCKET": bucket,
        "KEY": key,
        "SHA256": sha256,
        "REGION": region,
        "PYTHON": python,
        "PACKAGES": " ".join(packages),
        "ENVIRONMENT": base64.b64encode(lines.encode()).decode(),
    }
    text = _TEMPLATE.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", shlex.quote(value))
    if len(text.encode()) > MAXIMUM_BYTES:
        raise ValueError(f"the user data has {len(text.encode())} bytes; EC2 takes {MAXIMUM_BYTES}")
    return text
