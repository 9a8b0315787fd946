"""Where moto answers otherwise than AWS, put right."""

from __future__ import annotations

import io
import json
import zipfile

from .helpers import ami, interface_endpoint, refused, run_instance


def interfaces(api, **filters):
    wanted = [{"Name": name.replace("_", "-"), "Values": values} for name, values in filters.items()]
    return api.ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]


def test_addresses_come_from_the_subnet_in_order_and_none_twice(api, network):
    run_instance(api, network)
    interface_endpoint(api, network)
    api.context.create_interface(network.subnets[0], [network.group], "node", "cache")
    found = [one["PrivateIpAddress"] for one in interfaces(api, subnet_id=[network.subnets[0]])]
    assert found == ["10.20.0.4", "10.20.0.5", "10.20.0.6"]


def test_a_freed_address_rests_while_others_are_free(api, network):
    node, first = api.context.create_interface(network.subnets[0], [], "node", "cache")
    api.context.delete_interface(node)
    assert (first, api.context.create_interface(network.subnets[0], [], "n", "cache")[1]) == (
        "10.20.0.4",
        "10.20.0.5",
    )


def test_a_full_subnet_and_a_taken_or_foreign_address_are_refused(api, network):
    small = api.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.20.9.0/28")["Subnet"]["SubnetId"]
    for _ in range(11):
        api.ec2.create_network_interface(SubnetId=small)
    with refused("InsufficientFreeAddressesInSubnet"):
        api.ec2.create_network_interface(SubnetId=small)
    with refused("InvalidIPAddress.InUse"):
        api.ec2.create_network_interface(SubnetId=small, PrivateIpAddress="10.20.9.5")
    for address in ("10.20.9.3", "10.20.9.15", "10.20.1.5"):
        with refused("InvalidParameterValue"):
            api.ec2.create_network_interface(SubnetId=small, PrivateIpAddress=address)


def test_a_group_that_is_not_there_is_refused_where_it_is_named(api, network):
    with refused("InvalidGroup.NotFound"):
        api.ec2.create_network_interface(SubnetId=network.subnets[0], Groups=["sg-0123456789abcdef0"])
    pair = [{"GroupId": "sg-0123456789abcdef0"}]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": pair}
    with refused("InvalidGroup.NotFound"):
        api.ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[rule])


def test_an_interface_endpoint_has_an_interface_per_subnet_and_names_per_zone(api, network):
    endpoint = interface_endpoint(api, network)
    found = interfaces(api, description=[f"VPC Endpoint Interface {endpoint['VpcEndpointId']}"])
    assert [one["NetworkInterfaceId"] for one in found] == endpoint["NetworkInterfaceIds"]
    assert [one["SubnetId"] for one in found] == network.subnets
    for one in found:
        assert [group["GroupId"] for group in one["Groups"]] == [network.group]
        assert (one["InterfaceType"], one["RequesterManaged"], one["Status"]) == (
            "vpc_endpoint",
            True,
            "in-use",
        )
    names = [entry["DnsName"] for entry in endpoint["DnsEntries"]]
    stem = f"{endpoint['VpcEndpointId']}-{endpoint['VpcEndpointId'][-8:]}"
    assert names == [
        f"{stem}.ssm.eu-west-1.vpce.amazonaws.com",
        f"{stem}-eu-west-1a.ssm.eu-west-1.vpce.amazonaws.com",
        f"{stem}-eu-west-1b.ssm.eu-west-1.vpce.amazonaws.com",
        "ssm.eu-west-1.amazonaws.com",
    ]


def test_an_endpoint_is_changed_with_its_interfaces(api, network):
    endpoint = interface_endpoint(api, network)["VpcEndpointId"]
    other = api.ec2.create_security_group(GroupName="other", Description="o", VpcId=network.vpc)["GroupId"]
    api.ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint,
        RemoveSubnetIds=network.subnets[1:],
        AddSecurityGroupIds=[other],
        RemoveSecurityGroupIds=[network.group],
        PrivateDnsEnabled=False,
    )
    (changed,) = api.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert changed["SubnetIds"] == network.subnets[:1]
    assert [group["GroupId"] for group in changed["Groups"]] == [other]
    assert changed["PrivateDnsEnabled"] is False
    assert "ssm.eu-west-1.amazonaws.com" not in [entry["DnsName"] for entry in changed["DnsEntries"]]
    (host,) = api.hosts.world["vpcs"][network.vpc]["hosts"].values()
    assert (host["groups"], host["private_dns"]) == ([other], False)


