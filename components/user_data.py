"""The script an instance runs at its first boot, rendered from plain values."""

import base64
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

_TEMPLATE = Path(__file__).resolve().parent / "data" / "client_user_data.sh"

MAXIMUM_BYTES = 16_384
"""What EC2 accepts before base64 (R198)."""

_UNIT = """\
[Unit]
Description={name}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
DynamicUser=yes
EnvironmentFile=/etc/cache-client/env
Environment=PYTHONPATH=/opt/cache-client/current PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
{prepare}ExecStart=/usr/bin/{python} {command}
Restart=always
RestartSec=2
TimeoutStartSec=900
NoNewPrivileges=yes
ProtectHome=yes

[Install]
WantedBy=multi-user.target
"""


def render_user_data(
    *,
    bucket: str,
    key: str,
    sha256: str,
    region: str,
    python: str,
    packages: Sequence[str],
    environment: Mapping[str, str],
    service: Mapping[str, str] | None = None,
) -> str:
    """Return the script that installs the bundle of this key and gives the client this environment.

    service has `name`, `command` and perhaps `prepare`: words for the Python of the bundle, which systemd starts and
    starts again. Nothing in it may be secret: anyone who may describe the instance can read it.
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
        "SERVICE": service["name"] if service else "",
        "UNIT": base64.b64encode(_unit(python, **service).encode()).decode() if service else "",
    }
    text = _TEMPLATE.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", shlex.quote(value))
    if len(text.encode()) > MAXIMUM_BYTES:
        raise ValueError(f"the user data has {len(text.encode())} bytes; EC2 takes {MAXIMUM_BYTES}")
    return text


def _unit(python: str, name: str, command: str, prepare: str = "") -> str:
    before = f"ExecStartPre=/usr/bin/{python} {prepare}\n" if prepare else ""
    return _UNIT.format(name=name, python=python, command=command, prepare=before)
