"""Destroying a repository for good (destruction), with a journal that survives a kill."""

import hashlib
import json
import os
import re
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

from portal import clock
from portal.engine.copying import in_parallel
from portal.engine.disk import exclusive, write_atomically
from portal.engine.errors import EngineError, EngineFault
from portal.engine.pace import Teller, throttled
from portal.engine.port import Destroyed, OnProgress, RepoRef
from portal.engine.stores import open_store
from portal.engine.stores.objects import CONFIG, FOLDERS, Access, ObjectStore, Remnant

_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")


def destroy(
    repo: RepoRef,
    journal: Path,
    on_progress: OnProgress | None = None,
    access: Access = Access(),  # noqa: B008  (frozen)
) -> Destroyed:
    """Delete a repository for good: the keys, then everything else, then look again.

    Where the storage keeps older versions and unfinished uploads, they go too.
    journal: a file outside the repository, kept for ever, written before the first deletion; with
    it, a call after a kill finishes the work and the report still counts everything, and a call
    after the end returns the same report.
    Raises EngineError UNSAFE_PATH (link, root, mount point, foreign files: nothing is deleted),
    REPO_MISSING, BUSY, BACKEND_DENIED (a server that only adds), INCOMPLETE (something is left).
    """
    if repo.backend == "local":
        _refuse_dangerous(Path(repo.location), journal)
    store, place = open_store(repo, access), _place(repo)
    with exclusive(journal.with_name(journal.name + ".lock")):
        record = _open_journal(store, place, journal)
        if record["finished_at"] is None:
            _delete_all(store, record, throttled(on_progress))
            if next(store.remnants(), None) is not None:
                raise EngineError(EngineFault.INCOMPLETE)
            record["finished_at"] = clock.now().isoformat()
            write_atomically(journal, json.dumps(record))
    return _report(record)


def _place(repo: RepoRef) -> str:
    """The address without the provider's credentials: it is printed on the certificate."""
    if repo.backend == "local":
        return str(Path(repo.location))
    return _CREDENTIALS.sub("", repo.location)


def _report(record: dict[str, Any]) -> Destroyed:
    names = sorted(record["objects"])
    versions = record.get("versions", {})
    return Destroyed(
        location=record["location"],
        objects=len(names),
        bytes=sum(record["objects"].values()) + sum(versions.values()),
        keys=sum(name.startswith("keys/") for name in names),
        names_sha256=hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest(),
        started_at=datetime.fromisoformat(record["started_at"]),
        finished_at=datetime.fromisoformat(record["finished_at"]),
        versions=len(versions),
        uploads=len(record.get("uploads", ())),
    )


def _refuse_dangerous(root: Path, journal: Path) -> None:
    unsafe = (
        ".." in root.parts
        or len(root.parts) < 3  # "/" and "/home" are never repositories
        or root.is_symlink()
        or os.path.ismount(root)
        or root == Path.home()
        or journal.resolve().is_relative_to(root.resolve())
    )
    if unsafe:
        raise EngineError(EngineFault.UNSAFE_PATH)


def _open_journal(store: ObjectStore, place: str, journal: Path) -> dict[str, Any]:
    """Read or start the record of what is destroyed; what was written since then is added."""
    if journal.exists():
        record: dict[str, Any] = json.loads(journal.read_text(encoding="utf-8"))
        if record["location"] != place:
            raise EngineError(EngineFault.UNSAFE_PATH)
        if record["finished_at"] is not None and store.exists():  # another one, created since
            raise EngineError(EngineFault.UNSAFE_PATH)
    else:
        if not store.exists():
            raise EngineError(EngineFault.REPO_MISSING)
        record = {"location": place, "objects": {}, "versions": {}, "uploads": [], "finished_at": None}
        record["started_at"] = clock.now().isoformat()
    if record["finished_at"] is None:
        _add(record, store)
        write_atomically(journal, json.dumps(record))
    return record


def _add(record: dict[str, Any], store: ObjectStore) -> None:
    """Objects by name; older versions by label, so that a name counts once and its bytes all count."""
    uploads = set(record.get("uploads", ()))
    versions = record.setdefault("versions", {})
    for one in store.remnants():
        if one.kind == "object":
            record["objects"][one.name] = one.bytes
        elif one.kind == "upload":
            uploads.add(one.label)
        else:
            versions[one.label] = one.bytes
            record["objects"].setdefault(one.name, 0)
    record["uploads"] = sorted(uploads)


def _delete_all(store: ObjectStore, record: dict[str, Any], tell: Teller) -> None:
    """The keys are gone for good before anything else goes; the config, which says what it was, is last."""
    remnants = list(store.remnants())
    total = sum(record["objects"].values()) + sum(record["versions"].values())
    whole = len(record["objects"]) + len(record["versions"]) + len(record["uploads"])
    done, done_bytes = whole - len(remnants), total - sum(one.bytes for one in remnants)

    def remove(one: Remnant, _stop: Event) -> int:
        store.remove(one)
        return one.bytes

    def look() -> None:
        tell("destroy", done, whole, done_bytes, total)

    for folder in (*FOLDERS, CONFIG):
        ours = sorted((one for one in remnants if one.name.split("/")[0] == folder), key=lambda one: one.name)
        look()
        for size in in_parallel(remove, ours, store.transfers, look):
            done, done_bytes = done + 1, done_bytes + size
            look()
        store.settle()
