"""One portal whose business clock the life moves: web server, key agent, and a worker that obeys."""

import asyncio
import subprocess
import sys
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller

from faults.neighbours import PostgreSQL
from life.moved import MovedClock
from tour.instance import ROOT, Instance, Mailbox
from tour.person import text_of

PARIS = ZoneInfo("Europe/Paris")


class Letter(NamedTuple):
    """A mail as its recipient got it."""

    on: date  # Paris
    to: str
    subject: str
    text: str
    message: EmailMessage

    def files(self, suffix: str = ".pdf") -> list[tuple[str, bytes]]:
        """Name and content of what is attached."""
        found = []
        for part in self.message.iter_attachments():
            name, content = part.get_filename() or "", part.get_payload(decode=True)
            if name.endswith(suffix) and isinstance(content, bytes):
                found.append((name, content))
        return found


def plain(text: str) -> str:
    """With plain blanks where typography has others."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


class DatedMailbox(Mailbox):
    """Letters by their recipient, with the business day on which each came."""

    def __init__(self, place: "Place") -> None:
        super().__init__()
        self.letters: list[Letter] = []
        self.pause = 0.0  # seconds that each conversation takes
        self._place = place

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.pause)
        said = await super().handle_DATA(server, session, envelope)
        message = self.messages[-1]
        subject, text = plain(str(message["Subject"])), plain(text_of(message))
        for _name, address in getaddresses([str(message["To"])]):
            self.letters.append(Letter(self._place.today, address, subject, text, message))
        return said

    def last(self, recipient: str, subject: str) -> Letter:
        """The newest to this person whose subject has these words. Raises LookupError."""
        for letter in reversed(self.letters):
            if letter.to == recipient and subject in letter.subject:
                return letter
        seen = [f"{each.on} {each.subject}" for each in self.letters if each.to == recipient]
        raise LookupError(f"no mail « {subject} » to {recipient}; seen: {seen[-8:]}")


class Place(Instance):
    """``with Place(begins) as place``: nothing happens but what is asked for, at the instant that is set."""

    where = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nothing of it outlives the block

    def __init__(self, begins: datetime, *, database: PostgreSQL | None = None) -> None:
        settings = {
            "SECOND_FACTOR": "offered",
            "MAIL_FROM": "portail@fournisseur.example",
            "VIES_URL": "",
            "SIREN_REGISTER": "",
            "JOB_PAUSE_SECONDS": "0.05",
            "ERASE_COOLING_HOURS": "0",
            "LOG_LEVEL": "ERROR",
            "MAIL_PER_MINUTE": "100000",
        }
        self.database, url = database, ""
        if database is not None:
            url = database.address("portal")
            settings["OWNER_DATABASE_URL"] = database.address("portal_owner")
        super().__init__(demo=False, database_url=url, lease_seconds=2, settings=settings)
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "clock"
        self.clock = MovedClock(path, start=begins)
        self.python = (sys.executable, "-m", "life.moved", str(path))
        self.letters = DatedMailbox(self)
        self.mailbox = self.letters
        self._smtp.handler = self.letters
        self.tasks = 0

    @property
    def today(self) -> date:
        """The business day in Paris."""
        return self.clock.now().astimezone(PARIS).date()

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        """Paris time."""
        self.clock.move(datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS))

    def pass_minutes(self, minutes: float = 1) -> None:
        """Some time between two things that people do."""
        self.clock.move(self.clock.now() + timedelta(minutes=minutes))

    def start_worker(self) -> None:
        with (self.folder / "worker.log").open("ab") as log:
            self.processes["worker"] = subprocess.Popen(
                [*self.python, "-m", "life.steward"],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        if self._hear() != "ready":
            raise RuntimeError((self.folder / "worker.log").read_text()[-3000:])

    def _hear(self) -> str:
        stdout = self.processes["worker"].stdout
        assert stdout is not None
        return stdout.readline().decode().strip()

    def work(self) -> int:
        """All that is due now is done: duties, tasks, mails. A worker that died meanwhile is replaced."""
        while True:
            stdin = self.processes["worker"].stdin
            assert stdin is not None
            try:
                stdin.write(b"work\n")
                stdin.flush()
                said = self._hear()
            except BrokenPipeError:
                said = ""
            if said.startswith("done "):
                done = int(said[5:])
                self.tasks += done
                return done
            self.processes["worker"].wait()
            self.start_worker()

    def kill_if_alive(self, name: str) -> None:
        """kill -9, unless it has ended by itself meanwhile."""
        if self.processes[name].poll() is None:
            self.kill(name)

    def stop_mail(self) -> None:
        self._smtp.stop()

    def start_mail(self) -> None:
        self._smtp = Controller(self.letters, hostname="127.0.0.1", port=self.smtp_port)
        self._smtp.start()

    def run_command(self, *words: str) -> str:
        """What ``flask WORDS`` says."""
        command = [*self.python, "-m", "flask", *words]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout
