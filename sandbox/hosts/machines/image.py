"""What a machine finds on its disk: a small Amazon Linux 2023 made of the computer's `/usr` and files of its own.

`populate` writes everything that a first boot needs into a folder. What the computer has installed but the image does
not declare (Pythons, caches, package managers) is hidden, so that user data passes here only if it would pass there.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

SHARED = "/var/lib/sandbox"
TOOLS = f"{SHARED}/tools"
BUNDLE = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RESOLVER_OPTIONS = "options timeout:2 attempts:2"
STANDINS = Path(__file__).with_name("standins")

# Below /usr. Hidden by overlay whiteouts; `dnf` links back the few that the image's packages declare.
HIDDEN = (
    *("bin/python*", "bin/pip*", "bin/pydoc*", "lib/python*", "share/python3"),
    *(
        "bin/redis-*",
        "bin/valkey-*",
        "bin/memc*",
        "bin/mysql*",
        "bin/mariadb*",
        "sbin/mariadbd",
        "sbin/mysqld",
    ),
    *("bin/aws*", "bin/pulumi*", "bin/docker*", "bin/systemctl", "bin/journalctl", "bin/dnf*", "bin/yum*"),
    *("bin/apt*", "bin/dpkg*", "bin/uv", "sbin/nft"),
)
# Paths that programs of other distributions look for their trusted certificates in.
BUNDLE_LINKS = (
    *("etc/pki/tls/certs/ca-bundle.crt", "etc/pki/tls/cert.pem", "etc/ssl/cert.pem", "etc/ssl/ca-bundle.pem"),
    *("etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/ca-bundle.crt"),
)
# What scripts name by its full path, and what Amazon Linux has without being asked for.
LINKS = {"python3": f"{TOOLS}/python/bin/python3"}
LINKS |= {name: f"/usr/local/bin/{name}" for name in ("aws", "dnf", "journalctl", "systemctl")}
FOLDERS = (
    *("usr", "dev", "proc", "sys", "run", "tmp", "etc", "root", "home/ec2-user", "mnt", "srv", "opt", ".old"),
    *("var/tmp", "var/log", "var/cache", "var/lib/cloud/instance/scripts", "var/task", "var/runtime"),
    *(
        "var/lang/bin",
        "etc/ssl/certs",
        "etc/pki/tls/certs",
        "etc/pki/ca-trust/extracted/pem",
        "etc/profile.d",
        "etc/dnf/vars",
        "etc/systemd/system",
    ),
    *(f"{SHARED[1:]}/tools", f"{SHARED[1:]}/usr"),
)


@dataclass(frozen=True)
class Identity:
    """What makes one machine different from the next."""

    address: str
    nameserver: str
    region: str
    authority: str  # certificate of the sandbox's authority, PEM

    @property
    def hostname(self) -> str:
        return "ip-" + self.address.replace(".", "-")

    @property
    def domain(self) -> str:
        return "ec2.internal" if self.region == "us-east-1" else f"{self.region}.compute.internal"


def populate(home: Path, identity: Identity) -> None:
    """Write `home/disk` (the root), `home/upper` (over /usr) and `home/local` (/usr/local) of a new machine."""
    disk = home / "disk"
    for name in FOLDERS:
        (disk / name).mkdir(parents=True, exist_ok=True)
    for name, mode in {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}.items():
        (disk / name).chmod(mode)
    for link in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if Path("/", link).is_symlink():
            (disk / link).symlink_to(os.readlink(f"/{link}"))
    for path, text in _files(identity).items():
        (disk / path).write_text(text)
    _trust(disk, identity.authority)
    for name in ("ld.so.cache", "alternatives", "localtime", "protocols", "services", "mime.types"):
        _copy(Path("/etc", name), disk / "etc" / name)
    _hide(home / "upper")
    _programs(home)


def _files(identity: Identity) -> dict[str, str]:
    name, full = identity.hostname, f"{identity.hostname}.{identity.domain}"
    users = ("root:x:0:0:root:/root:/bin/bash", "ec2-user:x:1000:1000::/home/ec2-user:/bin/bash")
    users += (
        "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin",
        "nobody:x:65534:65534::/:/sbin/nologin",
    )
    return {
        "etc/resolv.conf": f"search {identity.domain}\nnameserver {identity.nameserver}\n{RESOLVER_OPTIONS}\n",
        "etc/hosts": f"127.0.0.1 localhost\n{identity.address} {full} {name}\n",
        "etc/hostname": f"{full}\n",
        "etc/passwd": "\n".join(users) + "\n",
        "etc/group": "root:x:0:\nec2-user:x:1000:\nsbx_user1051:x:990:\nnogroup:x:65534:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n",
        "etc/os-release": (
            'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n'
            'PLATFORM_ID="platform:al2023"\nPRETTY_NAME="Amazon Linux 2023 (sandbox stand-in)"\n'
        ),
        "etc/dnf/vars/awsregion": f"{identity.region}\n",
        "etc/system-release": "Amazon Linux release 2023 (sandbox stand-in)\n",
        "etc/profile": f'PATH={PATH}\nexport PATH\nfor part in /etc/profile.d/*.sh; do . "$part"; done\n',
        # botocore ignores the system's store, where Amazon's certificates need no help from it.
        "etc/profile.d/sandbox.sh": f"export AWS_CA_BUNDLE={BUNDLE}\n",
    }


def _trust(disk: Path, authority: str) -> None:
    (disk / BUNDLE[1:]).write_text(authority)
    for link in BUNDLE_LINKS:
        (disk / link).symlink_to(BUNDLE)
    (disk / "etc/ssl/certs" / f"{subject_hash(authority)}.0").symlink_to(BUNDLE)


@functools.lru_cache
def subject_hash(certificate: str) -> str:
    """The name under which OpenSSL looks for an authority in a folder, as `openssl x509 -hash` prints it."""
    from cryptography import x509  # the daemon starts without it

    canonical = b""
    for attribute in x509.load_pem_x509_certificate(certificate.encode()).subject:
        value = " ".join(attribute.value.lower().split()).encode()
        number = _object_identifier(attribute.oid.dotted_string)
        canonical += _der(0x31, _der(0x30, _der(0x06, number) + _der(0x0C, value)))
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _der(tag: int, content: bytes) -> bytes:
    if len(content) > 127:
        raise ValueError("a subject this long has no short form")
    return bytes([tag, len(content)]) + content


def _object_identifier(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    if any(arc > 127 for arc in rest):
        raise ValueError(f"only the common attributes of a subject, not {dotted}")
    return bytes([40 * first + second, *rest])


def _copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True)
    elif source.exists():
        shutil.copy(source, target)


def _hide(upper: Path) -> None:
    (upper / "bin").mkdir(parents=True)
    for pattern in HIDDEN:
        for path in Path("/usr").glob(pattern):
            whiteout = upper / path.relative_to("/usr")
            whiteout.parent.mkdir(parents=True, exist_ok=True)
            os.mknod(whiteout, 0o600 | stat.S_IFCHR, os.makedev(0, 0))
    for name, target in LINKS.items():
        (upper / "bin" / name).unlink(missing_ok=True)
        (upper / "bin" / name).symlink_to(target)


def _programs(home: Path) -> None:
    programs = home / "local" / "bin"
    for name in ("bin", "sbin", "lib", "share"):
        (home / "local" / name).mkdir(parents=True)
    for program in STANDINS.iterdir():
        shutil.copy(program, programs / program.name)
        (programs / program.name).chmod(0o755)
    (programs / "python3").symlink_to(f"{TOOLS}/python/bin/python3")
