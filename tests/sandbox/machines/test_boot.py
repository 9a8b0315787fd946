from __future__ import annotations

import pytest

from .conftest import REGION, Cloud

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
