"""Pulumi's `aws` provider for the sandbox: resource types as data tables over boto3.

It knows one endpoint and nothing of what is behind it. `AwsProvider` serves the embedded deployer in process,
`start_server` a real Pulumi engine over gRPC.
"""

from __future__ import annotations

from .aws_provider import AwsProvider, modelled
from .errors import PartlyCreated, ProviderError
from .server import start_server

__all__ = ["AwsProvider", "PartlyCreated", "ProviderError", "modelled", "start_server"]
