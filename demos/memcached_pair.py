"""What the pair has to show: a city written on one instance and read on the other, and a role that can do no more."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from .stage import Stage, expect, new_claims

CLAIMS = new_claims()

_READ = (
    "aws --region {region} ssm get-parameter --name {name} --query Parameter.Value --output text {options}"
)
_DENIED = "denied-for-a-moment"


@CLAIMS("What one instance writes, the other reads, by the two scripts.")
def a_city_written_on_one_is_read_on_the_other(stage: Stage) -> str:
    city = f"Oslo {uuid.uuid4().hex[:8]}"
    written = stage.on("write", f"python3 /var/write_cache.py {city}")
    read = stage.on("read", "python3 /var/read_cache.py")
    expect(read == city, f"wrote {city!r}, the other instance read {read!r}")
    return f"write: {written}; read: {read}"


@CLAIMS("Without an argument the writer asks for the city.")
def the_writer_asks(stage: Stage) -> str:
    city = f"Lima {uuid.uuid4().hex[:8]}"
    asked = stage.on("write", f"echo {city} | python3 /var/write_cache.py")
    read = stage.on("read", "python3 /var/read_cache.py")
    expect(asked.startswith("City: ") and read == city, f"asked {asked!r}, the other instance read {read!r}")
    return f"write: {asked}; read: {read}"


@CLAIMS("The instances' role reads the bare endpoint, decrypted.")
def the_role_reads_the_endpoint(stage: Stage) -> str:
    name = stage.outputs["endpoint_parameter"]
    found = _read(stage, name, "--with-decryption")
    expect(found == stage.endpoint.address, f"{name} holds {found!r}")
    return f"{name} is {found}"


@CLAIMS("The role cannot read another parameter.")
def the_role_reads_no_other_parameter(stage: Stage) -> str:
    name, ssm = f"/another-application/{uuid.uuid4().hex[:8]}", stage.aws("ssm")
    ssm.put_parameter(Name=name, Value="of another application", Type="String")
    try:
        said = _read(stage, name, code=None)
    finally:
        ssm.delete_parameter(Name=name)
    return _refusal(said, "ssm:GetParameter")


@CLAIMS(
    "The value is of no use without the key: undecrypted it is cipher text, and without kms:Decrypt nothing."
)
def the_role_reads_nothing_without_the_key(stage: Stage) -> str:
    name = stage.outputs["endpoint_parameter"]
    cipher_text = _read(stage, name, "--no-with-decryption")
    expect(stage.endpoint.host not in cipher_text, f"{name} is readable without decryption")
    with _denied(stage, "kms:Decrypt"):
        said = _read(stage, name, "--with-decryption", code=None)
    expect(stage.endpoint.host not in said, f"{name} was decrypted without the right to")
    return f"undecrypted {cipher_text[:16]}…; without kms:Decrypt: {_refusal(said, 'ciphertext')}"


def _read(stage: Stage, name: str, options: str = "", code: int | None = 0) -> str:
    """Read a parameter on the instance, by its role."""
    words = {"region": stage.outputs["region"], "name": name, "options": options}
    return stage.on("read", _READ.format(**words), code=code)


@contextmanager
def _denied(stage: Stage, action: str) -> Iterator[None]:
    """Take one right from the instances' role for a moment."""
    iam, role = stage.aws("iam"), _role(stage)
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName=_DENIED, PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=_DENIED)


def _role(stage: Stage) -> str:
    instance_id = stage.outputs["client_instance_ids"]["read"]
    found = stage.aws("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    profile = found["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    return stage.aws("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0][
        "RoleName"
    ]


def _refusal(said: str, about: str) -> str:
    """Return the line that refuses; KMS, unlike Parameter Store, does not name the right that is missing."""
    lines = [line for line in said.splitlines() if "AccessDenied" in line and about in line]
    expect(bool(lines), f"not refused: {said[:300]}")
    return lines[0].strip()
