"""What the portal needs and does not own: database, store, relay. Each can end and come back."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.installation import free_port, wait_for_port


class PostgreSQL:
    """A server of its own on a port, with the two roles of deploy/postgresql.sql."""

    def __init__(self) -> None:
        self.port = free_port()
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self._programs = found[-1]
        self.folder = Path(tempfile.mkdtemp(prefix="portal-faults-pg-", dir="/tmp"))
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self._prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._run("initdb", "-D", self._data, "-U", "admin", "-A", "trust", "-E", "UTF8", "--no-locale")
        self.start()
        for statement in (
            "CREATE ROLE portal_owner LOGIN",
            "CREATE ROLE portal LOGIN CREATEDB",
            "CREATE DATABASE portal OWNER portal_owner TEMPLATE template0",
        ):
            self._run(
                "psql",
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "admin",
                "-c",
                statement,
                "postgres",
            )

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *words: str) -> None:
        command = [*self._prefix, str(self._programs / program), *words]
        subprocess.run(
            command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def address(self, role: str, port: int = 0) -> str:
        return f"postgresql+psycopg://{role}@127.0.0.1:{port or self.port}/portal"

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c max_connections=200"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def crash(self) -> None:
        """As if the power went: no checkpoint, the log is replayed at the next start."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def restart(self) -> None:
        """Whoever is connected is cut off; it is there again within seconds."""
        self.crash()
        self.start()

    def end(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


class Store:
    """A simulated S3. Its objects live in its memory, so that it is stopped and never ended."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def halt(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
