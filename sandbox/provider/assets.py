"""The bytes behind Pulumi's assets and archives, and a digest that changes when they do."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pulumi

from .errors import ProviderError

_EPOCH = (1980, 1, 1, 0, 0, 0)


class AssetReader:
    """Reads assets; relative paths are those of the Pulumi project's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, asset: pulumi.Asset | pulumi.Archive) -> str:
        """`sha256:…` of the bytes that would be uploaded."""
        return "sha256:" + hashlib.sha256(self.read(asset)).hexdigest()

    def read(self, asset: pulumi.Asset | pulumi.Archive) -> bytes:
        """The bytes that would be uploaded: an asset as it is, an archive as one reproducible zip."""
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

    def _entries(self, asset: pulumi.Asset | pulumi.Archive, name: str) -> Iterator[tuple[str, bytes]]:
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
