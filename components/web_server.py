"""The demo application on an instance: a page that asks MySQL or the cache, and shows what each takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
from typing_extensions import NotRequired, TypedDict

from .client_instances import ClientInstances
from .instance_arguments import check_client_instances
from .port_rules import port_rule
from .problems import Checks
from .ranges import EVERYONE, range_fault
from .shapes import is_output

_ROOT = Path(__file__).resolve().parent
APPLICATION_FOLDER = _ROOT.parent / "webapp"
REQUIREMENTS = _ROOT / "data" / "web-requirements.txt"
INSTANCE = "web"
DEFAULT_PORT = 8008


class WebDatabase(TypedDict):
    """Where the application's rows are."""

    host: pulumi.Input[str]
    """Name of the database's server."""
    port: pulumi.Input[int]
    """Its port."""
    name: pulumi.Input[str]
    """The database on it."""
    secret: pulumi.Input[str]
    """Name or ARN of the secret with `username` and `password`."""


class WebServerArgs(TypedDict):
    """Arguments of WebServer."""

    vpc_id: pulumi.Input[str]
    """VPC of the instance's own security group."""
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone -> subnet: public ones, as a browser comes from outside and the secret is read over the internet route."""
    database: WebDatabase
    """Where the rows are: what Database exports."""
    allowed_cidr_blocks: NotRequired[Mapping[str, str]]
    """Name -> IPv4 range whose browsers may open the page. Default: none may."""
    port: NotRequired[int]
    """Port of the page, 1024-65535. Default: 8008."""
    ttl_seconds: NotRequired[int]
    """How long the cache keeps the rows, 1-86400. Default: 60."""
    row_limit: NotRequired[int]
    """Rows of an answer at most, 1-500. Default: 500."""
    instance_type: NotRequired[str]
    """EC2 type. Default: t4g.micro."""
    public_address: NotRequired[bool]
    """Give it a public address. Default: true, or no browser outside reaches it."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Groups to join: those that admit to the cache and to the database. At most 4."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further environment, such as CACHE_PARAMETER. Never a secret. Default: none."""
    policies: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Name -> policy document (JSON): those that read the connection and the database's secret. Default: none."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class WebServer(pulumi.ComponentResource):
    """One instance that loads the demo's rows into the database once, and serves the page by systemd.

    Creates what ClientInstances creates for one instance, named `web`, with the application in its bundle and a rule
    per range that may open the page.
    """

    instance_ids: pulumi.Output[Mapping[str, str]]
    """`web` -> id of the instance."""
    address: pulumi.Output[str]
    """Address of the page: the public one, or the private one where there is none."""
    url: pulumi.Output[str]
    """The page, with scheme and port."""
    security_group_id: pulumi.Output[str]
    """The instance's own group."""

    def __init__(self, name: str, args: WebServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checks = check_web_server(name, args)
        checks.raise_problems()
        super().__init__("aws-cache:index:WebServer", name, dict(args), opts)
        checks.log_warnings(self)
        port, public = int(args.get("port", DEFAULT_PORT)), args.get("public_address", True)
        instances = ClientInstances(name, _instances(args), pulumi.ResourceOptions(parent=self))
        for key, block in args.get("allowed_cidr_blocks", {}).items():
            port_rule(
                f"{name}-page-{key}",
                instances.security_group_id,
                port,
                f"The page for {key}",
                {"cidr_ipv4": block},
                args.get("tags"),
                pulumi.ResourceOptions(parent=self),
            )

        self.instance_ids = instances.instance_ids
        addresses = instances.public_ips if public else instances.private_ips
        self.address = addresses[INSTANCE]
        self.url = pulumi.Output.concat("http://", self.address, f":{port}")
        self.security_group_id = instances.security_group_id
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def check_web_server(name: str, args: WebServerArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(WebServerArgs, args, "WebServer", name)
    checks.integer("port", 1024, 65535, default=DEFAULT_PORT)
    checks.integer("ttl_seconds", 1, 86400, default=60)
    checks.integer("row_limit", 1, 500, default=500)
    for key, block in checks.get("allowed_cidr_blocks", {}).items():
        path = f"allowed_cidr_blocks.{key}"
        fault = range_fault(block, "203.0.113.0/24")
        if fault:
            checks.add(path, fault)
        elif block == EVERYONE:
            checks.warn(
                f"{path}: {block} opens the page to everyone on the internet; name your own range instead"
            )
    if not checks.problems:
        for path, message in check_client_instances(name, _instances(args)).problems:
            checks.add(path, message)
    return checks


def _instances(args: WebServerArgs) -> dict[str, object]:
    """Return the arguments of the ClientInstances below."""
    port = int(args.get("port", DEFAULT_PORT))
    database = args["database"]
    given = database["port"]
    # Plain values stay plain, so that they can be checked without an engine.
    port_text = pulumi.Output.format("{0}", given) if is_output(given) else str(given)
    passed = ("vpc_id", "subnet_ids", "instance_type", "security_group_ids", "policies", "tags")
    return {
        **{key: args[key] for key in passed if key in args},
        "instances": [INSTANCE],
        "public_address": args.get("public_address", True),
        "environment": {
            **args.get("environment", {}),
            "WEB_DATABASE_HOST": database["host"],
            "WEB_DATABASE_PORT": port_text,
            "WEB_DATABASE_NAME": database["name"],
            "WEB_DATABASE_SECRET": database["secret"],
            "WEB_TTL_SECONDS": str(int(args.get("ttl_seconds", 60))),
            "WEB_ROW_LIMIT": str(int(args.get("row_limit", 500))),
        },
        "service": {
            "name": "web-demo",
            "package": str(APPLICATION_FOLDER),
            "requirements": str(REQUIREMENTS),
            "prepare": "-m webapp load",
            "command": f"-m webapp serve --port {port}",
        },
    }
