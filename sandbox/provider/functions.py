"""The provider functions (invokes) that the sandbox answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import ProviderError, is_gone
from .fields import dig
from .work import Aws

Arguments = Mapping[str, Any]
_REGION_NAMES = {
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
}


def _caller_identity(aws: Aws, given: Arguments) -> dict[str, Any]:
    account = aws.caller["Account"]
    return {"accountId": account, "arn": aws.caller["Arn"], "userId": aws.caller["UserId"], "id": account}


def _region(aws: Aws, given: Arguments) -> dict[str, Any]:
    region = given.get("region") or given.get("name") or aws.region
    return {
        "region": region,
        "name": region,
        "id": region,
        "description": _REGION_NAMES.get(region, region),
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(aws: Aws, given: Arguments) -> dict[str, Any]:
    return {
        "partition": "aws",
        "id": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _availability_zones(aws: Aws, given: Arguments) -> dict[str, Any]:
    filters = _filters(given)
    if given.get("state"):
        filters.append({"Name": "state", "Values": [given["state"]]})
    found = aws.client("ec2").describe_availability_zones(
        Filters=filters, AllAvailabilityZones=bool(given.get("allAvailabilityZones", False))
    )["AvailabilityZones"]
    zones = [
        zone
        for zone in sorted(found, key=lambda zone: zone["ZoneName"])
        if zone["ZoneName"] not in (given.get("excludeNames") or [])
        and zone["ZoneId"] not in (given.get("excludeZoneIds") or [])
    ]
    return {
        **given,
        "id": aws.region,
        "region": aws.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or aws.region for zone in zones}),
    }


def _filters(given: Arguments) -> list[dict[str, Any]]:
    return [{"Name": each["name"], "Values": list(each["values"])} for each in given.get("filters") or []]


def _one(what: str, found: list[Any]) -> Any:
    if len(found) != 1:
        raise ProviderError(f"{what}: {'nothing' if not found else len(found)} found, expected one")
    return found[0]


def _vpc(aws: Aws, given: Arguments) -> dict[str, Any]:
    client, ids = aws.client("ec2"), {"VpcIds": [given["id"]]} if given.get("id") else {}
    vpc = _one("VPC", client.describe_vpcs(Filters=_filters(given), **ids)["Vpcs"])
    dns = {
        name: client.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)[name[:1].upper() + name[1:]]
        for name in ("enableDnsSupport", "enableDnsHostnames")
    }
    return {
        **given,
        "id": vpc["VpcId"],
        "cidrBlock": vpc["CidrBlock"],
        "default": vpc["IsDefault"],
        "instanceTenancy": vpc["InstanceTenancy"],
        "state": vpc["State"],
        "ownerId": vpc["OwnerId"],
        "tags": {tag["Key"]: tag["Value"] for tag in vpc.get("Tags", [])},
        "region": aws.region,
        **{name: each["Value"] for name, each in dns.items()},
    }


def _subnet(aws: Aws, given: Arguments) -> dict[str, Any]:
    ids = {"SubnetIds": [given["id"]]} if given.get("id") else {}
    found = aws.client("ec2").describe_subnets(Filters=_filters(given), **ids)["Subnets"]
    subnet = _one("subnet", found)
    return {
        **given,
        "id": subnet["SubnetId"],
        "arn": subnet["SubnetArn"],
        "vpcId": subnet["VpcId"],
        "cidrBlock": subnet["CidrBlock"],
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet["AvailabilityZoneId"],
        "availableIpAddressCount": subnet["AvailableIpAddressCount"],
        "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
        "state": subnet["State"],
        "ownerId": subnet["OwnerId"],
        "tags": {tag["Key"]: tag["Value"] for tag in subnet.get("Tags", [])},
        "region": aws.region,
    }


def _prefix_list(aws: Aws, given: Arguments) -> dict[str, Any]:
    filters = _filters(given)
    if given.get("name"):
        filters.append({"Name": "prefix-list-name", "Values": [given["name"]]})
    ids = {"PrefixListIds": [given["prefixListId"]]} if given.get("prefixListId") else {}
    found = aws.client("ec2").describe_prefix_lists(Filters=filters, **ids)["PrefixLists"]
    each = _one("prefix list", found)
    return {
        **given,
        "id": each["PrefixListId"],
        "name": each["PrefixListName"],
        "cidrBlocks": sorted(each.get("Cidrs", [])),
        "region": aws.region,
    }


def _managed_prefix_list(aws: Aws, given: Arguments) -> dict[str, Any]:
    filters = _filters(given)
    if given.get("name"):
        filters.append({"Name": "prefix-list-name", "Values": [given["name"]]})
    if given.get("id"):
        filters.append({"Name": "prefix-list-id", "Values": [given["id"]]})
    client = aws.client("ec2")
    each = _one("managed prefix list", client.describe_managed_prefix_lists(Filters=filters)["PrefixLists"])
    entries = client.get_managed_prefix_list_entries(PrefixListId=each["PrefixListId"]).get("Entries", [])
    return {
        "id": each["PrefixListId"],
        "name": each["PrefixListName"],
        "arn": each["PrefixListArn"],
        "addressFamily": each["AddressFamily"],
        "ownerId": each["OwnerId"],
        "maxEntries": each.get("MaxEntries") or 0,
        "version": each.get("Version") or 0,
        "tags": {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])},
        "entries": [
            {"cidr": entry["Cidr"], "description": entry.get("Description", "")} for entry in entries
        ],
        "region": aws.region,
    }


def _ami(aws: Aws, given: Arguments) -> dict[str, Any]:
    owners = {"Owners": list(given["owners"])} if given.get("owners") else {}
    found = aws.client("ec2").describe_images(Filters=_filters(given), **owners)["Images"]
    found.sort(key=lambda image: image["CreationDate"], reverse=True)
    image = _one("image", found[:1] if given.get("mostRecent") else found)
    return {
        **given,
        "id": image["ImageId"],
        "imageId": image["ImageId"],
        "name": image.get("Name", ""),
        "architecture": image["Architecture"],
        "arn": f"arn:aws:ec2:{aws.region}::image/{image['ImageId']}",
        "creationDate": image["CreationDate"],
        "description": image.get("Description", ""),
        "ownerId": image["OwnerId"],
        "rootDeviceName": image.get("RootDeviceName", ""),
        "rootDeviceType": image.get("RootDeviceType", ""),
        "virtualizationType": image.get("VirtualizationType", ""),
        "state": image["State"],
        "region": aws.region,
    }


def _parameter(aws: Aws, given: Arguments) -> dict[str, Any]:
    decrypted = bool(given.get("withDecryption", True))
    try:
        found = aws.client("ssm").get_parameter(Name=given["name"], WithDecryption=decrypted)["Parameter"]
    except aws.client("ssm").exceptions.ClientError as exc:
        if is_gone(exc):
            raise ProviderError(f"there is no parameter {given['name']}") from exc
        raise
    return {
        "id": found["Name"],
        "name": found["Name"],
        "type": found["Type"],
        "value": found["Value"],
        "insecureValue": found["Value"] if found["Type"] != "SecureString" else "",
        "version": found["Version"],
        "arn": dig(found, "ARN") or "",
        "withDecryption": decrypted,
        "region": aws.region,
    }


FUNCTIONS: Mapping[str, Callable[[Aws, Arguments], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getPrefixList:getPrefixList": _prefix_list,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _managed_prefix_list,
    "aws:ec2/getAmi:getAmi": _ami,
    "aws:ssm/getParameter:getParameter": _parameter,
}
