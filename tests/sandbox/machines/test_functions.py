from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from .conftest import Cloud, archive, until

pytestmark = pytest.mark.namespaces

CODE = """
import os, sys, time, urllib.request
print("loaded")
def handler(event, context):
    what, began = event.get("do"), time.time()
    if what == "fail":
        raise ValueError("the reason")
    if what == "sleep":
        time.sleep(event["seconds"])
        return {"times": [began, time.time()]}
    if what == "exit":
        os._exit(3)
    if what == "variables":
        return {name: os.environ.get(name) for name in event["names"]}
    if what == "write":
        for place in ("/tmp/x", "/var/task/x", "/opt/x"):
            try:
                open(place, "w").close()
            except OSError as error:
                print(place, error.strerror)
    print("event", event)
    return {"function": context.function_name, "process": os.getpid(), "arn": context.invoked_function_arn}
"""


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> str:
    cloud.create_function("echo", CODE, Timeout=2, Environment={"Variables": {"CACHE_PARAMETER": "/a/b"}})
    return "echo"


def test_a_function_is_pending_until_its_code_is_on_its_host(cloud: Cloud, function: str) -> None:
    made = cloud.create_function("new", CODE, wait=False)
    assert (made["State"], made["VpcConfig"]["VpcId"]) == ("Pending", cloud.vpc_id)
    cloud.lambda_.get_waiter("function_active_v2").wait(FunctionName="new", WaiterConfig={"Delay": 1})
    assert cloud.lambda_.get_function(FunctionName="new")["Configuration"]["LastUpdateStatus"] == "Successful"


def test_it_answers_and_stays_warm(cloud: Cloud, function: str) -> None:
    first, second = cloud.invoke(function, {"a": 1})["payload"], cloud.invoke(function, {"a": 2})["payload"]
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:echo"
    assert first == {"function": "echo", "process": first["process"], "arn": arn}
    assert second == first


def test_the_log_tail_is_that_of_the_invocation(cloud: Cloud, function: str) -> None:
    lines = cloud.invoke(function, {"n": 7})["log"].splitlines()
    start, event, end, report = lines[-4:]
    request_id = start.split()[2]
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert event == "event {'n': 7}"
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "\tMemory Size: 128 MB\tMax Memory Used: " in report


def test_what_it_writes_is_in_its_log_group(cloud: Cloud) -> None:
    cloud.create_function("writer", CODE)
    cloud.invoke("writer", {"mark": "of this test"})
    group = {"logGroupName": "/aws/lambda/writer"}
    stream = cloud.logs.describe_log_streams(**group)["logStreams"][0]["logStreamName"]
    events = cloud.logs.get_log_events(**group, logStreamName=stream, startFromHead=True)["events"]
    messages = [event["message"].split(" ")[0] for event in events]
    assert messages == ["INIT_START", "loaded", "START", "event", "END", "REPORT"]
    assert events[3]["message"] == "event {'mark': 'of this test'}"


def test_an_exception_is_told_with_its_type_and_place(cloud: Cloud, function: str) -> None:
    answer = cloud.invoke(function, {"do": "fail"})
    payload = answer["payload"]
    assert (answer["error"], payload["errorType"], payload["errorMessage"]) == (
        "Unhandled",
        "ValueError",
        "the reason",
    )
    assert payload["stackTrace"] == [
        '  File "/var/task/app.py", line 7, in handler\n    raise ValueError("the reason")\n'
    ]
    assert "[ERROR] ValueError: the reason\nTraceback (most recent call last):\n" in answer["log"]


