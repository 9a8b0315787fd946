from __future__ import annotations

import os
import subprocess

import pytest

from .conftest import Cloud

CAP_SYS_ADMIN = 1 << 21

pytestmark = pytest.mark.namespaces


@pytest.fixture(scope="module")
def instance_id(cloud: Cloud) -> str:
    cloud.add_endpoint("s3")
    return cloud.boot("")


def run(cloud: Cloud, instance_id: str, script: str, **options: object) -> tuple[int, str, str]:
    result = cloud.instances.run(instance_id, script, **options)
    return result["code"], result["stdout"], result["stderr"]


def test_it_calls_itself_by_its_address_and_asks_the_resolver_of_its_vpc(
    cloud: Cloud, instance_id: str
) -> None:
    address = cloud.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    dashed = address["PrivateIpAddress"].replace(".", "-")
    script = '. /etc/os-release; echo "$ID $VERSION_ID"; hostname; grep nameserver /etc/resolv.conf'
    expected = f"amzn 2023\nip-{dashed}.eu-west-1.compute.internal\nnameserver 10.20.0.2\n"
    assert run(cloud, instance_id, script) == (0, expected, "")


def test_what_the_image_does_not_declare_is_not_there(cloud: Cloud, instance_id: str) -> None:
    script = (
        "command -v python3.11 redis-cli redis6-cli memcached apt-get nft; ls -d /work /home/* 2>/dev/null"
    )
    assert run(cloud, instance_id, script)[1] == "/home/ec2-user\n"


def test_dnf_installs_what_the_image_declares(cloud: Cloud, instance_id: str) -> None:
    script = (
        "dnf -q install -y python3.11 redis6 && python3.11 -c 'import ssl, sqlite3' && redis6-cli --version"
    )
    code, stdout, stderr = run(cloud, instance_id, script)
    assert (code, stdout.split()[0], stderr) == (0, "redis-cli", "")
    again = run(cloud, instance_id, "dnf install -y redis6")
    assert again == (0, "Package redis6 is already installed.\nNothing to do.\nComplete!\n", "")


def test_dnf_refuses_the_rest_in_its_words_and_what_was_asked_is_on_record(
    cloud: Cloud, instance_id: str
) -> None:
    refused = run(cloud, instance_id, "dnf install -y redis6 nginx")
    assert refused == (1, "", "No match for argument: nginx\nError: Unable to find a match: nginx\n")
    asked = cloud.instances.requests(instance_id)[-1]
    assert (asked["program"], asked["arguments"], asked["code"]) == (
        "dnf",
        ["install", "-y", "redis6", "nginx"],
        1,
    )


def test_dnf_needs_a_way_to_the_packages_bucket(cloud: Cloud, instance_id: str) -> None:
    # Its own look-up goes to the resolver first; a name that S3's wildcard does not cover has no address.
    script = "echo us-nowhere-1 >/etc/dnf/vars/awsregion; rm -rf /var/cache/dnf; dnf install -y python3.11"
    code, _, stderr = run(
        cloud, instance_id, script + "; r=$?; echo eu-west-1 >/etc/dnf/vars/awsregion; exit $r"
    )
    assert code == 1
    assert stderr.startswith("Errors during downloading metadata for repository 'amazonlinux':")


def test_systemctl_knows_the_agent_and_nothing_else(cloud: Cloud, instance_id: str) -> None:
    assert run(cloud, instance_id, "systemctl is-active amazon-ssm-agent") == (0, "active\n", "")
    said = "Failed to start web.service: Unit web.service not found.\n"
    assert run(cloud, instance_id, "systemctl start web") == (5, "", said)


@pytest.mark.parametrize("user", ["root", "ec2-user"])
def test_nobody_writes_to_the_computers_own_files(cloud: Cloud, instance_id: str, user: str) -> None:
    script = """
for folder in /var/lib/sandbox/tools /var/lib/sandbox/usr; do
    mount -o remount,bind,rw $folder 2>/dev/null
    touch $folder/mine 2>/dev/null && echo wrote to $folder
    unshare -Urm sh -c "mount -o remount,bind,rw $folder; touch $folder/mine" 2>/dev/null && echo wrote to $folder
done
touch ~/mine && id -un
"""
    assert run(cloud, instance_id, script, user=user) == (0, f"{user}\n", "")


