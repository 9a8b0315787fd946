from __future__ import annotations

import pytest

from sandbox.hosts import tools
from sandbox.hosts.tools import ToolsError

from .conftest import REGION, Cloud, until

pytestmark = pytest.mark.namespaces


@pytest.fixture(scope="module", autouse=True)
def _gateway(cloud: Cloud) -> None:
    cloud.add_endpoint("s3")


def test_user_data_runs_as_root_in_the_root_folder_without_a_home(cloud: Cloud) -> None:
    instance_id = cloud.boot("#!/bin/bash\nset -eu\nid -un; pwd; echo home=${HOME-none}; echo $0\n")
    assert cloud.instances.log(instance_id) == [
        "root",
        "/",
        "home=none",
        "/var/lib/cloud/instance/scripts/part-001",
    ]


def test_an_instance_reads_its_bundle_from_the_bucket_with_its_role(cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket="bundles", Key="bundle.txt", Body=b"the bundle")
    script = f"""#!/bin/bash
set -euo pipefail
aws s3 cp --only-show-errors --region {REGION} s3://bundles/bundle.txt /opt/bundle.txt
cat /opt/bundle.txt
"""
    instance_id = cloud.boot(script)
    assert cloud.instances.log(instance_id)[-1] == "the bundle"


def test_a_failed_user_data_leaves_the_last_lines_of_its_log(cloud: Cloud) -> None:
    instance_id = cloud.run_instance("#!/bin/sh\nseq 1 100\necho the reason >&2\nexit 3\n")
    boot = cloud.wait_for_boot(instance_id)
    assert (boot["state"], boot["log_tail"]) == ("failed", [*map(str, range(62, 101)), "the reason"])


def test_an_instance_is_pending_until_its_root_stands(cloud: Cloud) -> None:
    instance_id = cloud.run_instance("#!/bin/sh\nsleep 0.5\n")
    states = []

    def state() -> str:
        found = cloud.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        states.append(found["State"]["Name"])
        return states[-1]

    assert cloud.launched["State"]["Name"] == "pending"
    until(lambda: state() == "running", 10)
    assert set(states) <= {"pending", "running"}
    assert cloud.instances.boots([instance_id])[0].state == "running"
    assert cloud.wait_for_boot(instance_id)["state"] == "ready"


def test_an_instance_without_tools_runs_and_says_why_it_is_of_no_use(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ensure(folder: object) -> None:
        raise ToolsError("cannot install awscli; it needs the package index once\n  no route")

    monkeypatch.setattr(tools, "ensure", ensure)
    monkeypatch.delitem(cloud.context.parts, "tools")
    boot = cloud.wait_for_boot(cloud.run_instance("#!/bin/sh\ntrue\n"))
    reason = ["ToolsError: cannot install awscli; it needs the package index once", "  no route"]
    assert (boot["state"], boot["log_tail"]) == ("failed", reason)


def test_user_data_that_is_no_script_fails_the_boot(cloud: Cloud) -> None:
    boot = cloud.wait_for_boot(cloud.run_instance("#cloud-config\n"))
    reason = "the sandbox runs user data that is a script, so its first line must start with #!"
    assert (boot["state"], boot["log_tail"]) == ("failed", [reason])


def test_without_the_gateway_the_download_fails_and_the_log_says_so(cloud: Cloud) -> None:
    endpoints = [one["VpcEndpointId"] for one in cloud.ec2.describe_vpc_endpoints()["VpcEndpoints"]]
    cloud.ec2.delete_vpc_endpoints(VpcEndpointIds=endpoints)
    fetch = f"aws s3 cp --region {REGION} --cli-connect-timeout 1 s3://bundles/bundle.txt /opt/x"
    instance_id = cloud.run_instance(f"#!/bin/sh\nset -e\nexport AWS_MAX_ATTEMPTS=1\n{fetch}\n")
    boot = cloud.wait_for_boot(instance_id)
    cloud.add_endpoint("s3")
    assert boot["state"] == "failed"
    assert "Connect timeout on endpoint URL" in boot["log_tail"][-1]
