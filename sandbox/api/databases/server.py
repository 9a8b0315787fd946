"""The program behind a database: which it is, how it is configured, and how it starts on its host."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

INSTALL = "install it with: apt-get install mariadb-server"
# Beside those of a user, a machine's programs for administrators.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROCESS = "database"

# Made once and whole: a mark stands when the tables of the server itself are complete.
START = r"""set -e
if [ ! -e made ]; then
  rm -rf data
  mariadb-install-db --no-defaults --user=root --datadir="$PWD/data" --skip-test-db \
    --auth-root-authentication-method=normal
  touch made
fi
# A server that starts removes the temporary tables of every other one from the folder that they share.
mkdir -p tmp
exec mariadbd --defaults-file="$PWD/server.cnf" --user=root --datadir="$PWD/data" --socket="$PWD/socket" \
  --pid-file="$PWD/pid" --tmpdir="$PWD/tmp" --init-file="$PWD/init.sql" \
  --ssl-cert="$PWD/certificate.pem" --ssl-key="$PWD/key.pem"
"""

_CONFIGURATION = """\
[mysqld]
bind-address={address}
port={port}
skip-name-resolve
character-set-server=utf8mb4
performance-schema=OFF
# A lost second is nothing to a sandbox, and disks differ.
innodb-flush-log-at-trx-commit=2
{parameters}
"""

# What MariaDB calls otherwise, or lacks: MySQL's names that a parameter group may hold.
_UNKNOWN_PREFIX = "loose-"


class NoServer(Exception):
    """There is no program to run; the message says how to get it."""


@dataclass(frozen=True)
class Wanted:
    """Everything that decides how a server runs."""

    address: str
    port: int
    database: str
    username: str
    password: str
    parameters: tuple[tuple[str, str], ...]
    certificate: str
    key: str

    def files(self) -> dict[str, str]:
        """Name -> text of the files that the server starts from; private ones."""
        lines = "\n".join(f"{_UNKNOWN_PREFIX}{name}={value}" for name, value in self.parameters)
        statements = [f"CREATE DATABASE IF NOT EXISTS `{self.database}`"] if self.database else []
        user, password = _quoted(self.username), _quoted(self.password)
        statements += [
            f"CREATE USER IF NOT EXISTS {user}@'%' IDENTIFIED BY {password}",
            f"ALTER USER {user}@'%' IDENTIFIED BY {password}",
            f"GRANT ALL ON *.* TO {user}@'%' WITH GRANT OPTION",
        ]
        return {
            "server.cnf": _CONFIGURATION.format(address=self.address, port=self.port, parameters=lines),
            "init.sql": "".join(f"{statement};\n" for statement in statements),
            "certificate.pem": self.certificate,
            "key.pem": self.key,
            "start.sh": START,
        }


def find_server() -> str:
    """Name and version of this machine's MariaDB; raises NoServer with the way out."""
    program = shutil.which("mariadbd", path=PATH)
    if program is None or shutil.which("mariadb-install-db", path=PATH) is None:
        raise NoServer(f"mysql cannot run here: MariaDB is not installed; {INSTALL}")
    shown = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=20, check=False
    ).stdout
    found = re.search(r"Ver ([\d.]+)", shown)
    if found is None:
        raise NoServer(f"{program} gave no version: {shown.strip()[:200]!r}; {INSTALL}")
    return f"MariaDB {found[1]}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