def test_a_deleted_endpoint_is_gone_with_its_interfaces_and_routes(api, network):
    table = api.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    gateway = api.ec2.create_vpc_endpoint(
        VpcId=network.vpc, ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    interface = interface_endpoint(api, network)["VpcEndpointId"]
    routes = api.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert gateway in [route.get("GatewayId") for route in routes]
    api.ec2.delete_vpc_endpoints(VpcEndpointIds=[gateway, interface])
    for one in (gateway, interface):
        with refused("InvalidVpcEndpointId.NotFound"):
            api.ec2.describe_vpc_endpoints(VpcEndpointIds=[one])
    routes = api.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [route["GatewayId"] for route in routes] == ["local"]
    assert interfaces(api, vpc_id=[network.vpc]) == []


def test_endpoints_that_aws_refuses_are_refused(api, network):
    with refused("InvalidServiceName"):
        interface_endpoint(api, network, service="smm")
    with refused("InvalidParameter", "does not match"):
        api.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.eu-west-1.ssm")
    interface_endpoint(api, network)
    with refused("InvalidParameter", "conflicting DNS domain"):
        interface_endpoint(api, network)
    with refused("DuplicateSubnetsInSameZone"):
        interface_endpoint(api, network, "kms", SubnetIds=[network.subnets[0], network.subnets[0]])
    ours = [{"Name": "vpc-id", "Values": [network.vpc]}]
    assert len(api.ec2.describe_vpc_endpoints(Filters=ours)["VpcEndpoints"]) == 1
    api.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": False})
    with refused("InvalidParameter", "enableDnsHostnames"):
        interface_endpoint(api, network, "kms")


def test_endpoints_are_found_by_their_ids_as_a_filter(api, network):
    endpoint = interface_endpoint(api, network)["VpcEndpointId"]
    for name, value in (("vpc-endpoint-id", endpoint), ("vpc-id", network.vpc)):
        found = api.ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])["VpcEndpoints"]
        assert [one["VpcEndpointId"] for one in found] == [endpoint]


def test_descriptions_of_rules_are_kept_whatever_the_rule_names(api, network):
    name = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.eu-west-1.s3"]}]
    prefix_list = api.ec2.describe_prefix_lists(Filters=name)["PrefixLists"][0]["PrefixListId"]
    sources = [
        {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "why"}]},
        {"UserIdGroupPairs": [{"GroupId": network.group, "Description": "why"}]},
        {"PrefixListIds": [{"PrefixListId": prefix_list, "Description": "why"}]},
    ]
    for source in sources:
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}
        made = api.ec2.authorize_security_group_egress(GroupId=network.group, IpPermissions=[permission])
        rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        (found,) = api.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
        assert found["Description"] == "why"


def test_a_rule_is_changed_in_place(api, network):
    pair = [{"GroupId": network.group, "Description": "old"}]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": pair}
    made = api.ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[permission])
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    other = api.ec2.create_security_group(GroupName="o", Description="o", VpcId=network.vpc)["GroupId"]
    new = {"IpProtocol": "tcp", "FromPort": 2, "ToPort": 3, "ReferencedGroupId": other, "Description": "new"}
    changes = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": new}]
    api.ec2.modify_security_group_rules(GroupId=network.group, SecurityGroupRules=changes)
    (found,) = api.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    ports = (found["FromPort"], found["ToPort"], found["Description"])
    assert (ports, found["ReferencedGroupInfo"]["GroupId"]) == ((2, 3, "new"), other)


