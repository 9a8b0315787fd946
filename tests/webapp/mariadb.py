"""A MariaDB on a free port of 127.0.0.1, which takes TLS only, with everything in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pymysql

from tests.client.redis_servers import Certificates, free_port

USER, PASSWORD, NAME = "demo", "pass-of-the-tests", "demo"


class MariaDB:
    """One mariadbd with a database, and a user who must use TLS."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self._folder, self._certificates = folder, certificates
        self._as = ["--user=root"] if os.geteuid() == 0 else []
        self._data = folder / "data"
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", *self._as, f"--datadir={self._data}", "--skip-test-db"],
            check=True,
            capture_output=True,
        )
        self._init = folder / "init.sql"
        self._init.write_text(
            f"CREATE DATABASE IF NOT EXISTS {NAME};\n"
            f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;\n"
            f"GRANT ALL ON {NAME}.* TO {USER}@'%';\n"
        )
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it lets the user in."""
        server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert server, "Debian's mariadb-server is not installed: scripts/system-packages mariadb"
        command = [server, "--no-defaults", *self._as, f"--datadir={self._data}", f"--port={self.port}"]
        command += ["--bind-address=127.0.0.1", f"--socket={self._folder / 's'}", "--skip-name-resolve"]
        command += [f"--init-file={self._init}", f"--pid-file={self._folder / 'pid'}"]
        command += [f"--ssl-cert={self._certificates.certificate}", f"--ssl-key={self._certificates.key}"]
        # Any server that starts removes what it takes for leftovers of its own from the folder for temporary tables.
        (self._folder / "tmp").mkdir(exist_ok=True)
        command += ["--innodb-flush-log-at-trx-commit=0", f"--tmpdir={self._folder / 'tmp'}"]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._lets_in():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def administer(self, *statements: str) -> None:
        """Run statements as the user."""
        connection = pymysql.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, ssl={}, autocommit=True
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def kill(self) -> None:
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _lets_in(self) -> bool:
        assert self.process.poll() is None, (self._folder / "log").read_text()
        try:
            self.administer("SELECT 1")
        except pymysql.Error:
            return False
        return True
