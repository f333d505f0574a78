"""The portal between its gates: workers, web server and key agent, started again whenever they end."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
import httpx
import psycopg
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from faults.clocks import wrong_by
from faults.gate import Gate
from faults.neighbours import PostgreSQL, Store
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, set_scope
from tests.conftest import Client
from tests.installation import ROOT, free_port, seal, wait_for_port
from tests.relay import Relay

BUCKET, REGION = "papiers", "us-east-1"
DISK = 7_000  # megabytes: an export leaves five thousand of them free
ACCOUNT = {"AWS_ACCESS_KEY_ID": "faults", "AWS_SECRET_ACCESS_KEY": "faults", "AWS_DEFAULT_REGION": REGION}


class Place:
    """Everything; ``with Place(...) as place``. What the portal reaches goes through a gate."""

    def __init__(self, lanes: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="portal-faults-"))
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self.has_disk = os.geteuid() == 0 and self._mount()
        self.clock = self.folder / "clock"  # of workers and web; the database keeps its own
        wrong_by(self.clock, 0)
        self._own_clock = [sys.executable, "-m", "faults.clocks", str(self.clock), "-m"]
        self.database, self.store, self.relay = PostgreSQL(), Store(), Relay(free_port())
        self.relay.start()
        self.gates = {
            "database": Gate(self.database.port),
            "store": Gate(self.store.port),
            "relay": Gate(self.relay.port),
        }
        self.bucket = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.store.port}",
            aws_access_key_id="faults",
            aws_secret_access_key="faults",
            region_name="us-east-1",
        )
        self.bucket.create_bucket(Bucket=BUCKET)
        self.web_port = free_port()
        create_key_file(self.data, *seal())
        self.environment = {
            **os.environ,
            **ACCOUNT,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.gates['store'].port}",
            "AWS_MAX_ATTEMPTS": "1",
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.database.address("portal", self.gates["database"].port),
            "BLOB_URL": f"s3://{BUCKET}/p",
            "SMTP_URL": f"smtp://127.0.0.1:{self.gates['relay'].port}?tls=0",
            "SMTP_SECONDS": "3",
            "PYTHONPATH": str(ROOT),
            "DEMO": "1",
            "JOB_LEASE_SECONDS": "2",
            "JOB_PAUSE_SECONDS": "2",
            "WORKER_PATIENCE_SECONDS": "3",
            "WORKERS": lanes,
            "PORT": str(self.web_port),
            "WEB_WORKERS": "1",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._over = threading.Event()
        self.excuses = 0  # moments at which a mail may have been taken and not noted
        self.statuses: Counter[str] = Counter()  # what somebody saw who looked at a page all the time
        self.app = self._application()

    def _mount(self) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=700", "tmpfs", str(self.data)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def _application(self) -> Flask:
        """For what people do, and for looking; past the gates."""
        os.environ.update(ACCOUNT, DATA_DIR=str(self.data), AWS_ENDPOINT_URL=self.bucket.meta.endpoint_url)
        app = create_app(
            TESTING=True,
            WTF_CSRF_ENABLED=False,
            DATA_DIR=self.data,
            SQLALCHEMY_DATABASE_URI=self.database.address("portal"),
            OWNER_DATABASE_URL=self.database.address("portal_owner"),
            BLOB_URL=self.environment["BLOB_URL"],
            KEY_AGENT_SOCKET=str(self.data / "key-agent.sock"),
            ERASE_COOLING_HOURS=0,
        )
        app.test_client_class = Client
        with app.app_context():
            upgrade()
        return app

    @contextmanager
    def looking(self) -> Iterator[None]:
        with self.app.app_context():
            set_scope(EVERYTHING)
            yield
            db.session.rollback()

    def __enter__(self) -> "Place":
        self._start("agent")
        self._start("worker")
        self._start("web")
        wait_for_port(self.web_port)
        threading.Thread(target=self._supervise, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for name in self.processes:
            self.kill(name)
        with self.app.app_context():
            db.engine.dispose()
        self.relay.stop()
        self.store.end()
        self.database.end()
        if self.has_disk:
            subprocess.run(["umount", "-l", str(self.data)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def look_at_pages(self, cookie: str) -> None:
        """Somebody who is signed in reads a list again and again, whatever happens."""

        def read() -> None:
            while not self._over.wait(0.2):
                try:
                    address = f"http://127.0.0.1:{self.web_port}/billing/invoices"
                    answer = httpx.get(address, headers={"Cookie": cookie}, timeout=30)
                    self.statuses[str(answer.status_code)] += 1
                except httpx.HTTPError as error:
                    self.statuses[type(error).__name__] += 1

        threading.Thread(target=read, daemon=True).start()

    def _start(self, name: str) -> None:
        command = {
            "agent": [
                sys.executable,
                "-m",
                "portal.engine.key_agent",
                "--socket",
                str(self.data / "key-agent.sock"),
            ],
            "worker": [*self._own_clock, "flask", "worker"],
            "web": [*self._own_clock, "gunicorn", "-c", "deploy/gunicorn.py", "app:create_app()"],
        }[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def _supervise(self) -> None:
        while not self._over.wait(0.3):
            for name, process in list(self.processes.items()):
                if process.poll() is not None and not self._over.is_set():
                    self._start(name)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """A signal to a process and to all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, number)
        if self._over.is_set():
            self.processes[name].wait()

    def one_at_work(self, chance: random.Random) -> int | None:
        """The number of one worker process, if it can be of one that holds a task."""
        address = self.database.address("portal_owner").replace("+psycopg", "")
        with psycopg.connect(address) as connection:
            connection.execute("select set_config('app.scope', '/', false)")
            rows = connection.execute("select owner from task where state = 'running' order by owner")
            owners = [owner for (owner,) in rows if owner]
        own = [int(owner.split(":")[1]) for owner in owners]
        return chance.choice(own) if own else self.one_of_its_own("worker", chance)

    def one_of_its_own(self, name: str, chance: random.Random) -> int | None:
        """The number of one process that ``name`` has started; None while it has none."""
        pid = self.processes[name].pid
        with suppress(OSError):
            own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return int(chance.choice(own)) if own else None
        return None

    def wait_until(self, condition: object, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.looking():
                if condition():  # type: ignore[operator]
                    return True
            time.sleep(0.3)
        return False
