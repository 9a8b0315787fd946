"""Services on an instance: started by systemctl as user data does it, looked after, and there again after a reboot."""

from __future__ import annotations

import pytest

from .conftest import Cloud, until
from .test_image import run

UNIT = """[Unit]
Description=counts its starts
After=network-online.target

[Service]
DynamicUser=yes
EnvironmentFile=/etc/counting
Environment=GREETING=hello
ExecStartPre=/bin/sh -c "echo made ready; [ ! -e /tmp/not-ready ]"
ExecStart=/bin/sh -c "echo $0 $NAME $GREETING; echo x >>/tmp/starts; exec sleep 1000" started
Restart=always
RestartSec=0.05
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""
INSTALL = f"""#!/bin/bash
echo "NAME='two words'" >/etc/counting
cat >/etc/systemd/system/counting.service <<'UNIT'
{UNIT}UNIT
"""


@pytest.fixture(scope="module")
def instance_id(cloud: Cloud) -> str:
    return cloud.boot(INSTALL)


@pytest.fixture
def running(cloud: Cloud, instance_id: str) -> str:
    assert run(cloud, instance_id, "systemctl daemon-reload && systemctl enable --now counting")[0] == 0
    return instance_id


def said(cloud: Cloud, instance_id: str, command: str) -> str:
    return run(cloud, instance_id, command)[1].strip()


def test_it_runs_with_its_environment_after_what_prepares_it(cloud, running):
    assert said(cloud, running, "systemctl is-active counting") == "active"
    assert said(cloud, running, "journalctl -u counting -n 2") == "made ready\nstarted two words hello"
    assert "made ready" in "\n".join(cloud.instances.log(running))


def test_it_has_no_rights_to_the_machine(cloud, running):
    asked = "grep CapBnd /proc/$(pgrep -x sleep -n)/status"
    assert said(cloud, running, asked).split() == ["CapBnd:", "0" * 16]


def test_killed_it_is_started_again(cloud, running):
    before = int(said(cloud, running, "wc -l </tmp/starts"))

    run(cloud, running, "pkill -f 'sleep 1000'")
    until(lambda: int(said(cloud, running, "wc -l </tmp/starts")) > before, 20)


def test_it_waits_for_what_prepares_it(cloud, running):
    run(cloud, running, "touch /tmp/not-ready; systemctl restart --no-block counting")
    assert run(cloud, running, "systemctl is-active counting")[:2] == (3, "activating\n")

    run(cloud, running, "rm /tmp/not-ready")
    until(lambda: said(cloud, running, "systemctl is-active counting") == "active", 20)


def test_stopped_it_stays_so_until_a_reboot_which_starts_what_is_enabled(cloud, running):
    run(cloud, running, "systemctl stop counting")
    assert run(cloud, running, "systemctl is-active counting; pgrep -f 'sleep 1000'")[1] == "inactive\n"

    cloud.ec2.reboot_instances(InstanceIds=[running])
    until(lambda: said(cloud, running, "systemctl is-active counting") == "active", 20)


def test_a_directive_it_does_not_know_is_refused_by_name(cloud, instance_id):
    broken = UNIT.replace("Restart=always", "WatchdogSec=3")
    run(cloud, instance_id, f"cat >/etc/systemd/system/broken.service <<'UNIT'\n{broken}UNIT")

    code, _, text = run(cloud, instance_id, "systemctl start broken")
    assert (code, text) == (
        1,
        "broken.service: the sandbox's systemctl does not know WatchdogSec in [Service]\n",
    )
