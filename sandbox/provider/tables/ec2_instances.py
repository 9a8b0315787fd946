"""EC2 instances."""

from __future__ import annotations

import base64
from typing import Any

from ..fields import dig, mapping, request
from ..resource_type import Properties, ResourceType, finding_by_mark, table
from ..tagging import ec2_tagging, pairs
from ..work import Work
from . import ec2_instance_changes as changes
from .ec2_instance_fields import FIELDS, ROOT_DEVICE, instance_of, state_of

_SUBNET_MEMBERS = {
    "SubnetId": "SubnetId",
    "PrivateIpAddress": "PrivateIpAddress",
    "SecurityGroupIds": "Groups",
}


def _create(work: Work, given: Properties) -> str:
    launch = request(FIELDS, given)
    if given.get("userDataBase64") is not None:
        launch["UserData"] = base64.b64decode(given["userDataBase64"])
    if given.get("associatePublicIpAddress") is not None:
        interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": given["associatePublicIpAddress"]}
        moved = {member: launch.pop(name) for name, member in _SUBNET_MEMBERS.items() if name in launch}
        launch["NetworkInterfaces"] = [interface | moved]
    if given.get("rootBlockDevice"):
        launch["BlockDeviceMappings"] = [_root_mapping(work, given)]
    specifications = list(work.tag_request.get("TagSpecifications", []))
    volume_tags = given.get("volumeTags") or (given.get("rootBlockDevice") or {}).get("tags")
    if volume_tags:
        specifications.append({"ResourceType": "volume", "Tags": pairs(volume_tags)})
    if specifications:
        launch["TagSpecifications"] = specifications
    return work.call("run_instances", MinCount=1, MaxCount=1, **launch)["Instances"][0]["InstanceId"]


def _root_mapping(work: Work, given: Properties) -> dict[str, Any]:
    """The root volume as launch parameters: the image's own device, changed where the program says so."""
    image = {}
    if not given["ami"].startswith("resolve:ssm:"):
        image = dig(work.call("describe_images", ImageIds=[given["ami"]]), "Images.0") or {}
    device = image.get("RootDeviceName") or "/dev/xvda"
    own = [
        each.get("Ebs", {}) for each in image.get("BlockDeviceMappings", []) if each["DeviceName"] == device
    ]
    size = {"VolumeSize": own[0]["VolumeSize"]} if own and own[0].get("VolumeSize") else {}
    volume = request({**ROOT_DEVICE, "tags": mapping()}, given["rootBlockDevice"])
    return {"DeviceName": device, "Ebs": size | volume}


def _describe(work: Work, instance: str, state: Properties) -> Properties | None:
    found = instance_of(work, instance)
    if found is None or found["State"]["Name"] in ("terminated", "shutting-down"):
        return None
    profile = dig(found, "IamInstanceProfile.Arn")
    protected = work.call(
        "describe_instance_attribute", InstanceId=instance, Attribute="disableApiTermination"
    )
    given_image = state.get("ami", "")
    return {
        **found,
        "SecurityGroupIds": [group["GroupId"] for group in dig(found, "NetworkInterfaces.0.Groups") or []],
        "ProfileName": profile.rsplit("/", 1)[-1] if profile else None,
        "Monitored": dig(found, "Monitoring.State") in ("enabled", "pending"),
        "Protected": dig(protected, "DisableApiTermination.Value") or False,
        "HasPublicAddress": bool(found.get("PublicIpAddress")),
        "RootDevice": _root_device(work, found),
        "ImageId": given_image if given_image.startswith("resolve:ssm:") else found["ImageId"],
    }


def _root_device(work: Work, found: Properties) -> Properties | None:
    for mapping_ in found.get("BlockDeviceMappings", []):
        if mapping_["DeviceName"] == found.get("RootDeviceName"):
            volume = dig(work.call("describe_volumes", VolumeIds=[mapping_["Ebs"]["VolumeId"]]), "Volumes.0")
            kept = {**volume, "DeleteOnTermination": mapping_["Ebs"].get("DeleteOnTermination", True)}
            kept["VolumeSize"] = volume["Size"]
            return kept
    return None


def _ready(work: Work, instance: str, given: Properties) -> None:
    work.wait(f"{instance} is running", lambda: state_of(work, instance) == "running")


def _delete(work: Work, instance: str, state: Properties) -> None:
    work.call("terminate_instances", InstanceIds=[instance])
    work.wait(f"{instance} is terminated", lambda: state_of(work, instance) == "terminated")


_INSTANCE = ResourceType(
    "aws:ec2/instance:Instance",
    "ec2",
    FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={
        "arn": lambda work, instance, _: work.arn(f"instance/{instance}"),
        "instanceState": "State.Name",
        "primaryNetworkInterfaceId": "NetworkInterfaces.0.NetworkInterfaceId",
        "privateDns": "PrivateDnsName",
        "publicDns": "PublicDnsName",
        "publicIp": "PublicIpAddress",
    },
    updates={
        "stopped": changes.while_stopped,
        "groups": changes.set_groups,
        "root_device": changes.modify_root_device,
        "profile": changes.set_profile,
        "metadata": changes.set_metadata,
        "monitoring": changes.set_monitoring,
        "source_check": changes.set_attribute("sourceDestCheck", "SourceDestCheck", True),
        "protection": changes.set_attribute("disableApiTermination", "DisableApiTermination", False),
    },
    after_create=("source_check",),
    ready=_ready,
    find=finding_by_mark("describe_instances", "Reservations", "InstanceId"),
    marked=True,
    tagging=ec2_tagging("instance"),
)

TYPES = table(_INSTANCE)
