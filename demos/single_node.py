"""What the single node has to show: redis-cli from the instance, the address plan, and the tutorial's commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from client import CheckFailed

from .stage import Stage, expect, new_claims

CLAIMS = new_claims()

PLAN = {
    "VPC": "10.70.0.0/16",
    "eu-west-1a": "10.70.101.0/24",
    "eu-west-1b": "10.70.102.0/24",
    "eu-west-1c": "10.70.201.0/24",
}
"""Range of the VPC, and of the only subnet of each zone; the last one is public."""
_PUBLIC = "eu-west-1c"


@CLAIMS("redis-cli on the instance writes and reads.")
def redis_cli_works_from_the_instance(stage: Stage) -> str:
    value = uuid.uuid4().hex
    said = stage.on("app", f"cache-cli PING; cache-cli SET demo {value} EX 60; cache-cli GET demo").split()
    expect(said == ["PONG", "OK", value], f"it said {said}")
    return f"PING, SET, GET: {' '.join(said)}"


@CLAIMS("Node endpoint, port and engine version are outputs, and are the node's own.")
def the_outputs_are_those_of_the_node(stage: Stage) -> str:
    (member,) = stage.outputs["member_ids"]
    found = stage.aws("elasticache").describe_cache_clusters(CacheClusterId=member)["CacheClusters"][0]
    told = {key: stage.outputs[key] for key in ("host", "port", "engine_version")}
    said = stage.on("app", "cache-cli INFO server | grep redis_version; cache-cli ROLE | head -1")
    expect(found["EngineVersion"].startswith(str(told["engine_version"])), f"the API says {found}")
    expect("master" in said, f"the node says {said}")
    return (
        f"{told['host']}:{told['port']}, {found['Engine']} {found['EngineVersion']}: {' '.join(said.split())}"
    )


@CLAIMS("The address plan is the one given: each range in its zone, the last one public.")
def the_address_plan_is_as_given(stage: Stage) -> str:
    ec2, here = stage.aws("ec2"), [{"Name": "vpc-id", "Values": [stage.outputs["vpc_id"]]}]
    found = {"VPC": ec2.describe_vpcs(VpcIds=[stage.outputs["vpc_id"]])["Vpcs"][0]["CidrBlock"]}
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    found |= {one["AvailabilityZone"]: one["CidrBlock"] for one in subnets}
    expect(found == PLAN and len(subnets) == len(PLAN) - 1, f"it is {found}")
    zones = {one["SubnetId"]: one["AvailabilityZone"] for one in subnets}
    public = {
        zones[link["SubnetId"]]
        for table in ec2.describe_route_tables(Filters=here)["RouteTables"]
        if any(str(route.get("GatewayId")).startswith("igw-") for route in table["Routes"])
        for link in table["Associations"]
        if "SubnetId" in link
    }
    expect(public == {_PUBLIC}, f"the internet gateway serves {sorted(public)}")
    return ", ".join(f"{name} {block}" for name, block in PLAN.items()) + " (public)"


@CLAIMS("The tutorial's commands of the AWS CLI show the same.")
def the_aws_cli_shows_it(stage: Stage) -> str:
    (member,) = stage.outputs["member_ids"]
    vpc = ["--filters", f"Name=vpc-id,Values={stage.outputs['vpc_id']}"]
    found = _aws("ec2", "describe-vpcs", "--vpc-ids", stage.outputs["vpc_id"])["Vpcs"]
    subnets = _aws("ec2", "describe-subnets", *vpc)["Subnets"]
    groups = _aws("ec2", "describe-security-groups", *vpc)["SecurityGroups"]
    nodes = _aws(
        "elasticache", "describe-cache-clusters", "--cache-cluster-id", member, "--show-cache-node-info"
    )
    (cluster,) = nodes["CacheClusters"]
    (node,) = cluster["CacheNodes"]
    names = _aws("elasticache", "describe-cache-subnet-groups")["CacheSubnetGroups"]
    expect(found[0]["CidrBlock"] == PLAN["VPC"], f"describe-vpcs: {found}")
    expect(sorted(one["CidrBlock"] for one in subnets) == sorted([*PLAN.values()][1:]), f"{subnets}")
    expect(cluster["CacheSubnetGroupName"] in {one["CacheSubnetGroupName"] for one in names}, f"{names}")
    expect(cluster["CacheClusterStatus"] == node["CacheNodeStatus"] == "available", f"{cluster}")
    return (
        f"describe-vpcs, describe-subnets ({len(subnets)}), describe-security-groups ({len(groups)}), "
        f"describe-cache-subnet-groups ({len(names)}), describe-cache-clusters: {cluster['CacheNodeType']} "
        f"at {node['Endpoint']['Address']}:{node['Endpoint']['Port']}"
    )


def _aws(*words: str) -> dict[str, Any]:
    """Run the AWS CLI that the sandbox gives its instances, on this machine, with the sandbox's endpoint."""
    tools = [path.parent for path in Path(".sandbox/tools").glob("*/tools.json")]
    if not tools:
        raise CheckFailed("the sandbox's AWS CLI is not there")
    newest = max(tools, key=lambda path: path.stat().st_mtime)
    program = "import sys; from awscli.clidriver import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *words, "--output", "json"]
    environment = {**os.environ, "PYTHONPATH": str(newest / "awscli")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    expect(done.returncode == 0, f"aws {' '.join(words)}: {done.stderr.strip()}")
    return json.loads(done.stdout)
