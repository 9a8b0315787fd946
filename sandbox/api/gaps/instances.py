"""What an instance leaves behind, and what a modification of it keeps."""

from __future__ import annotations

from typing import Any

from .patch import around


def install() -> None:
    """Patches interfaces and volumes of instances, and their monitoring."""
    from moto.core.responses import ActionResult
    from moto.ec2.models.elastic_block_store import EBSBackend
    from moto.ec2.models.instances import Instance, InstanceBackend
    from moto.ec2.responses.instances import InstanceResponse
    from moto.ec2.responses.monitoring import Monitoring

    @around(InstanceResponse, "_parse_block_device_mapping")
    def parse(original: Any, response: Any) -> list[dict[str, Any]]:
        """A volume made at launch goes with its instance unless told otherwise; moto's stays for ever."""
        for device in response._get_param("BlockDeviceMappings", []):
            device.get("Ebs", {}).setdefault("DeleteOnTermination", True)
        return original(response)

    @around(EBSBackend, "_create_default_encryption_key")
    def make_key(original: Any, backend: Any) -> str:
        """The key of EBS is AWS's own: nobody's destroy has to delete it."""
        from moto.kms.models import kms_backends

        arn = original(backend)
        kms_backends[backend.account_id][backend.region_name].describe_key(arn).key_manager = "AWS"
        return arn

    @around(Instance, "prep_nics")
    def prepare(original: Any, instance: Any, nic_spec: list[dict[str, Any]], **kwargs: Any) -> None:
        """An interface made for an instance goes with it, as AWS's default is; moto's stays for ever."""
        made_here = {int(nic["DeviceIndex"]) for nic in nic_spec if not nic.get("NetworkInterfaceId")}
        kept = {int(nic["DeviceIndex"]) for nic in nic_spec if nic.get("DeleteOnTermination") is False}
        original(instance, nic_spec, **kwargs)
        for index, interface in instance.nics.items():
            if (index in made_here or not nic_spec) and index not in kept:
                interface.delete_on_termination = True

    @around(Instance, "terminate")
    def terminate(original: Any, instance: Any) -> Any:
        """A terminated instance has no interface any more; moto's list keeps it."""
        result = original(instance)
        instance.nics = {
            index: interface
            for index, interface in instance.nics.items()
            if not interface.delete_on_termination
        }
        return result

    @around(InstanceBackend, "modify_instance_security_groups")
    def change_groups(original: Any, backend: Any, instance_id: str, new_group_id_list: list[str]) -> Any:
        """The first interface has the new groups and no others; moto's keeps those it was launched with beside them."""
        instance = original(backend, instance_id, new_group_id_list)
        instance.nics[0]._group_set = list(instance.security_groups)
        return instance

    _without_interfaces(Instance)
    for action, state in (("monitor_instances", "enabled"), ("unmonitor_instances", "disabled")):
        around(Monitoring, action)(_monitor(state, ActionResult))


def _without_interfaces(instance_class: Any) -> None:
    """A terminated instance has no addresses, and its names are empty; moto asks its first interface."""
    empty = {"private_ip": None, "private_ip_address": None, "private_dns_name": ""}
    empty |= {"public_ip": None, "public_ip_address": None, "public_dns_name": ""}
    for name, value in empty.items():
        setattr(instance_class, name, _or_empty(getattr(instance_class, name), value))


def _or_empty(original: property, empty: str | None) -> property:
    return property(lambda instance: original.__get__(instance) if instance.nics else empty)


def _monitor(state: str, result: Any) -> Any:
    """moto does not implement the switch of detailed monitoring."""

    def switch(original: Any, response: Any) -> Any:
        instances = response.ec2_backend.get_multi_instances_by_id(response._get_param("InstanceIds", []))
        for instance in instances:
            instance.monitoring_state = state
        answers = [{"InstanceId": one.id, "Monitoring": {"State": state}} for one in instances]
        return result({"InstanceMonitorings": answers})

    return switch
