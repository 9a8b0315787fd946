"""The bytes behind Pulumi's assets and archives, and a digest that changes when they do.

An asset is one of the SDK's objects or, from a real engine, an object of the wire form under `ASSET_KEY`: with a hash,
and with its content (path, text, uri or assets) only where it is needed.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import rpc

from .errors import ProviderError

ASSET_KEY = "__asset"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def is_asset(value: Any) -> bool:
    """Whether a plain value is an asset or archive in any form."""
    return isinstance(value, (pulumi.Asset, pulumi.Archive)) or (
        isinstance(value, Mapping) and ASSET_KEY in value
    )


class AssetReader:
    """Reads assets; relative paths are those of the Pulumi project's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, asset: Any) -> str:
        """`sha256:…`: the engine's hash where it gave one, else that of the bytes that would be uploaded."""
        if isinstance(asset, Mapping) and asset.get("hash"):
            return f"sha256:{asset['hash']}"
        return "sha256:" + hashlib.sha256(self.read(asset)).hexdigest()

    def read(self, asset: Any) -> bytes:
        """The bytes that would be uploaded: an asset as it is, an archive as one reproducible zip."""
        asset = _object(asset)
        if isinstance(asset, pulumi.StringAsset):
            return asset.text.encode()
        if isinstance(asset, pulumi.FileAsset):
            return self._file(asset.path).read_bytes()
        if isinstance(asset, pulumi.FileArchive) and self._file(asset.path).is_file():
            return self._file(asset.path).read_bytes()
        if isinstance(asset, (pulumi.FileArchive, pulumi.AssetArchive)):
            return _zip(self._entries(asset, ""))
        raise ProviderError(f"{type(asset).__name__} is not modelled by the sandbox: use a file or a text")

    def _file(self, path: str) -> Path:
        return self._folder / path

    def _entries(self, asset: Any, name: str) -> Iterator[tuple[str, bytes]]:
        if isinstance(asset, pulumi.AssetArchive):
            for key, item in asset.assets.items():
                yield from self._entries(item, f"{name}/{key}" if name else key)
        elif isinstance(asset, pulumi.FileArchive) and self._file(asset.path).is_dir():
            root = self._file(asset.path)
            for path in (path for path in root.rglob("*") if path.is_file()):
                inner = path.relative_to(root).as_posix()
                yield f"{name}/{inner}" if name else inner, path.read_bytes()
        elif isinstance(asset, pulumi.FileArchive):
            with zipfile.ZipFile(self._file(asset.path)) as archive:
                for info in (info for info in archive.infolist() if not info.is_dir()):
                    yield f"{name}/{info.filename}" if name else info.filename, archive.read(info)
        else:
            yield name, self.read(asset)


def _object(asset: Any) -> Any:
    """The SDK's object for an asset in wire form."""
    if not isinstance(asset, Mapping):
        return asset
    archive = asset[ASSET_KEY] == rpc._special_archive_sig
    if "assets" in asset:
        return pulumi.AssetArchive({name: _object(each) for name, each in asset["assets"].items()})
    if "path" in asset:
        return pulumi.FileArchive(asset["path"]) if archive else pulumi.FileAsset(asset["path"])
    if "text" in asset:
        return pulumi.StringAsset(asset["text"])
    raise ProviderError("an asset came without its content")


def _zip(entries: Iterator[tuple[str, bytes]]) -> bytes:
    """Entries sorted and dated alike, so that equal contents give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(entries):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()