def test_what_is_in_use_is_not_deleted(api, network):
    user = api.ec2.create_security_group(GroupName="user", Description="u", VpcId=network.vpc)["GroupId"]
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": network.group}]}
    api.ec2.authorize_security_group_ingress(GroupId=user, IpPermissions=[permission])
    with refused("DependencyViolation"):  # another group names it
        api.ec2.delete_security_group(GroupId=network.group)
    api.ec2.delete_security_group(GroupId=user)
    instance = run_instance(api, network)
    with refused("DependencyViolation"):
        api.ec2.delete_security_group(GroupId=network.group)
    with refused("DependencyViolation"):
        api.ec2.delete_subnet(SubnetId=network.subnets[0])
    api.ec2.terminate_instances(InstanceIds=[instance])
    for subnet in network.subnets:
        api.ec2.delete_subnet(SubnetId=subnet)
    with refused("DependencyViolation"):  # the group is left
        api.ec2.delete_vpc(VpcId=network.vpc)
    api.ec2.delete_security_group(GroupId=network.group)
    api.ec2.delete_vpc(VpcId=network.vpc)
    with refused("InvalidVpcID.NotFound"):
        api.ec2.describe_vpcs(VpcIds=[network.vpc])


def test_the_default_group_goes_with_its_vpc_only(api, network):
    wanted = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = api.ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]["GroupId"]
    with refused("CannotDelete"):
        api.ec2.delete_security_group(GroupId=group)


def test_a_deleted_subnet_lets_go_of_its_route_table(api, network):
    table = api.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    api.ec2.associate_route_table(RouteTableId=table, SubnetId=network.subnets[0])
    api.ec2.delete_subnet(SubnetId=network.subnets[0])
    api.ec2.delete_route_table(RouteTableId=table)


def test_a_terminated_instance_leaves_no_interface_unless_asked_to(api, network):
    instance = run_instance(api, network)
    assert len(interfaces(api, vpc_id=[network.vpc])) == 1
    api.ec2.terminate_instances(InstanceIds=[instance])
    assert interfaces(api, vpc_id=[network.vpc]) == []


def test_a_terminated_instance_leaves_no_volume_unless_asked_to(api, network):
    for told, left in (({}, 0), ({"DeleteOnTermination": False}, 1)):
        disk = {
            "DeviceName": "/dev/xvda",
            "Ebs": {"VolumeSize": 9, "VolumeType": "gp3", "Encrypted": True, **told},
        }
        instance = run_instance(api, network, BlockDeviceMappings=[disk])
        wanted = [{"Name": "attachment.instance-id", "Values": [instance]}]
        (volume,) = api.ec2.describe_volumes(Filters=wanted)["Volumes"]
        assert (volume["Size"], volume["Encrypted"]) == (9, True)
        key = api.client("kms").describe_key(KeyId=volume["KmsKeyId"])["KeyMetadata"]
        assert key["KeyManager"] == "AWS"
        api.ec2.terminate_instances(InstanceIds=[instance])
        wanted = [{"Name": "volume-id", "Values": [volume["VolumeId"]]}]
        assert len(api.ec2.describe_volumes(Filters=wanted)["Volumes"]) == left


def test_detailed_monitoring_is_turned_on_and_off(api, network):
    instance = run_instance(api, network)

    def state():
        found = api.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return found["Monitoring"]["State"]

    assert state() == "disabled"
    api.ec2.monitor_instances(InstanceIds=[instance])
    assert state() == "enabled"
    api.ec2.unmonitor_instances(InstanceIds=[instance])
    assert state() == "disabled"


def test_a_secure_string_is_not_shown_without_decryption(api):
    ssm = api.client("ssm")
    key = api.client("kms").create_key()["KeyMetadata"]["KeyId"]
    ssm.put_parameter(Name="/p/token", Value="the-secret", Type="SecureString", KeyId=key)
    reads = [
        ssm.get_parameter(Name="/p/token"),
        ssm.get_parameters(Names=["/p/token"]),
        ssm.get_parameters_by_path(Path="/p"),
        ssm.get_parameter_history(Name="/p/token"),
    ]
    for read in reads:
        assert "the-secret" not in json.dumps(read, default=str)
    decrypted = ssm.get_parameter(Name="/p/token", WithDecryption=True)
    assert decrypted["Parameter"]["Value"] == "the-secret"


