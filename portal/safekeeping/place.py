"""Where the portal's backups lie: a restic repository, its password, its account, and what it is asked."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flask import current_app
from flask_babel import gettext as _

from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import CREDENTIALS
from portal.engine.passphrase import Passphrase
from portal.engine.port import Cancel, Node, RepoRef, Snapshot
from portal.engine.restic import Restic
from portal.errors import Refused

NAME = "portal"  # host and tag of every snapshot that is ours
_CREDENTIAL = "backup-password"  # its name under systemd's CREDENTIALS_DIRECTORY
_HOURS = 3600.0
_PAUSES = (1, 3, 9)  # seconds


@dataclass(frozen=True)
class Place:
    """An open door to the repository; the password is in memory for the length of a ``with`` only."""

    engine: Restic
    repo: RepoRef
    password: Passphrase
    cancel: Cancel | None

    @classmethod
    @contextmanager
    def at(cls, location: str, cancel: Cancel | None = None) -> Iterator[Self]:
        """location: as restic takes it (folder, ``rest:…``, ``s3:…``); raises Refused for none."""
        if not location:
            raise Refused(_("Il manque un dépôt : réglage BACKUP_REPO, ou --to et --from."))
        if ":" not in location:
            location = str(Path(location).resolve())
        try:
            repo = RepoRef(location)
        except EngineError:
            raise Refused(_("Ce dépôt n'est ni un dossier, ni rest:…, ni s3:….")) from None
        password = repository_password()
        try:
            yield cls(Restic(backend_env=_account), repo, password, cancel)
        finally:
            password.wipe()

    def create(self) -> None:
        """An empty repository; nothing if there is one that the password opens."""
        try:
            self.check()
        except EngineError as error:
            if error.fault is not EngineFault.REPO_MISSING:
                raise
            self._run(["init"])

    def check(self) -> None:
        """Raises EngineError REPO_MISSING, WRONG_KEY, BACKEND_UNREACHABLE …"""
        self.engine.open_check(self.repo, self.password)

    def save(self, folder: Path) -> Snapshot:
        """Back up ``folder``, wholly or not at all. Locks that the dead have left are removed."""
        words = ["backup", "--json", "--host", NAME, "--tag", NAME, "--ignore-ctime", "--", str(folder)]
        known = {one.id for one in self.copies()}
        try:
            self._insist(words)
        except EngineError:
            for one in self.copies():  # restic keeps a snapshot of what it could read
                if one.id not in known:
                    self._run(["forget", one.id])
            raise
        return next(one for one in reversed(self.copies()) if one.id not in known)

    def copies(self) -> list[Snapshot]:
        """The portal's own snapshots, oldest first; other machines may use the repository too."""
        found = self.engine.snapshots(self.repo, self.password)
        return [one for one in found if one.host == NAME and NAME in one.tags]

    def copy_named(self, beginning: str) -> Snapshot:
        """The snapshot whose id begins so, or the newest; raises Refused for none and for several."""
        found = self.copies()
        if beginning:
            found = [one for one in found if one.id.startswith(beginning)]
        if not found or (beginning and len(found) > 1):
            raise Refused(_("Aucune sauvegarde du portail de ce nom dans ce dépôt."))
        return found[-1]

    def forget(self, keep: dict[str, int]) -> bool:
        """Remove the snapshots that the policy no longer keeps, and what only they held.

        False, and nothing removed, while somebody else is in the repository, and in one that only adds.
        """
        policy = [word for period, number in keep.items() for word in (f"--keep-{period}", str(number))]
        ours = ["--host", NAME, "--tag", NAME, "--group-by", "host,tags"]
        try:
            self._insist(["forget", "--prune", *ours, *policy])
        except EngineError as error:
            if error.fault not in {EngineFault.LOCKED, EngineFault.BACKEND_DENIED}:
                raise
            return False
        return True

    def bring(self, copy: Snapshot, target: Path) -> Path:
        """Bring a whole snapshot below ``target``; returns the folder that was backed up, as it is there."""
        self._run(["restore", copy.id, "--target", str(target)])
        return target / copy.paths[0].lstrip("/")

    def bring_file(self, copy: Snapshot, name: str, target: Path) -> Path:
        """One file of a snapshot, by its name below the folder that was backed up."""
        path = f"{copy.paths[0]}/{name}"
        with target.open("wb") as out:
            for chunk in self.engine.read_file(self.repo, self.password, copy.id, path, self.cancel):
                out.write(chunk)
        return target

    def sizes(self, copy: Snapshot) -> dict[str, int]:
        """Bytes of every file of a snapshot, by its name below the folder that was backed up."""
        found: dict[str, int] = {}
        start = f"{copy.paths[0]}/"

        def take(node: Node) -> None:
            if node.type == "file":
                found[node.path.removeprefix(start)] = node.size

        self.engine.inventory(self.repo, self.password, copy.id, take, self.cancel)
        return found

    def _insist(self, words: list[str]) -> None:
        """Run what takes a lock; one that a process left when it was killed is removed, once that is gone."""
        for pause in _PAUSES:
            self._run(["unlock"])
            try:
                self._run(words)
                return
            except EngineError as error:
                if error.fault is not EngineFault.LOCKED:
                    raise
            time.sleep(pause)
        raise EngineError(EngineFault.LOCKED)

    def _run(self, words: list[str]) -> str:
        opened = self.engine.command(self.repo, self.password, words, 6 * _HOURS, self.cancel, writes=True)
        with opened as child:
            text = child.output.read()
            child.finish()
        return str(text, "utf-8", "replace")


def repository_password() -> Passphrase:
    """From ``BACKUP_PASSWORD_FILE``, else systemd's credential, else ``RESTIC_PASSWORD``; else Refused."""
    try:
        for path in _password_files():
            return Passphrase(path.read_bytes().strip())
        return Passphrase(os.environ.get("RESTIC_PASSWORD", ""))
    except (OSError, EngineError):
        message = _("Le mot de passe du dépôt manque : BACKUP_PASSWORD_FILE, ou RESTIC_PASSWORD.")
        raise Refused(message) from None


def _password_files() -> Iterator[Path]:
    if named := str(current_app.config["BACKUP_PASSWORD_FILE"]):
        yield Path(named)
    elif (folder := os.environ.get("CREDENTIALS_DIRECTORY")) and (Path(folder) / _CREDENTIAL).exists():
        yield Path(folder) / _CREDENTIAL


def _account(repo: RepoRef) -> dict[str, str]:
    """Of the storage server: ``BACKUP_AWS_ACCESS_KEY_ID`` and so on, else the names without ``BACKUP_``."""
    names, env = CREDENTIALS[repo.backend], os.environ
    return {name: value for name in names if (value := env.get(f"BACKUP_{name}") or env.get(name))}


def policy(text: str) -> dict[str, int]:
    """How many snapshots are kept of each period, of a text such as ``daily=7 weekly=5``.

    Raises ValueError for anything else, and for a text that would keep nothing.
    """
    found = {}
    for word in text.replace(",", " ").split():
        period, _equals, number = word.partition("=")
        if period not in {"last", "daily", "weekly", "monthly", "yearly"} or not 0 < int(number) < 1000:
            raise ValueError(text)
        found[period] = int(number)
    if not found:
        raise ValueError(text)
    return found
