"""Whether this machine can run hosts at all, proved by running one."""

from __future__ import annotations

import functools

from .certificates import CertificateAuthority
from .errors import HostsUnavailable, OperationFailed
from .hosts import Hosts

NOBODY_LISTENS = ("127.0.0.1", 9)
REFUSALS = {"HostsError", "OSError", "PermissionError", "FileNotFoundError"}


@functools.lru_cache(maxsize=1)
def available() -> str | None:
    """Why hosts cannot run on this machine, or None when they can."""
    subnet = {"cidr": "10.0.0.0/24", "zone": "eu-west-1a", "internet": False, "gateway_services": []}
    host = {"address": "10.0.0.10", "subnet": "subnet-a", "groups": ["sg-a"], "kind": "function"}
    vpc = {
        "cidr": "10.0.0.0/16",
        "subnets": {"subnet-a": subnet},
        "groups": {"sg-a": {}},
        "hosts": {"eni-a": host},
    }
    try:
        with Hosts.start(NOBODY_LISTENS, CertificateAuthority.create()) as hosts:
            hosts.apply({"vpcs": {"vpc-a": vpc}, "services": []})
    except HostsUnavailable as error:
        return str(error)
    except OperationFailed as error:
        # A command or a system call that was refused; anything else is a fault of ours and must not pass as a reason.
        if error.kind not in REFUSALS:
            raise
        return f"the kernel lacks what the hosts' network needs: {error}"
    return None