def test_a_secure_string_needs_a_key_that_is_there_and_enabled(api):
    ssm, kms = api.client("ssm"), api.client("kms")
    with refused("InvalidKeyId"):
        ssm.put_parameter(Name="/p/x", Value="v", Type="SecureString", KeyId="alias/none")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/p/x", TargetKeyId=key)
    ssm.put_parameter(Name="/p/x", Value="v", Type="SecureString", KeyId="alias/p/x")
    kms.delete_alias(AliasName="alias/p/x")
    assert ssm.get_parameter(Name="/p/x", WithDecryption=True)["Parameter"]["Value"] == "v"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("InvalidKeyId", "pending deletion"):
        ssm.get_parameter(Name="/p/x", WithDecryption=True)


def test_the_period_of_a_keys_rotation_is_kept(api):
    kms = api.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)


def test_a_function_logs_where_it_was_told_to(api):
    functions, iam = api.client("lambda"), api.client("iam")
    iam.create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    given = {
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::123456789012:role/function",
        "Handler": "handler.main",
        "Code": {"ZipFile": code.getvalue()},
    }
    functions.create_function(FunctionName="plain", **given)
    told = {"LogFormat": "Text", "LogGroup": "/shop/log"}
    functions.create_function(FunctionName="told", LoggingConfig=told, **given)

    def logging(name):
        return functions.get_function_configuration(FunctionName=name)["LoggingConfig"]

    assert logging("plain") == {"LogFormat": "Text", "LogGroup": "/aws/lambda/plain"}
    assert logging("told") == told
    functions.update_function_configuration(FunctionName="told", LoggingConfig={"LogGroup": "/other"})
    assert logging("told")["LogGroup"] == "/other"
    functions.update_function_configuration(FunctionName="told", Timeout=9)
    assert logging("told")["LogGroup"] == "/other"


def test_an_alarm_has_no_data_until_somebody_sets_its_state(api):
    cloudwatch = api.client("cloudwatch")
    given = {
        "AlarmName": "hot",
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
    }

    def state():
        return cloudwatch.describe_alarms(AlarmNames=["hot"])["MetricAlarms"][0]["StateValue"]

    cloudwatch.put_metric_alarm(**given, Threshold=1)
    assert state() == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="hot", StateValue="ALARM", StateReason="a test")
    cloudwatch.put_metric_alarm(**given, Threshold=2)
    assert state() == "ALARM"
    cloudwatch.delete_alarms(AlarmNames=["hot"])


def test_an_address_is_told_of_nothing_until_it_is_confirmed(api):
    sns = api.client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]

    def pending(protocol, endpoint):
        made = sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True)
        found = sns.get_subscription_attributes(SubscriptionArn=made["SubscriptionArn"])["Attributes"]
        return found["PendingConfirmation"].lower()

    assert pending("email", "on-call@example.com") == "true"
    assert pending("sqs", "arn:aws:sqs:eu-west-1:123456789012:queue") == "false"


def test_an_instance_that_leaves_a_group_is_out_of_it_however_it_was_launched(api, network):
    made = api.ec2.create_security_group(GroupName="second", Description="second", VpcId=network.vpc)
    second = made["GroupId"]
    interface = {"DeviceIndex": 0, "SubnetId": network.subnets[0], "Groups": [network.group]}
    given = {"ImageId": ami(api), "InstanceType": "t4g.micro", "MinCount": 1, "MaxCount": 1}
    launched = api.ec2.run_instances(**given, NetworkInterfaces=[interface])["Instances"][0]["InstanceId"]

    for instance in (launched, run_instance(api, network)):
        api.ec2.modify_instance_attribute(InstanceId=instance, Groups=[second])

        filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
        (found,) = api.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        assert [group["GroupId"] for group in found["Groups"]] == [second]
        api.ec2.terminate_instances(InstanceIds=[instance])


def test_a_key_that_a_service_of_aws_makes_for_itself_is_aws_own(api):
    found = api.client("kms").describe_key(KeyId="alias/aws/rds")["KeyMetadata"]

    assert (found["KeyManager"], found["KeyState"]) == ("AWS", "Enabled")
