"""The provider under a real Pulumi engine, where there is one on PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from sandbox.provider import start_server
from sandbox.provider.tables import TYPES
from tests.real_engine import NEEDS_ENGINE
from tests.sandbox.provider.driver import REGION, token_of
from tests.sandbox.provider.test_failures import FAKE, Fake, refusal

pytestmark = [
    pytest.mark.timeout(400),
    *NEEDS_ENGINE,
]

PROGRAM = """
import os
import pulumi
import pulumi_aws as aws

vpc = aws.ec2.Vpc("main", cidr_block="10.6.0.0/16", tags={"step": os.environ["STEP"]})
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description="of step " + os.environ["STEP"])
token = pulumi.Stash("token", input=pulumi.Output.secret("sesame open"))
parameter = aws.ssm.Parameter("token", type="SecureString", value=token.output)
bucket = aws.s3.Bucket("bucket", force_destroy=True)
item = aws.s3.BucketObjectv2("item", bucket=bucket.id, key="item", source=pulumi.FileAsset("item.txt"))
if os.environ["STEP"] == "wrong":
    aws.ec2.Vpc("wrong", cidr_block="10.6.0.0/16", ipv6_netmask_length=56)
if os.environ["STEP"] == "fake":
    pulumi.CustomResource("aws:test/fake:Fake", "fake", {"size": "small"})
pulumi.export("vpc", vpc.id)
"""


class Engine:
    """One stack in a folder."""

    def __init__(self, folder, port):
        self.folder = folder
        (folder / "state").mkdir()
        (folder / "passphrase").write_text("test")
        (folder / "__main__.py").write_text(PROGRAM)
        (folder / "item.txt").write_text("one")
        (folder / "Pulumi.yaml").write_text("name: real\nruntime: python\n")
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "AWS_"))},
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_PYTHON_CMD": sys.executable,
            "PULUMI_HOME": str(folder / "home"),
        }
        self.run("stack", "init", "dev")
        self.run("config", "set", "aws:region", REGION)

    def run(self, *arguments, step="one", fails=False):
        command = ["pulumi", "--color", "never", "--non-interactive", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, "STEP": step},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def changes(self, command, step="one"):
        """What the command did, by operation."""
        self.run(command, "--yes", "--skip-preview", step=step)
        return json.loads(self.run("stack", "history", "--json"))[0]["resourceChanges"]


@pytest.fixture
def engine(api_url, tmp_path):
    return Engine(tmp_path, start_server(api_url, REGION, tmp_path))


def test_a_stack_goes_up_stays_follows_and_goes(engine, driver):
    assert "7 to create" in engine.run("preview")
    assert engine.changes("up") == {"create": 7}
    assert engine.changes("up") == {"same": 7}
    assert engine.changes("refresh") == {"same": 7}
    vpc = engine.run("stack", "output", "vpc").strip()

    (engine.folder / "item.txt").write_text("two")
    assert engine.changes("up", "two") == {"same": 4, "update": 2, "replace": 1}

    driver.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    assert engine.changes("refresh", "two") == {"same": 6, "update": 1}
    assert engine.changes("up", "two") == {"same": 6, "update": 1}
    assert engine.changes("refresh", "two") == {"same": 7}

    state = engine.run("stack", "export")
    assert "sesame open" not in state
    assert engine.changes("destroy", "two") == {"delete": 7}
    assert driver.client("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Vpcs"] == []


def test_a_refused_input_is_told_at_preview_and_a_half_made_resource_is_kept(engine, monkeypatch):
    told = engine.run("preview", step="wrong", fails=True)
    assert "aws:ec2/vpc:Vpc: input 'ipv6NetmaskLength' is not modelled by the sandbox" in told

    fake = Fake()
    monkeypatch.setitem(TYPES, token_of(FAKE), fake.row())
    fake.failures["ready"].append(refusal("Broken", "it does not start"))
    fake.failures["delete"].append(refusal("Denied", "not yours"))
    told = engine.run("up", "--yes", "--skip-preview", step="fake", fails=True)
    assert "DoIt: Broken: it does not start; fake-1 is left half made: DoIt: Denied: not yours" in told
    resources = json.loads(engine.run("stack", "export"))["deployment"]["resources"]
    assert [each["id"] for each in resources if each["type"] == token_of(FAKE)] == ["fake-1"]
    engine.run("destroy", "--yes", "--skip-preview", step="fake")
    assert fake.exists == set()
