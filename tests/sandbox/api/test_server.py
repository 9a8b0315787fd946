"""The API server: moto's answers, and the hosts brought up to date before them."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

from sandbox.api.server import listen
from sandbox.errors import PortInUse, SandboxError

from .helpers import interface_endpoint, refused, run_instance


def test_it_answers_as_the_one_account(api):
    assert api.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_it_listens_on_the_loopback_only(api):
    assert api.server._listener.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_refused_with_the_way_out():
    with listen() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"port {port} is in use.*\n.*--port or SANDBOX_PORT"):
            listen(port)


def test_unknown_images_and_types_are_refused(api, network):
    with refused("InvalidAMIID.NotFound"):
        run_instance(api, network, ImageId="ami-0123456789abcdef0")
    with refused("InvalidInstanceType.NotFound"):
        run_instance(api, network, InstanceType="t4g.enormous")


def test_managed_policies_are_there(api):
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert api.client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_the_hosts_know_a_change_before_it_is_answered(api, network):
    endpoint = interface_endpoint(api, network)
    assert set(api.hosts.world["vpcs"][network.vpc]["hosts"]) == set(endpoint["NetworkInterfaceIds"])


def test_reading_calls_and_refused_ones_do_not_disturb_the_hosts(api, network):
    before = len(api.hosts.worlds)
    api.ec2.describe_vpcs()
    with refused("InvalidVpcID.NotFound"):
        api.ec2.delete_vpc(VpcId="vpc-0123456789abcdef0")
    assert len(api.hosts.worlds) == before


def test_hosts_that_fail_make_the_call_fail_without_a_retry(api, network):
    api.hosts.failure = RuntimeError("no such device")
    with refused("SandboxFault", "RuntimeError: no such device"):
        api.ec2.create_tags(Resources=[network.vpc], Tags=[{"Key": "a", "Value": "b"}])


def test_changes_at_the_same_time_share_one_bringing_up_to_date(api, network):
    api.hosts.gate.clear()
    before, asked = len(api.hosts.worlds), api.context._sync._asked

    def tag(number):
        api.ec2.create_tags(Resources=[network.vpc], Tags=[{"Key": f"k{number}", "Value": "v"}])

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while api.context._sync._asked < asked + 8:
        threads[0].join(0.01)
    api.hosts.gate.set()
    for thread in threads:
        thread.join(10)
    assert len(api.hosts.worlds) - before == 2
    assert len(api.ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["Tags"]) == 8


def test_what_is_not_modelled_is_an_error_that_says_so(api, network):
    instance = run_instance(api, network)
    with refused("NotImplemented", "modify_instance_maintenance_options"):
        api.ec2.modify_instance_maintenance_options(InstanceId=instance, AutoRecovery="default")


def control(api, name, body=b"{}", key="the-key"):
    connection = http.client.HTTPConnection("127.0.0.1", api.server.port, timeout=5)
    connection.request("POST", f"/_sandbox/{name}", body, {"X-Sandbox-Key": key})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def test_a_control_route_answers_with_the_key_only(api):
    api.context.route("double", lambda asked: asked["n"] * 2)
    assert control(api, "double", b'{"n": 21}') == (200, 42)
    for wrong in ("", "the-ke", "the-key-"):
        assert control(api, "double", b'{"n": 21}', wrong)[0] == 403


def test_a_control_route_that_is_not_there_or_fails_says_so(api):
    def refuse(_):
        raise SandboxError("not now")

    def fail(_):
        raise KeyError("name")

    api.context.route("refuse", refuse)
    api.context.route("fail", fail)
    assert control(api, "nothing") == (404, {"error": "no control route nothing"})
    assert control(api, "refuse") == (400, {"error": "not now"})
    assert control(api, "fail") == (500, {"error": "fail failed: KeyError: 'name'"})
