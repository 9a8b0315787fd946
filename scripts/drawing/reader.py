"""Reads the system that a drawing shows out of the resources that a program declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .system import Reach, Row, Subnet, System

INSTANCE, FUNCTION = "aws:ec2/instance:Instance", "aws:lambda/function:Function"
ENDPOINT, NAT = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/natGateway:NatGateway"
GROUP, CLUSTER = "aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster"
DATABASE = "aws:rds/instance:Instance"
INGRESS, EGRESS = (f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule" for way in ("Ingress", "Egress"))
EVERYWHERE = "0.0.0.0/0"


class Reader:
    """Reads the system out of a deployment of the tests' recorder, in which ids are `NAME-id`."""

    def __init__(self, name: str, deployment: Any) -> None:
        self._name = name
        self._resources = [item for item in deployment.resources.values() if item.custom]
        subnets = self._of("aws:ec2/subnet:Subnet")
        self._zone = {f"{item.name}-id": item.inputs["availabilityZone"] for item in subnets}
        leading_out = {
            item.inputs["routeTableId"]
            for item in self._of("aws:ec2/route:Route")
            if "gatewayId" in item.inputs
        }
        self._public = {
            item.inputs["subnetId"]
            for item in self._of("aws:ec2/routeTableAssociation:RouteTableAssociation")
            if item.inputs["routeTableId"] in leading_out
        }

    def read(self) -> System:
        """Return the system."""
        vpc = self._of("aws:ec2/vpc:Vpc")[0]
        rows = tuple(row for row in (*self._instances(), *self._others()) if row.places)
        reaches = tuple(self._reaches(rows))
        named = {row.title for row in rows}
        ends = {name for reach in reaches for name in (reach.target, *reach.sources)} - named
        gateways = [item for item in self._of(ENDPOINT) if item.inputs.get("vpcEndpointType") == "Gateway"]
        return System(
            name=self._name,
            region=next(iter(self._zone.values()))[:-1],
            vpc=vpc.inputs["cidrBlock"],
            subnets=tuple(sorted(self._subnets(), key=lambda subnet: (subnet.zone, not subnet.public))),
            outside=tuple(sorted(ends - {"S3"})),
            rows=tuple(sorted(rows, key=lambda row: not row.public)),
            s3=bool(gateways),
            beside=tuple(self._beside()),
            reaches=reaches,
        )

    def _of(self, *types: str) -> list[Any]:
        return sorted((item for item in self._resources if item.type in types), key=lambda item: item.name)

    def _subnets(self) -> Iterator[Subnet]:
        for item in self._of("aws:ec2/subnet:Subnet"):
            public = f"{item.name}-id" in self._public
            yield Subnet(item.inputs["availabilityZone"], item.inputs["cidrBlock"], public)

    def _instances(self) -> Iterator[Row]:
        """Yield a row for the instances of each component, as those share their groups."""
        kinds: dict[frozenset[str], list[Any]] = {}
        for item in self._of(INSTANCE):
            kinds.setdefault(frozenset(item.inputs["vpcSecurityGroupIds"]), []).append(item)
        for groups, items in kinds.items():
            owner = items[0].inputs["iamInstanceProfile"].rpartition("-")[0]
            places: dict[str, tuple[str, ...]] = {}
            for item in items:
                zone = self._zone[item.inputs["subnetId"]]
                places[zone] = (*places.get(zone, ()), item.name.removeprefix(f"{owner}-"))
            types = sorted({item.inputs["instanceType"] for item in items})
            address = any(item.inputs.get("associatePublicIpAddress") for item in items)
            notes = (f"EC2 {', '.join(types)}", "a public address" if address else "no public address")
            public = items[0].inputs["subnetId"] in self._public
            yield Row(titled(places), notes, places, "", public, groups)

    def _others(self) -> Iterator[Row]:
        """Yield what has an interface in several subnets."""
        for item in self._of(NAT):
            zone = self._zone[item.inputs["subnetId"]]
            name = f"NAT gateway {zone}"
            yield Row(name, ("the way out",), {zone: ("a public address",)}, "", True, frozenset())
        for item in self._of(FUNCTION):
            notes = (f"Lambda {item.inputs['runtime']}", *item.inputs["architectures"])
            place = item.inputs["vpcConfig"]
            yield self._across("function", notes, place["subnetIds"], place["securityGroupIds"])
        services = [item for item in self._of(ENDPOINT) if item.inputs.get("vpcEndpointType") == "Interface"]
        if services:
            names = tuple(item.inputs["serviceName"].rpartition(".")[2] for item in services)
            inputs = services[0].inputs
            yield self._across("endpoints", names, inputs["subnetIds"], inputs["securityGroupIds"])
        for item in self._of(GROUP, CLUSTER):
            yield self._cache(item)
        for item in self._of(DATABASE):
            notes = (f"{item.inputs['engine']} {item.inputs['engineVersion']}", item.inputs["instanceClass"])
            spread = "here, or its standby" if item.inputs["multiAz"] else "here, or elsewhere"
            subnets = self._subnets_of(item.inputs["dbSubnetGroupName"], "aws:rds/subnetGroup:SubnetGroup")
            yield self._across("database", notes, subnets, item.inputs["vpcSecurityGroupIds"], spread)

    def _across(
        self,
        title: str,
        notes: tuple[str, ...],
        subnets: list[str],
        groups: list[str],
        spread: str = "an interface here",
    ) -> Row:
        places = {self._zone[subnet]: (title,) for subnet in subnets}
        return Row(title, notes, places, spread, False, frozenset(groups))

    def _subnets_of(self, name: str, type_: str) -> list[str]:
        groups = {f"{item.name}-1234567": item for item in self._of(type_)}
        return groups[name].inputs["subnetIds"]

    def _cache(self, item: Any) -> Row:
        """Return the row of a cache: its nodes where they are pinned, else in turn over the zones."""
        inputs = item.inputs
        subnets = self._subnets_of(inputs["subnetGroupName"], "aws:elasticache/subnetGroup:SubnetGroup")
        zones = sorted({self._zone[subnet] for subnet in subnets})
        replicated = item.type == GROUP
        count = inputs["numCacheClusters" if replicated else "numCacheNodes"]
        pinned = inputs.get("preferredCacheClusterAzs" if replicated else "preferredAvailabilityZones")
        places: dict[str, tuple[str, ...]] = {}
        for index in range(count):
            zone = (pinned or zones)[index % len(pinned or zones)]
            role = ("primary" if index == 0 else f"replica {index}") if replicated else f"node {index + 1:04}"
            places[zone] = (*places.get(zone, ()), role)
        notes = (f"{inputs['engine']} {inputs['engineVersion']}", inputs["nodeType"])
        notes += () if pinned or len(zones) == 1 else ("AWS chooses the zones",)
        return Row("cache", notes, places, "", False, frozenset(inputs["securityGroupIds"]))

    def _reaches(self, rows: tuple[Row, ...]) -> Iterator[Reach]:
        """Yield what rules admit on both sides: into the target, and out of the source."""
        leaving = [item.inputs for item in self._of(EGRESS)]
        found: dict[tuple[str, str], set[str]] = {}
        for rule in (item.inputs for item in self._of(INGRESS)):
            for target in rows:
                if rule["securityGroupId"] not in target.groups:
                    continue
                if "cidrIpv4" in rule:
                    found.setdefault((target.title, port_of(rule)), set()).add(rule["cidrIpv4"])
                for row in rows:
                    if rule.get("referencedSecurityGroupId") in row.groups and any(
                        lets_out(way, row, target, rule) for way in leaving
                    ):
                        found.setdefault((target.title, port_of(rule)), set()).add(row.title)
        for rule in leaving:
            far = (
                "S3"
                if "prefixListId" in rule
                else "the internet"
                if rule.get("cidrIpv4") == EVERYWHERE
                else ""
            )
            sources = {row.title for row in rows if rule["securityGroupId"] in row.groups}
            if far and sources:
                found.setdefault((far, port_of(rule)), set()).update(sources)
        for (target, port), sources in sorted(found.items()):
            yield Reach(target, port, tuple(sorted(sources)))

    def _beside(self) -> Iterator[str]:
        """Yield what stands in the region, outside of the VPC."""
        for item in self._of("aws:ssm/parameter:Parameter"):
            yield f"parameter {item.inputs['name']}"
        if any(item.inputs.get("manageMasterUserPassword") for item in self._of(DATABASE)):
            yield "secret with the database's password"
        for type_, one, many in (
            ("aws:kms/key:Key", "key, rotating", "keys, rotating"),
            ("aws:s3/bucket:Bucket", "bucket with the client", "buckets"),
            ("aws:cloudwatch/logGroup:LogGroup", "log group", "log groups"),
            ("aws:ec2/flowLog:FlowLog", "flow log of the VPC", "flow logs"),
            ("aws:sns/topic:Topic", "topic for alarms", "topics"),
            ("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm", "alarms"),
            ("aws:cloudwatch/dashboard:Dashboard", "dashboard", "dashboards"),
            ("aws:lambda/functionUrl:FunctionUrl", "function URL", "function URLs"),
        ):
            count = len(self._of(type_))
            if count:
                yield f"{count} {one if count == 1 else many}"


def titled(places: Mapping[str, tuple[str, ...]]) -> str:
    """Return a title for instances: their names, where there is room for them."""
    names = [name for zone in sorted(places) for name in places[zone]]
    text = f"instance{'s' if len(names) > 1 else ''} {', '.join(names)}"
    return text if len(text) < 26 else f"{len(names)} instances, {names[0][:8]} …"


def lets_out(way: Mapping[str, Any], source: Row, target: Row, rule: Mapping[str, Any]) -> bool:
    """Say whether a rule out of a group of the source leads to the target on the port of the rule into it."""
    if way["securityGroupId"] not in source.groups or port_of(way) != port_of(rule):
        return False
    return way.get("referencedSecurityGroupId") in target.groups or way.get("cidrIpv4") == EVERYWHERE


def port_of(rule: Mapping[str, Any]) -> str:
    """Return protocol and port of a rule."""
    first, last = rule.get("fromPort"), rule.get("toPort")
    if first is None:
        return "everything"
    return f"{rule['ipProtocol']} {first}" if first == last else f"{rule['ipProtocol']} {first}-{last}"