def test_a_process_without_a_parent_leaves_no_zombie(cloud: Cloud, instance_id: str) -> None:
    run(cloud, instance_id, "for n in 1 2 3; do (sleep 0.01 &) ; done; sleep 0.1")
    assert run(cloud, instance_id, "cat /proc/[0-9]*/status | grep -c '^State:.Z'")[1] == "0\n"


def test_a_script_that_takes_too_long_is_ended_with_what_it_started(cloud: Cloud, instance_id: str) -> None:
    result = cloud.instances.run(instance_id, "echo begun; sleep 61 & sleep 62", timeout_seconds=0.3)
    assert (result["code"], result["stdout"]) == (None, "begun\n")
    assert (
        run(cloud, instance_id, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 6[12]'")[1] == "0\n"
    )


def test_a_script_leaves_nothing_of_itself_and_a_signal_is_told_as_a_shell_tells_it(
    cloud: Cloud, instance_id: str
) -> None:
    code, name, _ = run(cloud, instance_id, "echo $0; kill -9 $$")
    assert (code, name[:21]) == (137, "/run/sandbox/scripts/")
    assert run(cloud, instance_id, f"ls $(dirname {name.strip()})")[0] == 2


def test_a_reboot_keeps_the_disk_and_does_not_run_user_data_again(cloud: Cloud) -> None:
    instance_id = cloud.boot("#!/bin/sh\necho booted >>/opt/boots\n")
    run(cloud, instance_id, "echo here >/opt/file; touch /tmp/gone")
    cloud.ec2.reboot_instances(InstanceIds=[instance_id])
    script = "cat /opt/boots /opt/file; ls /tmp"
    assert run(cloud, instance_id, script) == (0, "booted\nhere\n", "")


def test_stopped_and_started_it_is_the_same_machine(cloud: Cloud) -> None:
    instance_id = cloud.boot("#!/bin/sh\necho booted >>/opt/boots\n")
    cloud.ec2.stop_instances(InstanceIds=[instance_id])
    cloud.ec2.start_instances(InstanceIds=[instance_id])
    cloud.wait_for_boot(instance_id)
    assert run(cloud, instance_id, "cat /opt/boots") == (0, "booted\n", "")


def test_a_terminated_instance_takes_its_processes_with_it(cloud: Cloud) -> None:
    instance_id = cloud.boot("")
    pid = cloud.instances.init_pid(instance_id)
    cloud.ec2.terminate_instances(InstanceIds=[instance_id])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_where_the_kernel_has_no_overlay_the_computers_programs_are_there_too(
    cloud: Cloud, instance_id: str
) -> None:
    hosts, tools = cloud.context.hosts, str(cloud.context.parts["tools"].folder)
    interface = cloud.context.create_interface(cloud.subnet_id, [cloud.group_id], "bound", "function")[0]
    cloud.context.sync()
    assert hosts.call("boot_machine", host_id=interface, tools=tools, usr="bind")["hides"] is False
    script = "dnf -q install -y python3.11 && readlink -f $(command -v python3.11) && touch /usr/mine"
    answer = hosts.call("run_on_machine", host_id=interface, script=script)
    assert answer["stdout"] == "/var/lib/sandbox/tools/python/bin/python3.11\n"
    assert "Read-only file system" in answer["stderr"]


def test_a_persons_shell_gets_in_from_outside_as_the_machines_root(cloud: Cloud, instance_id: str) -> None:
    shell = cloud.context.routes["shell"]({"instance_id": instance_id, "term": "dumb"})["command"]
    script = "id -un; pwd; echo $AWS_CA_BUNDLE; hostname | cut -d. -f2-; grep CapEff /proc/self/status"
    said = subprocess.run(
        [*shell, "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    bundle = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
    assert said[:4] == ["root", "/root", bundle, "eu-west-1.compute.internal"]
    assert int(said[4].split()[1], 16) & CAP_SYS_ADMIN == 0
    prompt = subprocess.run(
        [*shell, "-i", "-c", 'echo "$PS1"'],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    assert prompt.stdout == "[\\u@\\h \\W]\\$ \n"
