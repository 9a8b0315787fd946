"""Loads moto, which takes two seconds: settings first, then the parts, then what the first calls will need."""

from __future__ import annotations

import importlib
import os
from typing import Any

from . import gaps

# moto reads them when it is imported.
SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_ACCOUNT_ID": "123456789012",
}
SERVICES_OF_A_FIRST_DEPLOYMENT = ("ec2", "iam", "ssm", "kms", "s3", "sts", "logs", "lambda", "secretsmanager")


def load_moto() -> Any:
    """moto's application, with the gaps closed."""
    os.environ.update(SETTINGS)
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    default_user_config["lambda"] = {"use_docker": False}
    _load_regions()
    gaps.install()
    return DomainDispatcherApplication(create_backend_app)


def _load_regions() -> None:
    """moto's list of regions makes three sessions, each of which reads the table of endpoints: 0.2 s of work each.

    It makes them without arguments. Who makes another one meanwhile, in another thread, gets what was asked for.
    """
    import boto3

    shared, original = boto3.Session(), boto3.Session
    boto3.Session = lambda **asked: original(**asked) if asked else shared  # type: ignore[assignment,misc]
    try:
        importlib.import_module("moto.ec2.models.availability_zones_and_regions")
    finally:
        boto3.Session = original  # type: ignore[misc]


def warm_up(account_id: str, region: str) -> None:
    """Makes the backends that a first deployment asks for, so that it need not wait for them one by one."""
    from moto.backends import get_backend

    for name in SERVICES_OF_A_FIRST_DEPLOYMENT:
        backends = get_backend(name)[account_id]  # type: ignore[call-overload]
        backends[region if region in backends else "aws"]
