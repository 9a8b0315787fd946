"""Changes of an instance, each by a call of its own."""

from __future__ import annotations

import base64
from typing import Any

from ..fields import dig, request
from ..resource_type import Change
from ..tagging import ec2_tagging
from ..work import Work
from .ec2_instance_fields import METADATA, instance_of, state_of


def while_stopped(work: Work, instance: str, change: Change) -> None:
    """Type and user data change only while an instance is stopped."""
    work.call("stop_instances", InstanceIds=[instance])
    work.wait(f"{instance} is stopped", lambda: state_of(work, instance) == "stopped")
    if "instanceType" in change.names:
        kind = {"Value": change.new["instanceType"]}
        work.call("modify_instance_attribute", InstanceId=instance, InstanceType=kind)
    if change.names & {"userData", "userDataBase64"}:
        data = change.new.get("userData", "").encode()
        if change.new.get("userDataBase64") is not None:
            data = base64.b64decode(change.new["userDataBase64"])
        work.call("modify_instance_attribute", InstanceId=instance, UserData={"Value": data})
    work.call("start_instances", InstanceIds=[instance])


def set_groups(work: Work, instance: str, change: Change) -> None:
    groups = sorted(change.new.get("vpcSecurityGroupIds") or [])
    work.call("modify_instance_attribute", InstanceId=instance, Groups=groups)


def set_metadata(work: Work, instance: str, change: Change) -> None:
    options = request(METADATA, change.new.get("metadataOptions") or {})
    work.call("modify_instance_metadata_options", InstanceId=instance, **options)


def set_monitoring(work: Work, instance: str, change: Change) -> None:
    wanted = change.new.get("monitoring")
    work.call("monitor_instances" if wanted else "unmonitor_instances", InstanceIds=[instance])


def set_attribute(name: str, attribute: str, default: bool) -> Any:
    def send(work: Work, instance: str, change: Change) -> None:
        value = {"Value": bool(change.new.get(name, default))}
        work.call("modify_instance_attribute", InstanceId=instance, **{attribute: value})

    return send


def modify_root_device(work: Work, instance: str, change: Change) -> None:
    new, old = change.new.get("rootBlockDevice") or {}, change.old.get("rootBlockDevice") or {}
    found = instance_of(work, instance)
    root = next(
        each for each in found["BlockDeviceMappings"] if each["DeviceName"] == found["RootDeviceName"]
    )
    volume = root["Ebs"]["VolumeId"]
    new_tags, old_tags = new.get("tags") or {}, old.get("tags") or {}
    ec2_tagging("volume").change(work, volume, old_tags, new_tags)
    members = {"volumeSize": "Size", "volumeType": "VolumeType", "iops": "Iops", "throughput": "Throughput"}
    changed = {members[name]: new[name] for name in members if name in new and new[name] != old.get(name)}
    if changed:
        work.call("modify_volume", VolumeId=volume, **changed)


def set_profile(work: Work, instance: str, change: Change) -> None:
    wanted = [{"Name": "instance-id", "Values": [instance]}]
    current = dig(
        work.call("describe_iam_instance_profile_associations", Filters=wanted),
        "IamInstanceProfileAssociations.0.AssociationId",
    )
    profile = change.new.get("iamInstanceProfile")
    if current and profile:
        work.call(
            "replace_iam_instance_profile_association",
            AssociationId=current,
            IamInstanceProfile={"Name": profile},
        )
    elif current:
        work.call("disassociate_iam_instance_profile", AssociationId=current)
    else:
        work.call("associate_iam_instance_profile", InstanceId=instance, IamInstanceProfile={"Name": profile})
