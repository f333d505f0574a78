"""Work of the restore requests: read the vault's names, fetch a file, clean up."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal import blobs, clock, jobs
from portal.blobs import Document
from portal.customers.models import ContactRole
from portal.db import db, reading
from portal.engine.chosen import EVERYTHING, Choice, chosen_of
from portal.engine.copying import full_disk_told
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import lent_passphrase, passing_faults_retry, private_folder, restic
from portal.engine.models import mail_contact
from portal.engine.naming import safe_name
from portal.engine.passphrase import Passphrase
from portal.engine.port import Exported, ExportLimits, OnProgress, Progress, RepoRef, Snapshot, VolumeKind
from portal.engine.searching import find_everywhere
from portal.engine.trees import exact_path
from portal.engine.workspace import published_at
from portal.journal import SYSTEM, record
from portal.links import Purpose, make_link
from portal.mail import link, queue_mail
from portal.restore_requests import inventory
from portal.restore_requests.models import (
    Picked,
    RestoreKind,
    RestoreRequest,
    RestoreState,
    find_request,
    kept_days,
    withdraw_link,
)


def _wanted(claim: jobs.Claim, state: RestoreState) -> RestoreRequest | None:
    """The request, unless this run was overtaken by another or by a cancellation."""
    request = find_request(claim.ref.partition(":")[0])
    if request is None or request.state != state or request.task_ref != claim.ref:
        return None
    return request


@contextmanager
def _key_of(request: RestoreRequest) -> Iterator[tuple[RepoRef, Passphrase]]:
    """Repository and passphrase. No transaction is held inside the block: restic takes its time."""
    repo, name = request.vault.repo, request.opening_uid
    db.session.rollback()
    try:
        with passing_faults_retry(), lent_passphrase(name) as key:
            yield repo, key
    except EngineError as error:
        if error.fault == EngineFault.KEY_GONE:
            raise jobs.Wait(
                _("La phrase secrète n'est plus en mémoire. Il faut la saisir à nouveau.")
            ) from error
        raise


@jobs.job("restore.list", jobs.Lane.RESTORES)
def list_names(claim: jobs.Claim) -> None:
    request = _wanted(claim, RestoreState.LISTING)
    if request is None:
        return
    uid, wanted, before = request.uid, request.wanted_snapshot, request.wanted_before
    with _key_of(request) as (repo, key):
        known = restic().snapshots(repo, key)
        old_enough = [one for one in known if before is None or one.time <= before]
        chosen = [one for one in known if one.id == wanted] or restic().latest_set(old_enough)
        if chosen or before is None:
            _write_inventory(claim, uid, repo, key, known, chosen)
    request.listed(by=SYSTEM)
    if before is not None and not chosen:  # the names that were read before stay
        request.fault = EngineFault.SNAPSHOT_MISSING
    claim.step()


def _write_inventory(
    claim: jobs.Claim, uid: str, repo: RepoRef, key: Passphrase, known: list[Snapshot], chosen: list[Snapshot]
) -> None:
    writer = inventory.Writer(uid)
    try:
        writer.add_snapshots(known, {one.id for one in chosen})
        for snapshot in chosen:

            def sink(node: object, snapshot_id: str = snapshot.id) -> None:
                writer.add(snapshot_id, node)  # type: ignore[arg-type]
                claim.progress(writer.count, 0)

            restic().inventory(repo, key, snapshot.id, sink)
    except BaseException:
        writer.abandon()
        raise
    writer.publish()


@jobs.job("restore.search", jobs.Lane.RESTORES)
def look_everywhere(claim: jobs.Claim) -> None:
    """Which points hold a file of that name: for one that was lost on an unknown day."""
    request = find_request(claim.ref.partition(":")[0])
    if request is None or request.is_over or claim.ref != request.search_ref:
        return
    uid, text = request.uid, request.sought
    with _key_of(request) as (repo, key):
        points = {one.id: one for one in restic().snapshots(repo, key)}
        claim.progress(0, len(points))
        tell = partial(claim.progress, total=len(points))
        found = find_everywhere(restic(), repo, key, text, list(points.values()), tell)
    inventory.keep_hits(uid, text, found, {one.id: one.time for one in points.values()})
    claim.step(done=len(points), total=len(points))


@jobs.job("restore.fetch", jobs.Lane.RESTORES)
def fetch(claim: jobs.Claim) -> None:
    """Bring what was chosen; what cannot be read leads back to the choice, and holds up nothing else."""
    request = _wanted(claim, RestoreState.RESTORING)
    if request is None:
        return _clear(claim)
    try:
        document, files, lost = (
            _fetch_archive(claim, request) if request.archive else _fetch_one(claim, request)
        )
    except _Cancelled:
        return _clear(claim)
    except EngineError as error:
        request.give_up(error.fault, by=SYSTEM)
        claim.step()
        return None
    _hand_over(request, document, files, lost)
    uid, is_last = request.uid, request.kind == RestoreKind.SIMPLE
    claim.step()
    _remove_work(uid)
    if is_last:
        inventory.delete(uid)
    return None


class _Cancelled(Exception):
    """Somebody cancelled the request while its files were read."""


def _still_wanted(claim: jobs.Claim) -> None:
    with reading():
        ref = claim.ref.partition(":")[0]
        state = db.session.scalar(select(RestoreRequest.state).where(RestoreRequest.uid == ref))
        db.session.rollback()
    if state != RestoreState.RESTORING:
        raise _Cancelled


def _clear(claim: jobs.Claim) -> None:
    """Nothing that a killed run left stays, once nobody waits for it."""
    request = find_request(claim.ref.partition(":")[0])
    if request is not None and request.state != RestoreState.RESTORING:
        _remove_work(request.uid)


def _fetch_one(claim: jobs.Claim, request: RestoreRequest) -> tuple[Document, int, int]:
    uid, run, size, wanted = request.uid, request.run, request.picked_bytes, request.picked[0]
    part = private_folder("work") / f"{uid}.content"
    try:
        with _key_of(request) as (repo, key), os.fdopen(_private(part), "wb") as out:
            path = _exact(repo, key, wanted)
            for chunk in restic().read_file(repo, key, wanted.snapshot, path):
                out.write(chunk)
                claim.progress(out.tell(), size)
            out.flush()
            os.fsync(out.fileno())
        _still_wanted(claim)
        name = safe_name(wanted.path.rpartition("/")[2])[-200:]
        document = _kept(claim, request, part, name, f"{uid}-{run}")
    finally:
        part.unlink(missing_ok=True)
    return document, 1, 0


def _exact(repo: RepoRef, key: Passphrase, wanted: Picked) -> str:
    if "\ufffd" not in wanted.path:
        return wanted.path
    return exact_path(partial(restic().record, repo, key), wanted.snapshot, wanted.path, wanted.place)


def _fetch_archive(claim: jobs.Claim, request: RestoreRequest) -> tuple[Document, int, int]:
    """All that was chosen as one export with its papers; a file of the papers stands for the whole."""
    uid, run, picked = request.uid, request.run, request.picked
    destination = private_folder("exports") / f"{uid}-{run}"
    limits: ExportLimits = current_app.config.get("EXPORT_LIMITS", ExportLimits())
    limits = replace(limits, volume_kind=VolumeKind(request.archive))

    def tell(progress: Progress) -> None:
        claim.progress(int(progress.fraction * 1000), 1000)
        _still_wanted(claim)

    done = published_at(destination)  # by a run that was killed afterwards: no passphrase is needed any more
    if done is None:
        with _key_of(request) as (repo, key):
            done = _export(repo, key, picked, destination, tell, limits)
    first: Document | None = None
    for position, volume in enumerate(done.volumes):
        name = _archive_name(request, position, len(done.volumes))
        document = _kept_once(claim, request, done.directory / volume.name, name, f"{uid}-{run}-{position}")
        first = first or document
    assert first is not None
    return first, done.files, done.lost


def _export(
    repo: RepoRef,
    key: Passphrase,
    picked: list[Picked],
    destination: Path,
    tell: OnProgress,
    limits: ExportLimits,
) -> Exported:
    known = {one.id: one for one in restic().snapshots(repo, key)}
    wanted = list(dict.fromkeys(one.snapshot for one in picked))
    if missing := [one for one in wanted if one not in known]:
        raise EngineError(EngineFault.SNAPSHOT_MISSING, f"{len(missing)} of them")
    if all(one.is_folder and one.path == EVERYTHING for one in picked):
        points = [known[one] for one in wanted]
        return restic().export_readable(repo, key, points, destination, tell, limits, accept_losses=True)
    chosen = [
        chosen_of(
            known[id_], [Choice(one.path, one.is_folder, one.place) for one in picked if one.snapshot == id_]
        )
        for id_ in wanted
    ]
    return restic().export_chosen(repo, key, chosen, destination, tell, limits)


def _archive_name(request: RestoreRequest, position: int, volumes: int) -> str:
    number = f"-{position + 1}" if volumes > 1 else ""
    day = clock.today().isoformat()
    return f"{safe_name(request.vault.name)[:80]}-{day}-{request.run}{number}.{request.archive}"


def _kept_once(claim: jobs.Claim, request: RestoreRequest, path: Path, name: str, key: str) -> Document:
    known = db.session.scalars(select(Document).where(Document.storage_key == key)).one_or_none()
    if known is not None:
        return known
    moved = path.with_name(f"{path.name}.kept")  # the export stays whole until its rows are committed
    moved.unlink(missing_ok=True)
    os.link(path, moved)
    document = _kept(claim, request, moved, name, key)
    claim.step()
    return document


def _kept(claim: jobs.Claim, request: RestoreRequest, path: Path, name: str, key: str) -> Document:
    media = {".zip": "application/zip", ".tar": "application/x-tar"}
    with passing_faults_retry(), full_disk_told():
        return blobs.keep_file(
            path,
            owner=request.customer.organisation,
            subject=request,
            kind="restore",
            key=key,
            filename=name,
            media_type=media.get(Path(name).suffix if request.archive else "", "application/octet-stream"),
            tell=lambda: claim.progress(1, 1),
        )


def _remove_work(uid: str) -> None:
    """What reading and packing left on this machine; whoever is killed here is followed by another."""
    for path in private_folder("exports").glob(f"{uid}-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _private(path: object) -> int:
    return os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _hand_over(request: RestoreRequest, document: Document, files: int = 1, lost: int = 0) -> None:
    """Tell the customer where it is, once for all of it; a simple request needs the passphrase no longer."""
    request.finish(document, files=files, lost=lost, by=SYSTEM)
    customer = request.customer
    person = mail_contact(customer, ContactRole.TECHNICAL)
    days, owner = kept_days(), customer.organisation
    _row, token = make_link(Purpose.FETCH_EXPORT, request, owner=owner, recipient=person.email, days=days)
    queue_mail(
        person,
        "mails/restored.txt",
        about=request,
        owner=owner,
        language=customer.language,
        urgent=True,
        vault=request.vault,
        days=days,
        files=files,
        lost=lost,
        name=document.filename,
        is_archive=bool(request.archive),
        address=link(f"/fetch/{token}"),
    )
    if request.kind == RestoreKind.SIMPLE and (opening := request.opening):
        opening.close(by=SYSTEM)


@jobs.job("restore.clean", jobs.Lane.UPKEEP)
def clean(claim: jobs.Claim) -> None:
    """The request is over: names, content and link go."""
    request = find_request(claim.ref)
    if request is None or not request.is_over:
        return
    inventory.delete(request.uid)
    _remove_work(request.uid)
    _erase_content(request)
    claim.step(done=1, total=1)


def _erase_content(request: RestoreRequest) -> None:
    withdraw_link(request)
    request.kept_until = None
    query = select(Document).where(Document.subject_uid == request.uid, Document.kind == "restore")
    for document in db.session.scalars(query.where(Document.erased.is_(False))):
        blobs.erase(document)


@jobs.periodic("restore.expire", jobs.daily)
def erase_what_was_not_fetched() -> None:
    """What was restored is erased after the days that its mail has named; it can be asked for again."""
    late = RestoreRequest.kept_until < clock.today()
    for request in db.session.scalars(select(RestoreRequest).where(late)):
        record(request, "expire", by=SYSTEM)
        _erase_content(request)
