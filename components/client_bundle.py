"""The client and its wheels as one reproducible zip, and the bucket an instance fetches it from."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .problems import Checks, check_component_name

CLIENT_FOLDER = Path(__file__).resolve().parent.parent / "client"
_DATA = Path(__file__).resolve().parent / "data"
INSTANCE_REQUIREMENTS = _DATA / "bundle-requirements.txt"
FUNCTION_REQUIREMENTS = _DATA / "function-requirements.txt"

PYTHON_VERSION = "3.11"
"""The last Python for which pylibmc has wheels; a package of Amazon Linux 2023 (R191, R195)."""

FILES_FOLDER = "instance-files"
"""Folder of the zip whose files an instance puts in its own root; no package can have this name."""

_FORMAT = b"1"  # raise it when this file changes what it writes
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_SKIPPED_FOLDERS = {"bin", "__pycache__"}
# They differ from machine to machine or from CPU to CPU, and nothing reads them at run time.
_SKIPPED_FILES = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json"}
# botocore describes every service of AWS (26 MB); the client on an instance and the demo application call these.
_BOTOCORE_SERVICES = {"elasticache", "secretsmanager", "ssm", "sts"}
_CPUS = ("x86_64", "aarch64")


class BundleError(pulumi.RunError):
    """The bundle cannot be built; the message says why and what to do. Nothing was deployed."""


class Bundle(NamedTuple):
    """A built zip: its path, the SHA-256 of the file, and the SHA-256 of its content."""

    path: str
    sha256: str
    content_sha256: str


class ClientBundleArgs(TypedDict):
    """Arguments of ClientBundle."""

    package: NotRequired[str]
    """Folder of one more Python package to put beside the client. Default: none."""
    requirements: NotRequired[str]
    """File of locked requirements (pip's, complete, for Python 3.11 on Linux). Default: the client's own."""
    files: NotRequired[Mapping[str, str]]
    """Path on the instance -> file to bring along. Default: none."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class ClientBundle(pulumi.ComponentResource):
    """The instances' bundle in a private bucket of its own.

    Creates a bucket, its public access block and one object whose key is derived from the content, so a
    changed client is a new object and the running instances keep theirs until they are replaced.
    """

    bucket_name: pulumi.Output[str]
    """Private bucket that holds the bundle."""
    object_key: pulumi.Output[str]
    """Key of the bundle in the bucket; another content has another key."""
    object_arn: pulumi.Output[str]
    """ARN of the bundle, for the policy that fetches it."""
    sha256: pulumi.Output[str]
    """SHA-256 of the zip, by which an instance checks what it fetched."""

    def __init__(self, name: str, args: ClientBundleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checks = Checks.of(ClientBundleArgs, args, type(self).__name__, name)
        check_component_name(checks, name)
        checks.raise_problems()
        bundle = build_instance_bundle(args.get("package"), args.get("requirements"), args.get("files"))
        super().__init__("aws-cache:index:ClientBundle", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.get("tags")

        # Only the bundle lives here, and it can be built again: `destroy` may empty the bucket.
        bucket = aws.s3.Bucket(name, force_destroy=True, tags=tags, opts=child)
        aws.s3.BucketPublicAccessBlock(
            f"{name}-access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        key = f"client/{bundle.content_sha256[:16]}.zip"
        item = aws.s3.BucketObjectv2(
            f"{name}-object",
            bucket=bucket.id,
            key=key,
            source=pulumi.FileAsset(bundle.path),
            content_type="application/zip",
            tags=tags,
            opts=child,
        )
        self.bucket_name = bucket.id
        self.object_key = item.key
        self.object_arn = pulumi.Output.concat(bucket.arn, "/", item.key)
        self.sha256 = pulumi.Output.from_input(bundle.sha256)
        self.register_outputs(
            {
                "bucket_name": self.bucket_name,
                "object_key": self.object_key,
                "object_arn": self.object_arn,
                "sha256": self.sha256,
            }
        )


def build_instance_bundle(
    package: str | None = None,
    requirements: str | None = None,
    files: Mapping[str, str] | None = None,
    build_folder: Path | None = None,
) -> Bundle:
    """Build the zip for every instance: pure libraries once, compiled ones for both CPUs side by side.

    The files of compiled libraries carry their CPU in their names, so an arm64 instance, an x86_64 one and a
    sandbox on either run the same bytes, and the hash does not depend on who deploys.
    """
    folders = [CLIENT_FOLDER, *([Path(package)] if package else [])]
    wanted = Path(requirements) if requirements else INSTANCE_REQUIREMENTS
    placed = {f"{FILES_FOLDER}{path}": Path(source) for path, source in (files or {}).items()}
    return build(folders, wanted, build_folder or _default_build_folder(), placed)


def build_function_bundle(build_folder: Path | None = None) -> Bundle:
    """Build the function's zip: pure Python only, as Lambda's runtime brings boto3."""
    return build([CLIENT_FOLDER], FUNCTION_REQUIREMENTS, build_folder or _default_build_folder())


def build(
    packages: Iterable[Path],
    requirements: Path,
    build_folder: Path,
    files: Mapping[str, Path] | None = None,
) -> Bundle:
    """Zip packages, each under its folder's name, with the locked requirements: equal content gives equal bytes.

    files are put in besides, by their names in the zip.

    Downloaded wheels are kept unpacked below build_folder, so editing the client needs no network.
    Raises BundleError when the wheels cannot be had.
    """
    libraries = _libraries(requirements, build_folder)
    entries: dict[str, Path] = dict(files or {})
    for folder in libraries:
        entries.update(_files(folder, ""))
    for folder in packages:
        entries.update(_files(folder, f"{folder.name}/"))
    content = {name: path.read_bytes() for name, path in sorted(entries.items())}
    digest = _digest(_FORMAT, *(part for name, data in content.items() for part in (name.encode(), data)))
    target = build_folder / f"client-{digest[:16]}.zip"
    if not target.exists():
        _write_zip(target, content)
    return Bundle(str(target), hashlib.sha256(target.read_bytes()).hexdigest(), digest)


def _default_build_folder() -> Path:
    return Path.cwd() / "build" / "client-bundle"


def _libraries(requirements: Path, build_folder: Path) -> list[Path]:
    """Folders of unpacked wheels for the locked requirements; a folder is complete or absent."""
    lines = [line.strip() for line in requirements.read_text("utf-8").splitlines()]
    lines = sorted(line for line in lines if line and not line.startswith("#"))
    first, *others = _CPUS
    folders = [_install(lines, first, build_folder)]
    names = _compiled(folders[0])
    compiled = [line for line in lines if _normalized(re.split(r"[=<>~!;\[ ]", line)[0]) in names]
    return folders + [_install(compiled, cpu, build_folder) for cpu in others if compiled]


def _compiled(libraries: Path) -> set[str]:
    """Names of the libraries that hold code for one CPU, by what their wheels say."""
    return {
        _normalized(wheel.parent.name.split("-")[0])
        for wheel in libraries.glob("*.dist-info/WHEEL")
        if "Root-Is-Purelib: false" in wheel.read_text("utf-8")
    }


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _install(pinned: list[str], cpu: str, build_folder: Path) -> Path:
    text = "\n".join(pinned)
    final = build_folder / f"libraries-{cpu}-{_digest(_FORMAT, text.encode(), PYTHON_VERSION.encode())[:16]}"
    if final.is_dir():
        return final
    build_folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="installing-", dir=build_folder))
    try:
        requirements = staging / "requirements.txt"
        requirements.write_text(text + "\n", "utf-8")
        _run_pip(requirements, cpu, staging / "libraries")
        try:
            (staging / "libraries").rename(final)
        except OSError:
            if not final.is_dir():  # else another run finished the same folder first
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return final


def _run_pip(requirements: Path, cpu: str, target: Path) -> None:
    # --no-deps, as pip judges markers by the machine it runs on: the lock is complete for the instance's Python.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-compile", "--no-deps", "--only-binary=:all:", "--implementation=cp"]
    command += [f"--python-version={PYTHON_VERSION}", "--retries=2", "--timeout=20"]
    command += [f"--platform={tag}_{cpu}" for tag in ("manylinux2014", "manylinux_2_17", "manylinux_2_28")]
    result = subprocess.run(
        [*command, "--target", str(target), "-r", str(requirements)], capture_output=True, text=True
    )
    if result.returncode:
        raise BundleError(_explain(result.stderr, cpu))


def _explain(text: str, cpu: str) -> str:
    if "No module named pip" in text:
        return f"the client bundle needs pip beside {sys.executable}: run `{sys.executable} -m ensurepip`"
    if "No matching distribution" in text and "Retrying" not in text:
        line = next(line for line in text.splitlines() if "No matching distribution" in line)
        return f"the client bundle cannot be built: {line} (ready-made wheels for Linux {cpu}, Python {PYTHON_VERSION})"
    return (
        "the client bundle cannot be built: pip could not download its libraries. Go online once, set PIP_INDEX_URL, "
        "or PIP_FIND_LINKS=<folder of wheels> with PIP_NO_INDEX=1. Nothing was deployed. pip said: "
        + " / ".join(text.strip().splitlines()[-2:])
    )


def _files(folder: Path, prefix: str) -> Iterable[tuple[str, Path]]:
    # Names are text until the file is one to take: making paths of thousands cost more than reading the files.
    for place, folders, names in os.walk(folder):
        below = os.path.relpath(place, folder)
        parts = () if below == os.curdir else tuple(below.split(os.sep))
        folders[:] = [name for name in folders if not _skipped_folder((*parts, name))]
        for name in names:
            path = os.path.join(place, name)
            if not (name in _SKIPPED_FILES or name.endswith(".pyc")) and os.path.isfile(path):
                yield prefix + "/".join((*parts, name)), Path(path)


def _skipped_folder(parts: tuple[str, ...]) -> bool:
    if parts[-1] in _SKIPPED_FOLDERS:
        return True
    return len(parts) == 3 and parts[:2] == ("botocore", "data") and parts[2] not in _BOTOCORE_SERVICES


def _write_zip(target: Path, content: Mapping[str, bytes]) -> None:
    handle, temporary = tempfile.mkstemp(prefix="zipping-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                info = zipfile.ZipInfo(name, _FIXED_TIME)
                info.create_system, info.external_attr = 3, 0o100644 << 16  # the same bytes from every system
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
