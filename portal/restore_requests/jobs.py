"""Work of the restore requests: read the vault's names, fetch a file, clean up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _
from sqlalchemy import select

from portal import blobs, jobs
from portal.blobs import Document
from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import lent_passphrase, passing_faults_retry, private_folder, restic
from portal.engine.models import mail_contact
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef, Snapshot
from portal.journal import SYSTEM
from portal.links import Purpose, make_link
from portal.mail import link, queue_mail
from portal.restore_requests import inventory
from portal.restore_requests.models import (
    RestoreKind,
    RestoreRequest,
    RestoreState,
    find_request,
    withdraw_link,
)

FETCH_DAYS = 7


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
    uid, wanted = request.uid, request.wanted_snapshot
    with _key_of(request) as (repo, key):
        known = restic().snapshots(repo, key)
        chosen = [one for one in known if one.id == wanted] or restic().latest_set(known)
        _write_inventory(claim, uid, repo, key, known, chosen)
    request.listed(by=SYSTEM)
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


@jobs.job("restore.fetch", jobs.Lane.RESTORES)
def fetch_file(claim: jobs.Claim) -> None:
    request = _wanted(claim, RestoreState.RESTORING)
    if request is None:
        return
    uid, snapshot, path, run = request.uid, request.snapshot_id, request.path, request.run
    found = inventory.Inventory(uid).find_file(snapshot, path)
    if found is None:
        raise EngineError(EngineFault.PATH_MISSING, paths=[path])
    part = private_folder("work") / f"{uid}.content"
    try:
        with _key_of(request) as (repo, key), os.fdopen(_private(part), "wb") as out:
            for chunk in restic().read_file(repo, key, snapshot, path):
                out.write(chunk)
                claim.progress(out.tell(), found.size)
            out.flush()
            os.fsync(out.fileno())
        document = blobs.keep_file(
            part,
            owner=request.customer.organisation,
            subject=request,
            kind="restore",
            key=f"{uid}-{run}",
            filename=found.name[-200:],
            media_type="application/octet-stream",
            tell=lambda: claim.progress(found.size, found.size),
        )
    finally:
        part.unlink(missing_ok=True)
    _hand_over(request, document)
    is_last = request.kind == RestoreKind.SIMPLE
    claim.step(done=found.size, total=found.size)
    if is_last:
        inventory.delete(uid)


def _private(path: object) -> int:
    return os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _hand_over(request: RestoreRequest, document: Document) -> None:
    """Tell the customer where the file is; a simple request needs the passphrase no longer."""
    request.finish(document, by=SYSTEM)
    customer = request.customer
    person = mail_contact(customer, ContactRole.TECHNICAL)
    _row, token = make_link(
        Purpose.FETCH_EXPORT, request, owner=customer.organisation, recipient=person.email, days=FETCH_DAYS
    )
    queue_mail(
        person,
        "mails/restored.txt",
        about=request,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        vault=request.vault,
        days=FETCH_DAYS,
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
    withdraw_link(request)
    query = select(Document).where(Document.subject_uid == request.uid, Document.kind == "restore")
    for document in db.session.scalars(query):
        blobs.erase(document)
    claim.step(done=1, total=1)
