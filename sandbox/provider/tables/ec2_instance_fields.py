"""The inputs of an instance, and its state."""

from __future__ import annotations

from typing import Any

from ..fields import block, dig, flag, mapping, number, text, texts
from ..resource_type import Properties
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


METADATA = {
    "httpEndpoint": text("HttpEndpoint", computed=True),
    "httpTokens": text("HttpTokens", computed=True),
    "httpPutResponseHopLimit": number("HttpPutResponseHopLimit", computed=True),
    "httpProtocolIpv6": text("HttpProtocolIpv6", computed=True),
    "instanceMetadataTags": text("InstanceMetadataTags", computed=True),
}
ROOT_DEVICE = {
    "encrypted": flag("Encrypted", computed=True, replaces=True),
    "volumeSize": number("VolumeSize", computed=True),
    "volumeType": text("VolumeType", computed=True),
    "kmsKeyId": text("KmsKeyId", computed=True, replaces=True),
    "deleteOnTermination": flag("DeleteOnTermination", computed=True),
    "iops": number("Iops", computed=True),
    "throughput": number("Throughput", computed=True),
    "tags": mapping(write_only=True),
}
FIELDS = {
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
    "metadataOptions": block("MetadataOptions", METADATA, computed=True, group="metadata"),
    "rootBlockDevice": block(
        read="RootDevice", fields=ROOT_DEVICE, computed=True, replaces=_other_encryption, group="root_device"
    ),
    "creditSpecification": block(
        "CreditSpecification", {"cpuCredits": text("CpuCredits", computed=True)}, write_only=True
    ),
    "volumeTags": mapping(write_only=True),
}


def instance_of(work: Work, instance: str) -> Any:
    wanted = [{"Name": "instance-id", "Values": [instance]}]
    return dig(work.call("describe_instances", Filters=wanted), "Reservations.0.Instances.0")


def state_of(work: Work, instance: str) -> str:
    return dig(instance_of(work, instance), "State.Name") or "terminated"