def test_it_is_ended_at_its_time_limit_and_serves_again(cloud: Cloud, function: str) -> None:
    answer = cloud.invoke(function, {"do": "sleep", "seconds": 30})
    assert answer["error"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["payload"]["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")
    assert cloud.invoke(function, {})["error"] is None


def test_a_runtime_that_exits_is_an_error_of_its_own(cloud: Cloud, function: str) -> None:
    answer = cloud.invoke(function, {"do": "exit"})
    assert answer["payload"]["errorType"] == "Runtime.ExitError"
    assert answer["payload"]["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert cloud.invoke(function, {})["error"] is None


def test_it_has_its_variables_and_its_roles_credentials_and_none_of_ours(
    cloud: Cloud, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["CACHE_PARAMETER", "AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"]
    payload = cloud.invoke(function, {"do": "variables", "names": [*names, "AWS_ACCESS_KEY_ID"]})["payload"]
    assert payload.pop("AWS_ACCESS_KEY_ID").startswith("ASIA")
    assert list(payload.values()) == [
        "/a/b",
        "eu-west-1",
        "echo",
        None,
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ]


def test_it_writes_to_its_temporary_folder_only(cloud: Cloud, function: str) -> None:
    log = cloud.invoke(function, {"do": "write"})["log"]
    assert [line for line in log.splitlines() if line.startswith("/")] == [
        "/var/task/x Read-only file system",
        "/opt/x Read-only file system",
    ]


def test_a_change_reaches_the_next_invocation(cloud: Cloud) -> None:
    cloud.create_function("changing", "def handler(event, context):\n    return 1\n")
    assert cloud.invoke("changing")["payload"] == 1
    code = archive({"app.py": "import os\ndef handler(event, context):\n    return os.environ.get('N', 2)\n"})
    cloud.lambda_.update_function_code(FunctionName="changing", ZipFile=code)
    cloud.wait_for_function("changing")
    assert cloud.invoke("changing")["payload"] == 2
    cloud.lambda_.update_function_configuration(
        FunctionName="changing", Environment={"Variables": {"N": "3"}}
    )
    cloud.wait_for_function("changing")
    assert cloud.invoke("changing")["payload"] == "3"


def test_a_module_that_cannot_be_imported_is_told_at_the_invocation(cloud: Cloud) -> None:
    cloud.create_function("broken", CODE, Handler="nothing.handler")
    answer = cloud.invoke("broken")
    assert answer["error"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Runtime.ImportModuleError"
    assert answer["payload"]["errorMessage"] == "Unable to import module 'nothing': No module named 'nothing'"


def test_code_that_others_may_not_read_cannot_be_read(cloud: Cloud) -> None:
    cloud.create_function("closed", CODE, Code={"ZipFile": archive({"app.py": CODE}, mode=0o600)})
    assert "Permission denied" in cloud.invoke("closed")["payload"]["errorMessage"]


def test_invocations_at_the_same_time_run_beside_each_other(cloud: Cloud) -> None:
    cloud.create_function("beside", CODE, Timeout=20)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: cloud.invoke("beside", {"do": "sleep", "seconds": 4}), range(3)))
    assert [answer["error"] for answer in answers] == [None] * 3
    starts, ends = zip(*(answer["payload"]["times"] for answer in answers), strict=True)
    assert max(starts) < min(ends)


def test_a_deleted_function_gives_its_interface_back(cloud: Cloud) -> None:
    def interfaces() -> list[str]:
        found = cloud.ec2.describe_network_interfaces()["NetworkInterfaces"]
        return [one["Description"] for one in found if "short-lived" in one["Description"]]

    cloud.create_function("short-lived", CODE)
    assert len(interfaces()) == 1
    cloud.lambda_.delete_function(FunctionName="short-lived")
    assert interfaces() == []


def test_an_event_is_taken_and_served_later(cloud: Cloud) -> None:
    cloud.create_function("l", CODE)
    answer = cloud.lambda_.invoke(FunctionName="l", InvocationType="Event", Payload=json.dumps({"n": 1}))
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")

    def served() -> bool:
        groups = cloud.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/l")["logGroups"]
        found = cloud.logs.filter_log_events(logGroupName="/aws/lambda/l")["events"] if groups else []
        return "event {'n': 1}" in [event["message"] for event in found]

    until(served, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"VpcConfig": {}}, "functions in a VPC only"),
        ({"Runtime": "nodejs22.x"}, "runs Python functions only, not nodejs22.x"),
        ({"Code": {"ZipFile": b"no zip"}}, "Could not unzip uploaded file"),
    ],
)
def test_what_cannot_run_is_refused_at_once(cloud: Cloud, options: dict, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        cloud.create_function("refused", CODE, wait=False, **options)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.lambda_.get_function(FunctionName="refused")


def test_a_role_that_lambda_cannot_use_in_the_vpc_is_refused(cloud: Cloud) -> None:
    weak = cloud.add_role("weak", "logs:*")
    message = "does not have permissions to call CreateNetworkInterface on EC2"
    with pytest.raises(ClientError, match=message):
        cloud.create_function("weak", CODE, Role=weak)
    cloud.create_function("weak", CODE)
    with pytest.raises(ClientError, match=message):
        cloud.lambda_.update_function_configuration(FunctionName="weak", Role=weak)
    assert cloud.lambda_.get_function_configuration(FunctionName="weak")["Role"] == cloud.role_arn


def test_a_function_writes_its_log_only_as_far_as_its_role_lets_it(cloud: Cloud) -> None:
    silent = cloud.add_role("silent", "ec2:*", "logs:CreateLogGroup")
    cloud.create_function("silent", CODE, Role=silent)
    cloud.logs.create_log_group(logGroupName="/aws/lambda/silent")

    def streams() -> int:
        return len(cloud.logs.describe_log_streams(logGroupName="/aws/lambda/silent")["logStreams"])

    assert cloud.invoke("silent", {})["payload"]["function"] == "silent"
    assert streams() == 0
    cloud.allow("silent", "logs:CreateLogStream", "logs:PutLogEvents")
    cloud.invoke("silent", {})
    assert streams() == 1


def test_an_instance_with_a_way_out_calls_a_function_url_by_its_name(cloud: Cloud) -> None:
    cloud.create_function("by-url", "def handler(event, context):\n    return event['rawPath']\n", Timeout=20)
    url = cloud.lambda_.create_function_url_config(FunctionName="by-url", AuthType="NONE")["FunctionUrl"]
    given = {"FunctionName": "by-url", "Principal": "*"}
    cloud.lambda_.add_permission(
        **given, StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE"
    )
    cloud.lambda_.add_permission(
        **given, StatementId="call", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True
    )
    gateway = cloud.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=cloud.vpc_id)
    route = {"RouteTableId": cloud.table_id, "DestinationCidrBlock": "0.0.0.0/0"}
    cloud.ec2.create_route(**route, GatewayId=gateway)
    try:
        code = f"import urllib.request as r; print(r.urlopen('{url}a/path', timeout=30).read().decode())"
        answer = cloud.instances.run(cloud.boot(""), f'python3 -c "{code}"')
    finally:
        cloud.ec2.delete_route(**route)
    assert answer["stdout"] == '"/a/path"\n', answer["stderr"]
