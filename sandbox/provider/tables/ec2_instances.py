"""EC2 instances."""

from __future__ import annotations

import base64
from typing import Any

from ..fields import block, dig, flag, mapping, number, request, text, texts
from ..resource_type import Change, Properties, ResourceType, finding_by_mark, table
from ..tagging import ec2_tagging, pairs
from ..work import Work


def _when_asked(state: Properties, new: Any) -> bool:
    """User data runs at the first boot only; whether a change replaces the instance is the program's choice."""
    return bool(state.get("userDataReplaceOnChange"))


def _other_encryption(state: Properties, new: Any) -> bool:
    """A volume's encryption is fixed when it is made; its size, type and tags are not."""
    old = state.get("rootBlockDevice") or {}
    return any(
        old.get(name) != value
        for name in ("encrypted", "kmsKeyId")
        if (value := (new or {}).get(name)) is not None
    )


_METADATA = {
    "httpEndpoint": text("HttpEndpoint", computed=True),
    "httpTokens": text("HttpTokens", computed=True),
    "httpPutResponseHopLimit": number("HttpPutResponseHopLimit", computed=True),
    "httpProtocolIpv6": text("HttpProtocolIpv6", computed=True),
    "instanceMetadataTags": text("InstanceMetadataTags", computed=True),
}
_ROOT_DEVICE = {
    "encrypted": flag("Encrypted", computed=True, replaces=True),
    "volumeSize": number("VolumeSize", computed=True),
    "volumeType": text("VolumeType", computed=True),
    "kmsKeyId": text("KmsKeyId", computed=True, replaces=True),
    "deleteOnTermination": flag("DeleteOnTermination", computed=True),
    "iops": number("Iops", computed=True),
    "throughput": number("Throughput", computed=True),
    "tags": mapping(write_only=True),
}
_FIELDS = {
    "ami": text("ImageId", required=True, replaces=True),
    "instanceType": text("InstanceType", required=True, group="stopped"),
    "subnetId": text("SubnetId", computed=True, replaces=True),
    "vpcSecurityGroupIds": texts("SecurityGroupIds", computed=True, group="groups"),
    "privateIp": text("PrivateIpAddress", computed=True, replaces=True),
    "availabilityZone": text("Placement.AvailabilityZone", computed=True, replaces=True),
    "tenancy": text("Placement.Tenancy", computed=True, replaces=True),
    "associatePublicIpAddress": flag(read="HasPublicAddress", computed=True, replaces=True),
    "iamInstanceProfile": text("IamInstanceProfile.Name", read="ProfileName", group="profile"),
    "keyName": text("KeyName", replaces=True),
    "monitoring": flag("Monitoring.Enabled", read="Monitored", default=False, group="monitoring"),
    "ebsOptimized": flag("EbsOptimized", computed=True, replaces=True),
    "sourceDestCheck": flag(read="SourceDestCheck", default=True, group="source_check"),
    "disableApiTermination": flag(
        "DisableApiTermination", read="Protected", default=False, group="protection"
    ),
    "userData": text("UserData", write_only=True, replaces=_when_asked, group="stopped"),
    "userDataBase64": text(write_only=True, replaces=_when_asked, group="stopped"),
    "userDataReplaceOnChange": flag(default=False),
    "metadataOptions": block("MetadataOptions", _METADATA, computed=True, group="metadata"),
    "rootBlockDevice": block(
        read="RootDevice", fields=_ROOT_DEVICE, computed=True, replaces=_other_encryption, group="root_device"
    ),
    "creditSpecification": block(
        "CreditSpecification", {"cpuCredits": text("CpuCredits", computed=True)}, write_only=True
    ),
    "volumeTags": mapping(write_only=True),
}
_SUBNET_MEMBERS = {
    "SubnetId": "SubnetId",
    "PrivateIpAddress": "PrivateIpAddress",
    "SecurityGroupIds": "Groups",
}


def _create(work: Work, given: Properties) -> str:
    launch = request(_FIELDS, given)
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
    volume = request({**_ROOT_DEVICE, "tags": mapping()}, given["rootBlockDevice"])
    return {"DeviceName": device, "Ebs": size | volume}


def _instance(work: Work, instance: str) -> Any:
    wanted = [{"Name": "instance-id", "Values": [instance]}]
    return dig(work.call("describe_instances", Filters=wanted), "Reservations.0.Instances.0")


def _state(work: Work, instance: str) -> str:
    return dig(_instance(work, instance), "State.Name") or "terminated"


def _describe(work: Work, instance: str, state: Properties) -> Properties | None:
    found = _instance(work, instance)
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
    work.wait(f"{instance} is running", lambda: _state(work, instance) == "running")


def _delete(work: Work, instance: str, state: Properties) -> None:
    work.call("terminate_instances", InstanceIds=[instance])
    work.wait(f"{instance} is terminated", lambda: _state(work, instance) == "terminated")


def _while_stopped(work: Work, instance: str, change: Change) -> None:
    """Type and user data change only while an instance is stopped."""
    work.call("stop_instances", InstanceIds=[instance])
    work.wait(f"{instance} is stopped", lambda: _state(work, instance) == "stopped")
    if "instanceType" in change.names:
        kind = {"Value": change.new["instanceType"]}
        work.call("modify_instance_attribute", InstanceId=instance, InstanceType=kind)
    if change.names & {"userData", "userDataBase64"}:
        data = change.new.get("userData", "").encode()
        if change.new.get("userDataBase64") is not None:
            data = base64.b64decode(change.new["userDataBase64"])
        work.call("modify_instance_attribute", InstanceId=instance, UserData={"Value": data})
    work.call("start_instances", InstanceIds=[instance])


def _set_groups(work: Work, instance: str, change: Change) -> None:
    groups = sorted(change.new.get("vpcSecurityGroupIds") or [])
    work.call("modify_instance_attribute", InstanceId=instance, Groups=groups)


def _set_metadata(work: Work, instance: str, change: Change) -> None:
    options = request(_METADATA, change.new.get("metadataOptions") or {})
    work.call("modify_instance_metadata_options", InstanceId=instance, **options)


def _set_monitoring(work: Work, instance: str, change: Change) -> None:
    wanted = change.new.get("monitoring")
    work.call("monitor_instances" if wanted else "unmonitor_instances", InstanceIds=[instance])


def _set_attribute(name: str, attribute: str, default: bool) -> Any:
    def send(work: Work, instance: str, change: Change) -> None:
        value = {"Value": bool(change.new.get(name, default))}
        work.call("modify_instance_attribute", InstanceId=instance, **{attribute: value})

    return send


def _modify_root_device(work: Work, instance: str, change: Change) -> None:
    new, old = change.new.get("rootBlockDevice") or {}, change.old.get("rootBlockDevice") or {}
    found = _instance(work, instance)
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


def _set_profile(work: Work, instance: str, change: Change) -> None:
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


_INSTANCE = ResourceType(
    "aws:ec2/instance:Instance",
    "ec2",
    _FIELDS,
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
        "stopped": _while_stopped,
        "groups": _set_groups,
        "root_device": _modify_root_device,
        "profile": _set_profile,
        "metadata": _set_metadata,
        "monitoring": _set_monitoring,
        "source_check": _set_attribute("sourceDestCheck", "SourceDestCheck", True),
        "protection": _set_attribute("disableApiTermination", "DisableApiTermination", False),
    },
    after_create=("source_check",),
    ready=_ready,
    find=finding_by_mark("describe_instances", "Reservations", "InstanceId"),
    marked=True,
    tagging=ec2_tagging("instance"),
)

TYPES = table(_INSTANCE)
