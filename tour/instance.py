"""A whole portal in a folder of its own: database, keys, key agent, worker, web server, mail server."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


class Mailbox:
    """What the mail server has received: real messages over a real SMTP conversation."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=modern)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def wait_for(self, recipient: str, subject: str, seconds: float = 30) -> EmailMessage:
        """The newest message to this person whose subject contains a text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in reversed(self.messages):
                if recipient in str(message["To"]) and subject in str(message["Subject"]).replace(
                    "\u00a0", " "
                ):
                    return message
            time.sleep(0.1)
        seen = [str(m["Subject"]) for m in self.messages if recipient in str(m["To"])]
        raise TimeoutError(f"no mail « {subject} » to {recipient}; seen: {seen}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_of(data: Path, *, demo: bool) -> dict[str, str]:
    """The variables of a portal in a data folder, on SQLite, whatever this process runs with."""
    inherited = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    own = {"DATA_DIR": str(data), "DEMO": "1" if demo else "0", "PYTHONPATH": str(ROOT)}
    own["DEMO_PAST"] = "0"  # what is walked through begins today
    own["SECOND_FACTOR"] = os.environ.get("SECOND_FACTOR", "offered")
    return inherited | own


def prepare(environment: dict[str, str], python: Sequence[str] = (sys.executable,)) -> None:
    """Make the keys, the database and, if the environment says so, the demonstration."""
    demo = ["--demo"] if environment["DEMO"] == "1" else []
    command = [*python, str(ROOT / "bin" / "prepare.py"), *demo]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


class Instance:
    """Start with ``with Instance() as portal``; everything ends and disappears with the block.

    like: a data folder with the demonstration, on SQLite, to begin from a copy of. settings: more variables.
    """

    python: Sequence[str] = (sys.executable,)  # what runs every program of this portal
    where: str | None = None  # it lies below; where temporary files do

    def __init__(
        self,
        *,
        demo: bool = True,
        database_url: str = "",
        lease_seconds: float = 5,
        like: Path | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self._like = like
        self.folder = Path(tempfile.mkdtemp(prefix="portal-tour-", dir=self.where))
        self.port, self.smtp_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"  # a passkey belongs to a name
        self.mailbox = Mailbox()
        self._smtp = Controller(self.mailbox, hostname="127.0.0.1", port=self.smtp_port)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.data = self.folder / "data"
        self.environment = {
            **environment_of(self.data, demo=demo),
            "PUBLIC_URL": self.url,
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "JOB_LEASE_SECONDS": str(lease_seconds),
            "LOG_LEVEL": "WARNING",
        }
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        self.environment |= settings or {}

    def __enter__(self) -> "Instance":
        if self._like is None:
            prepare(self.environment, self.python)
        else:
            shutil.copytree(self._like, self.data)
            self.run("tour.moved", str(self._like))
        self._smtp.start()
        self.start(
            "agent",
            [*self.python, "-m", "portal.engine.key_agent", "--socket", str(self.data / "key-agent.sock")],
        )
        self.start_worker()
        self.start_web()
        return self

    def run(self, module: str, *words: str) -> None:
        """Run a module to its end in the environment of this portal."""
        command = [*self.python, "-m", module, *words]
        subprocess.run(command, env=self.environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    def start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def start_worker(self) -> None:
        self.start("worker", [*self.python, "-m", "flask", "worker"])

    def start_web(self) -> None:
        words = ["--workers", "1", "--threads", "4", "--log-level", "warning"]
        served = ["app:create_app()", "--bind", f"127.0.0.1:{self.port}", *words]
        self.start("web", [*self.python, "-m", "gunicorn", *served])
        self._wait_for_web()

    def kill(self, name: str) -> None:
        """kill -9 of a process and everything that it started."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _wait_for_web(self) -> None:
        for _ in range(300):
            if self.processes["web"].poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "web.log").read_text()[-3000:])

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._smtp.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
