"""An ElastiCache cache with everything around it: settings -> components -> outputs."""

import pulumi
import pulumi_aws as aws

import settings
from components.cache_alarms import CacheAlarms
from components.client_function import ClientFunction
from components.client_instances import ClientInstances
from components.database import Database
from components.endpoint_parameter import EndpointParameter
from components.web_server import WebServer

stack = settings.read()
network = stack.network_type("network", {**stack.network, "tags": stack.tags})
place = {"vpc_id": network.vpc_id, "subnet_ids": network.private_subnet_ids, "tags": stack.tags}
cache = stack.cache_type("cache", settings.placed(stack.cache, place))
endpoint = EndpointParameter(
    "endpoint",
    {
        **stack.endpoint,
        "engine": cache.engine,
        "host": cache.host,
        "reader_host": getattr(cache, "reader_host", None),
        "port": cache.port,
        "tls": cache.tls,
        "auth_token": getattr(cache, "auth_token", None),
        "tags": stack.tags,
    },
)
if stack.alarms is not None:
    CacheAlarms("alarms", settings.watching(stack, cache))
client = {
    **place,
    "security_group_ids": settings.present(
        cache.client_security_group_id, network.endpoint_client_security_group_id
    ),
    "environment": {"CACHE_PARAMETER": endpoint.connection_parameter},
    "policies": {"connection": endpoint.read_policy_json},
}
instances = None
if stack.instances:
    subnets = settings.instance_subnets(stack.instances, network)
    instances = ClientInstances("client", {**stack.instances, **client, "subnet_ids": subnets})
function = ClientFunction("function", {**stack.function, **client}) if stack.function is not None else None
web = database = None
if stack.web is not None:
    database = Database("database", {**(stack.database or {}), **place})
    web = WebServer("demo", settings.serving(stack, network, client, database))

outputs = {
    "engine": cache.engine,
    "engine_version": cache.engine_version,
    "host": cache.host,
    "reader_host": getattr(cache, "reader_host", None),
    "port": cache.port,
    "tls": cache.tls,
    "node_addresses": getattr(cache, "node_addresses", None),
    "member_ids": cache.member_ids,
    "endpoint_parameter": endpoint.endpoint_parameter,
    "connection_parameter": endpoint.connection_parameter,
    "client_instance_ids": settings.merged(instances and instances.instance_ids, web and web.instance_ids),
    "client_function_name": function and function.function_name,
    "client_function_url": function and function.function_url,
    "web_url": web and web.url,
    "web_address": web and web.address,
    "database_host": database and database.host,
    "database_port": database and database.port,
    "database_secret_name": database and database.secret_name,
    "vpc_id": network.vpc_id,
    "region": aws.get_region().region,
}
for name, value in outputs.items():
    if value is not None:
        pulumi.export(name, value)
