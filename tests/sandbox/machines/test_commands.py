from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import Cloud

pytestmark = pytest.mark.namespaces


@pytest.fixture(scope="module")
def instance_id(cloud: Cloud) -> str:
    for service in ("ssm", "ssmmessages"):
        cloud.add_endpoint(service)
    return cloud.boot("")


def managed(cloud: Cloud) -> list[str]:
    return [one["InstanceId"] for one in cloud.ssm.describe_instance_information()["InstanceInformationList"]]


def test_a_command_runs_as_root_in_the_agents_folder_without_a_home(cloud: Cloud, instance_id: str) -> None:
    answer = cloud.command(instance_id, "id -un", "pwd", "echo home=${HOME-none}", "echo oops >&2")
    assert (answer["Status"], answer["ResponseCode"]) == ("Success", 0)
    assert answer["StandardOutputContent"] == "root\n/usr/bin\nhome=none\n"
    assert answer["StandardErrorContent"] == "oops\n"


def test_a_command_that_fails_says_so_with_its_code(cloud: Cloud, instance_id: str) -> None:
    answer = cloud.command(instance_id, "echo no >&2", "exit 7")
    assert (answer["Status"], answer["ResponseCode"]) == ("Failed", 7)
    assert answer["StandardErrorContent"] == "no\nfailed to run commands: exit status 7"


def test_only_the_first_characters_of_the_output_come_back(cloud: Cloud, instance_id: str) -> None:
    fill = "for n in $(seq 3000); do echo '0123456789é'; done"
    answer = cloud.command(instance_id, fill, f"({fill}) >&2")
    whole = "0123456789é\n" * 3000
    assert answer["StandardOutputContent"] == whole[:24_000]
    assert answer["StandardErrorContent"] == whole[:8_000]


def test_the_working_folder_and_the_time_limit_are_parameters(cloud: Cloud, instance_id: str) -> None:
    answer = cloud.command(instance_id, "pwd; sleep 60", workingDirectory=["/opt"], executionTimeout=["1"])
    assert (answer["Status"], answer["ResponseCode"]) == ("TimedOut", -1)
    assert answer["StandardOutputContent"] == "/opt\n"


def test_the_answer_does_not_wait_for_the_command(cloud: Cloud, instance_id: str) -> None:
    asked = {"CommandId": cloud.send(instance_id, "sleep 1"), "InstanceId": instance_id}
    assert cloud.ssm.get_command_invocation(**asked)["Status"] in ("Pending", "InProgress")
    cloud.ssm.get_waiter("command_executed").wait(**asked, WaiterConfig={"Delay": 1})
    assert cloud.ssm.get_command_invocation(**asked)["Status"] == "Success"


def test_the_commands_of_an_instance_are_listed(cloud: Cloud, instance_id: str) -> None:
    command_id = cloud.command(instance_id, "echo listed")["CommandId"]
    listed = cloud.ssm.list_command_invocations(CommandId=command_id, Details=True)["CommandInvocations"]
    assert [(one["InstanceId"], one["CommandPlugins"][0]["Output"]) for one in listed] == [
        (instance_id, "listed\n")
    ]
    command = cloud.ssm.list_commands(CommandId=command_id)["Commands"][0]
    assert (command["Status"], command["TargetCount"], command["CompletedCount"]) == ("Success", 1, 1)


def test_an_instance_without_a_role_is_not_managed(cloud: Cloud, instance_id: str) -> None:
    bare = cloud.boot("", profile=False)
    assert managed(cloud) == [instance_id]
    with pytest.raises(ClientError) as refused:
        cloud.send(bare, "true")
    assert refused.value.response["Error"] == {
        "Code": "InvalidInstanceId",
        "Message": f"Instances [[{bare}]] not in a valid state for account 123456789012",
    }


def test_other_documents_are_unknown(cloud: Cloud, instance_id: str) -> None:
    with pytest.raises(ClientError, match="InvalidDocument"):
        cloud.ssm.send_command(InstanceIds=[instance_id], DocumentName="AWS-RunPowerShellScript")


def test_output_to_a_bucket_is_refused_by_name(cloud: Cloud, instance_id: str) -> None:
    asked = {
        "InstanceIds": [instance_id],
        "DocumentName": "AWS-RunShellScript",
        "OutputS3BucketName": "output",
    }
    with pytest.raises(ClientError, match="does not model OutputS3BucketName"):
        cloud.ssm.send_command(**asked, Parameters={"commands": ["true"]})


def test_without_an_endpoint_no_instance_is_managed(cloud: Cloud, instance_id: str) -> None:
    assert managed(cloud) == [instance_id]
    endpoints = cloud.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    messages = [one["VpcEndpointId"] for one in endpoints if one["ServiceName"].endswith(".ssmmessages")]
    cloud.ec2.delete_vpc_endpoints(VpcEndpointIds=messages)
    cloud.context.parts["commands"]._reached.clear()  # as after three seconds
    assert managed(cloud) == []
    cloud.add_endpoint("ssmmessages")
    assert managed(cloud) == [instance_id]


def test_an_instance_whose_role_does_not_let_the_agent_work_is_not_managed(
    cloud: Cloud, instance_id: str
) -> None:
    assert instance_id in managed(cloud)
    for action in ("ssm:UpdateInstanceInformation", "ssmmessages:OpenControlChannel"):
        with cloud.denied("app", action):
            assert instance_id not in managed(cloud)
    assert instance_id in managed(cloud)


def test_the_commands_of_an_instance_may_what_its_role_may(cloud: Cloud, instance_id: str) -> None:
    cloud.ssm.put_parameter(Name="/of/the/role", Value="found", Type="String")
    line = (
        "aws ssm get-parameter --region eu-west-1 --name /of/the/role --query Parameter.Value --output text"
    )
    answer = cloud.command(instance_id, line)
    assert answer["StandardOutputContent"] == "found\n", answer["StandardErrorContent"]
    with cloud.denied("app", "ssm:GetParameter"):
        said = cloud.command(instance_id, line)["StandardErrorContent"]
    assert f"assumed-role/app/{instance_id} is not authorized to perform: ssm:GetParameter" in said
