"""Where things run: hosts with addresses, names, routes and security groups, in namespaces of their own.

    authority = CertificateAuthority.create()
    with Hosts.start(("127.0.0.1", 5000), authority, readable_paths=["/project/.sandbox/tools"]) as hosts:
        hosts.apply(world)                      # make the network equal to `world`; again and again
        hosts.probe("eni-app", "10.20.0.20", 6379)

The supervisor holds a `Hosts`. It talks over one socket to the daemon, which is below PID 1 of its own user, network,
mount, pid, ipc and uts namespaces and owns everything inside. Root or not, the daemon is uid 0 only in there; on the
machine it is the invoking user, or one that nobody else uses when root starts it. When any of them dies, the kernel
removes all the rest; all state is on a tmpfs below /run/sandbox that only the daemon's namespace sees.

`hosts.available()` says why this machine cannot run hosts, or None.

The world::

    {"vpcs": {vpc_id: {
        "cidr": "10.20.0.0/16",
        "subnets": {subnet_id: {"cidr", "zone", "internet": bool, "gateway_services": ["s3"]}},
        "groups": {group_id: {"ingress": [rule], "egress": [rule]}},
        "hosts": {host_id: {"address", "subnet", "groups": [group_id],
                            "kind": "instance|cache|database|function|endpoint",
                            "public_address": "54.0.0.1",                        # where the internet reaches it
                            "service": "ssm", "private_dns": bool,               # endpoint
                            "metadata": {"instance_id", "role", "instance_type", "ami", "name"}}},   # instance
        "names": {fqdn: {"addresses": [ip]} or {"cname": fqdn}},
        "cut": [host_id], "replication": [[ip, ip, port]]}},
     "services": ["s3", "ssm", ...]}
    rule: {"protocol": "tcp|udp|icmp|-1|number", "from": int, "to": int} and "cidr", "group" or "prefix_list_service"

A role in metadata is a name or an ARN. A replication pair holds in both directions.

Extending the daemon: a module `sandbox.hosts.machines` or `sandbox.engines.daemon_side`, where it exists, is imported
by the daemon at its start (so it and what it imports must be light: no boto3, no moto), and its `register(daemon)` is
called once with the `daemon.Daemon`::

    def register(daemon):
        daemon.add_operation("engine_state", state)   # then hosts.call("engine_state", host_id=..., ...) outside
        daemon.network.on_host_removed(forget)        # forget(host_id), before the host's network goes

    daemon.network.host(host_id)                 world.Host: id, vpc_id, kind, address, gateway, zone, resolver ...
    daemon.network.in_host(host_id, function)    run it in the host's network; subprocess.Popen and sockets stay there
    daemon.network.listen(host_id, ip, port)     a bound (TCP: listening) socket there
    daemon.processes.start/stop/signal/state/log/directory(host_id, name, ...)   see processes.Processes
    daemon.dial()                                a socket to the API
    daemon.assume_role(role, session)            AccessKeyId, SecretAccessKey, Token, Expiration
    daemon.state, .authority_path, .region, .account_id, .loop (asyncio, for servers)

A host's network namespace is /run/netns/HOST_ID inside the daemon's mounts. Operations run in threads of their own,
take keyword arguments and return JSON; what they raise arrives as OperationFailed (kind, message). They should raise
HostsError for what is not a bug: anything else also leaves a traceback in the supervisor's log.
"""

from __future__ import annotations

from .errors import HostsError, HostsGone, HostsUnavailable, OperationFailed
from .hosts import Hosts

__all__ = ["Hosts", "HostsError", "HostsGone", "HostsUnavailable", "OperationFailed", "available"]


def available() -> str | None:
    """Why hosts cannot run on this machine, or None when they can; found out once."""
    from .availability import available as find_out  # brings `cryptography`, which the daemon can do without

    return find_out()
