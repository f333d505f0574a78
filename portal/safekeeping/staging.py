"""What restic is given: one private folder with the database, its documents and their inventory."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal.blob_stores import FolderStore, Store, store
from portal.blobs import CUSTOMERS_OWN, Document, store_faults_told
from portal.crypto.sealed_file import HEAD_BYTES, key_name_of
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, new_uid, reading, scope
from portal.errors import Unavailable
from portal.safekeeping.inventory import Kept, kept_file

_MISSING = {"NoSuchKey", "404", "NotFound"}
Tell = Callable[[], object]


class Changed(Exception):
    """A document has another place than when the database was copied: copy it again."""


def workshop() -> Path:
    """The folder of this machine where backups are prepared and taken apart."""
    folder = Path(current_app.config["DATA_DIR"]) / "backup"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


@contextmanager
def alone() -> Iterator[Path]:
    """The workshop, for one process at a time; raises Unavailable while another is in it."""
    folder = workshop()
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(
                _("Une sauvegarde ou une restauration est déjà en cours sur cette machine.")
            ) from None
        yield folder


@dataclass(frozen=True)
class Staged:
    documents: dict[str, Kept]
    erased: list[str]
    missing: list[str]


def wanted(documents: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """Of (uid, kind, storage key): the uid by storage key. What came out of a vault is left out."""
    return {key: uid for uid, kind, key in documents if kind not in CUSTOMERS_OWN}


def stage_documents(documents: Sequence[tuple[str, str, str]], folder: Path, tell: Tell) -> Staged:
    """Put the stored bytes of these documents into ``folder``, and nothing else; they are ciphertext.

    Links where the disk allows it, else copies that the next backup finds again. Raises Changed.
    """
    source, digests = store(), _Digests(folder.parent.with_name("digests.json"))
    wanted_here = wanted(documents)
    _leave_only(folder, set(wanted_here))
    kept: dict[str, Kept] = {}
    away = []
    for key, uid in wanted_here.items():
        target = folder / key[:2] / key
        with store_faults_told():
            is_there = _is_good(target) or _bring(source, key, target)
        if is_there:
            kept[key] = digests.of(key, target)
        else:
            away.append((uid, key))
        tell()
    digests.write(kept)
    erased, missing = _why(away)
    return Staged(kept, erased, missing)


def _is_good(copy: Path) -> bool:
    """Is it there from the night before? One of a former data key may have been written anew since."""
    if not copy.exists():
        return False
    with copy.open("rb") as content:
        return key_name_of(content.read(HEAD_BYTES)) in {None, keyring().current}


def stage_journals(folder: Path) -> dict[str, Kept]:
    """Copy the journals of erasures, which certificates are made from; what they are, by their path."""
    shutil.rmtree(folder, ignore_errors=True)
    source = journals()
    if source.is_dir():
        shutil.copytree(source, folder)
    return {str(path.relative_to(folder)): kept_file(path) for path in folder.rglob("*") if path.is_file()}


def journals() -> Path:
    return Path(current_app.config["DATA_DIR"]) / "erasures"


def clear_links(folder: Path) -> None:
    """Links keep the bytes of a document that is erased: they go when the backup is made."""
    if isinstance(store(), FolderStore):
        shutil.rmtree(folder, ignore_errors=True)


def _leave_only(folder: Path, keys: set[str]) -> None:
    clear_links(folder)
    for path in list(folder.glob("*/*")):
        if path.name not in keys:
            path.unlink()


def _bring(source: Store, key: str, target: Path) -> bool:
    """Link or copy one object; False when the store has it not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, FolderStore):
        try:
            os.link(source.path(key), target)
            return True
        except FileNotFoundError:
            return False
        except OSError:
            pass  # another disk, or one without links
    part = target.with_name(f"{new_uid()}.part")
    try:
        with source.open(key) as content, part.open("wb") as out:
            shutil.copyfileobj(content, out, 1 << 20)
    except FileNotFoundError:
        part.unlink(missing_ok=True)
        return False
    except ClientError as error:
        part.unlink(missing_ok=True)
        if error.response["Error"]["Code"] in _MISSING:
            return False
        raise
    part.rename(target)
    return True


def _why(away: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Of the documents (uid, key) that are not in the store: those erased since, and those lost."""
    erased, missing = [], []
    with scope(EVERYTHING), reading():
        db.session.rollback()
        for uid, key in away:
            query = select(Document.storage_key, Document.erased).where(Document.uid == uid)
            now = db.session.execute(query).one_or_none()
            if now is None or now.erased:
                erased.append(uid)
            elif now.storage_key != key:
                raise Changed
            else:
                missing.append(uid)
        db.session.rollback()
    return erased, missing


class _Digests:
    """SHA-256 of stored bytes, which never change, by key, size and time of writing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, list[object]] = json.loads(path.read_text()) if path.exists() else {}

    def of(self, key: str, path: Path) -> Kept:
        stat = path.stat()
        known = self._known.get(key)
        if known and known[:2] == [stat.st_size, stat.st_mtime_ns]:
            return Kept(stat.st_size, str(known[2]))
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        self._known[key] = [stat.st_size, stat.st_mtime_ns, digest]
        return Kept(stat.st_size, digest)

    def write(self, kept: dict[str, Kept]) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps({key: self._known[key] for key in kept}))
        part.rename(self._path)
