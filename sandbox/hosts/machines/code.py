"""A function's code and layers, unpacked once as Lambda unpacks them."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path, PurePosixPath

from ..errors import HostsError

UNZIPPED_LIMIT = 250 * 1024 * 1024


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a deployment package. Raises HostsError for what Lambda refuses.

    In Lambda the code belongs to nobody who runs it: a file that "others" may not read cannot be read. Here the
    runtime is the owner, so the owner gets no more than the others have.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as package:
            entries = package.infolist()
            if sum(entry.file_size for entry in entries) > UNZIPPED_LIMIT:
                raise HostsError("Unzipped size must be smaller than 262144000 bytes")
            folder.mkdir(parents=True, exist_ok=True)
            for entry in entries:
                _write(package, entry, folder)
    except zipfile.BadZipFile as error:
        raise HostsError(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error


def _write(package: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts:
        raise HostsError(f"the package has an entry outside of itself: {entry.filename}")
    target = folder / path
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(package.read(entry))
    mode = (entry.external_attr >> 16) & 0o777
    others = mode & 0o7 if mode else 0o4  # an archive without modes comes from a system that has none
    target.chmod(others << 6 | others << 3 | others)


def compile_modules(folder: Path, python: Path) -> None:
    """Compile what is there: the folder is read-only where it is used, and a start would compile it each time."""
    argv = [str(python), "-I", "-m", "compileall", "-q", "-j", "0", str(folder)]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    # What cannot be compiled says so when it is imported; here it is no failure.
    subprocess.run(argv, env=environment, capture_output=True, check=False)
