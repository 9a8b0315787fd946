"""The `aws:` configuration that the provider knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KNOWN = {"region", "version", "profile", "defaultTags", "allowedAccountIds", "skipCredentialsValidation"}
KNOWN |= {"skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId", "accessKey", "secretKey"}
KNOWN |= {"endpoints", "s3UsePathStyle", "pluginDownloadURL", "token"}


def unknown_keys(config: Mapping[str, Any]) -> list[str]:
    """Keys that the sandbox does not model."""
    return sorted(key for key in config if key not in KNOWN and not key.startswith("__"))


def default_tags(config: Mapping[str, Any]) -> dict[str, str]:
    """The tags that every resource gets; nested values arrive as JSON text or as objects."""
    value = config.get("defaultTags") or {}
    if isinstance(value, str):
        value = json.loads(value)
    return {str(key): str(item) for key, item in (value.get("tags") or {}).items()}
