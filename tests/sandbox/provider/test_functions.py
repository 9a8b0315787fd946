"""Provider functions: what a program may look up."""

from __future__ import annotations

import pytest

from sandbox.provider.values import plain_bag

AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


def answer(driver, token, **arguments):
    response = driver.invoke(token, **arguments)
    assert response.failures == []
    return plain_bag(response.return_value)


def test_who_calls_and_where(driver):
    caller = answer(driver, "aws:index/getCallerIdentity:getCallerIdentity")
    assert caller["accountId"] == caller["id"] == "123456789012"
    assert answer(driver, "aws:index/getRegion:getRegion")["region"] == "eu-west-1"
    assert answer(driver, "aws:index/getPartition:getPartition")["partition"] == "aws"


def test_zones_by_state_and_without_some(driver):
    token = "aws:index/getAvailabilityZones:getAvailabilityZones"
    assert answer(driver, token, state="available")["names"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert answer(driver, token, excludeNames=["eu-west-1b"])["names"] == ["eu-west-1a", "eu-west-1c"]


def test_the_prefix_list_of_a_gateway_service(driver):
    arguments = {"name": "com.amazonaws.eu-west-1.s3"}
    listed = answer(driver, "aws:ec2/getPrefixList:getPrefixList", **arguments)
    managed = answer(driver, "aws:ec2/getManagedPrefixList:getManagedPrefixList", **arguments)
    assert listed["id"] == managed["id"]
    assert listed["id"].startswith("pl-")


def test_a_vpc_and_a_subnet_by_their_ids(driver):
    ec2 = driver.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.66.1.0/24", AvailabilityZone="eu-west-1b")["Subnet"]

    found = answer(driver, "aws:ec2/getVpc:getVpc", id=vpc)
    subnet = answer(driver, "aws:ec2/getSubnet:getSubnet", id=made["SubnetId"])

    assert (found["id"], found["cidrBlock"]) == (vpc, "10.66.0.0/16")
    assert (found["enableDnsSupport"], found["enableDnsHostnames"]) == (True, True)
    assert (subnet["id"], subnet["vpcId"]) == (made["SubnetId"], vpc)
    assert (subnet["availabilityZone"], subnet["cidrBlock"]) == ("eu-west-1b", "10.66.1.0/24")


def test_the_image_of_a_public_parameter_exists(driver):
    parameter = answer(driver, "aws:ssm/getParameter:getParameter", name=AMI)
    images = driver.client("ec2").describe_images(ImageIds=[parameter["value"]])["Images"]
    assert [image["ImageId"] for image in images] == [parameter["value"]]


def test_the_newest_image(driver):
    filters = [{"name": "architecture", "values": ["arm64"]}]
    image = answer(driver, "aws:ec2/getAmi:getAmi", owners=["amazon"], mostRecent=True, filters=filters)
    wanted = [{"Name": "architecture", "Values": ["arm64"]}]
    every = driver.client("ec2").describe_images(Owners=["amazon"], Filters=wanted)["Images"]
    assert image["creationDate"] == max(each["CreationDate"] for each in every)


@pytest.mark.parametrize(
    ("token", "arguments", "reason"),
    [
        (
            "aws:ec2/getVpcs:getVpcs",
            {},
            "aws:ec2/getVpcs:getVpcs: this function is not modelled by the sandbox",
        ),
        (
            "aws:ec2/getSubnet:getSubnet",
            {"id": "subnet-0"},
            "aws:ec2/getSubnet:getSubnet: DescribeSubnets: InvalidSubnetID.NotFound: "
            "The subnet ID 'subnet-0' does not exist",
        ),
        (
            "aws:ssm/getParameter:getParameter",
            {"name": "/not/there"},
            "aws:ssm/getParameter:getParameter: there is no parameter /not/there",
        ),
        (
            "aws:ec2/getPrefixList:getPrefixList",
            {"name": "nonsense"},
            "aws:ec2/getPrefixList:getPrefixList: prefix list: nothing found, expected one",
        ),
    ],
)
def test_what_cannot_be_answered_is_a_failure_with_the_reason(driver, token, arguments, reason):
    assert [failure.reason for failure in driver.invoke(token, **arguments).failures] == [reason]
