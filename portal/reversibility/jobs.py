"""Work of the cases: export, certificates, erasure. Each may be killed at any line and run again."""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal import blobs, clock, jobs
from portal.blobs import Document
from portal.db import db, reading
from portal.engine.copying import full_disk_told
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import lent_passphrase, passing_faults_retry, private_folder, restic
from portal.engine.older_points import backed
from portal.engine.port import Exported, ExportLimits, OnProgress, Progress
from portal.engine.workspace import published_at
from portal.journal import SYSTEM
from portal.papers import Seal, promise
from portal.pdf.draft import Draft
from portal.resellers.models import next_number
from portal.reversibility.certificate import erasure_certificate, return_certificate
from portal.reversibility.models import CaseState, ReversibilityCase, find_case
from portal.reversibility.points import Offer, chosen_points, plan_of
from portal.reversibility.states import volume_kind

_MEDIA = {".zip": "application/zip", ".csv": "text/csv", ".tar": "application/x-tar"}
_DAMAGE = (EngineFault.DAMAGED, EngineFault.INCOMPLETE)
_WHOLE = 1000  # progress is told in thousandths


def _wanted(claim: jobs.Claim, state: CaseState) -> ReversibilityCase | None:
    case = find_case(claim.ref.partition(":")[0])
    if case is None or case.state != state or case.task_ref != claim.ref:
        return None
    return case


def _destination(uid: str, number: int) -> Path:
    return private_folder("exports") / f"{uid}-{number}"


@jobs.job("reversibility.export", jobs.Lane.EXPORTS)
def export(claim: jobs.Claim) -> None:
    case = _wanted(claim, CaseState.EXPORTING)
    if case is None:
        return _clear(claim)
    destination = _destination(case.uid, case.round)
    try:
        copy = _sealed(claim, case, destination) if case.is_sealed else _readable(claim, case, destination)
        _still_wanted(case.uid)
    except Offer as offer:
        case.offer(offer.groups, by=SYSTEM)
        claim.step()
        raise jobs.Wait(_("La copie attend que l'on choisisse ce qu'elle contient.")) from None
    except _Cancelled:
        return _clear(claim)
    except EngineError as error:
        _cannot_export(claim, case, error)
        raise
    with passing_faults_retry(), full_disk_told():
        _keep_files(claim, case, copy)
    _erase_exports(case, keep_round=case.round)
    case.deliver(
        copy.files,
        copy.bytes,
        copy.sums_sha256,
        lost=copy.lost,
        folders=copy.folders,
        older=copy.older,
        older_folders=copy.older_folders,
        by=SYSTEM,
    )
    uid = case.uid
    claim.step(done=_WHOLE, total=_WHOLE)
    _remove_work(uid)


class _Cancelled(Exception):
    """Somebody cancelled the case while its export ran."""


def _still_wanted(uid: str) -> None:
    """Raises _Cancelled once the case does not want its export any more."""
    with reading():
        state = db.session.scalar(select(ReversibilityCase.state).where(ReversibilityCase.uid == uid))
        db.session.rollback()
    if state != CaseState.EXPORTING:
        raise _Cancelled


def _clear(claim: jobs.Claim) -> None:
    """Nothing of an export that nobody wants, or that is delivered, stays on this machine."""
    case = find_case(claim.ref.partition(":")[0])
    if case is None:
        return
    if case.state in (CaseState.CANCELLED, CaseState.READY):
        _remove_work(case.uid)
    if case.state == CaseState.CANCELLED:
        _erase_exports(case)
        claim.step()


def _cannot_export(claim: jobs.Claim, case: ReversibilityCase, error: EngineError) -> None:
    """Ask the customer again for a passphrase that is gone; tell the operator what is damaged."""
    if error.fault == EngineFault.KEY_GONE:
        case.lose_key(by=SYSTEM)
        claim.step()
        raise jobs.Wait(_("La phrase secrète n'est plus en mémoire. Il faut la saisir à nouveau.")) from error
    if error.fault in _DAMAGE and not case.with_losses:
        if isinstance(error, _Counted):
            done = error.done
            case.count_losses(done.lost, done.lost_folders, done.older, done.older_folders, by=SYSTEM)
        else:
            case.find_unreadable(error.path_count, error.folder_count, by=SYSTEM)
        claim.step()


@dataclass(frozen=True)
class _Copy:
    """What either kind of export leaves in its folder."""

    directory: Path
    volumes: list[str]
    papers: tuple[str, ...]
    files: int
    bytes: int
    sums_sha256: str
    lost: int
    folders: int = 0
    older: int = 0
    older_folders: int = 0


class _Counted(EngineError):
    """A copy is made, and some of what was wanted is in no point: nobody has agreed to that yet."""

    def __init__(self, done: Exported) -> None:
        super().__init__(EngineFault.DAMAGED, path_count=done.lost, folder_count=done.lost_folders)
        self.done = done


def _readable(claim: jobs.Claim, case: ReversibilityCase, destination: Path) -> _Copy:
    done = _made(destination, case) or _export(claim, case, destination)
    if done.lost and not case.with_losses:
        raise _Counted(done)
    volumes = [volume.name for volume in done.volumes]
    return _Copy(
        done.directory,
        volumes,
        done.documents,
        done.files,
        done.bytes,
        done.manifest_sha256,
        done.lost,
        done.lost_folders,
        done.older,
        done.older_folders,
    )


def _made(destination: Path, case: ReversibilityCase) -> Exported | None:
    """What a former run has published; a copy with losses or older files that nobody wants now goes."""
    done = published_at(destination)
    if done is None or not (done.lost or done.older) or case.completes or case.with_losses:
        return done
    gone = destination.with_name(f"{destination.name}.gone")  # aside in one step, whoever is killed meanwhile
    shutil.rmtree(gone, ignore_errors=True)
    destination.rename(gone)
    shutil.rmtree(gone)
    return None


def _sealed(claim: jobs.Claim, case: ReversibilityCase, destination: Path) -> _Copy:
    """The repository as it is: nobody's passphrase is needed."""
    repo = case.vault.repo
    db.session.rollback()
    with passing_faults_retry():
        done = restic().export_sealed(repo, destination, _teller(claim, _still_wanted), _limits())
    volumes = [volume.name for volume in done.volumes]
    sums = hashlib.sha256((done.directory / "SHA256SUMS").read_bytes()).hexdigest()
    return _Copy(done.directory, volumes, done.documents, done.objects, done.bytes, sums, len(done.damaged))


def _export(claim: jobs.Claim, case: ReversibilityCase, destination: Path) -> Exported:
    repo, opening_uid, completes = case.vault.repo, case.opening_uid, case.completes
    accept = case.with_losses or completes
    limits, plan = export_limits(case), plan_of(case)
    db.session.rollback()  # no transaction is held while restic runs
    with passing_faults_retry(), lent_passphrase(opening_uid) as key:
        engine = restic()
        known = engine.snapshots(repo, key)
        tell = partial(claim.progress, 0, 0)
        chosen = chosen_points(engine, repo, key, known, plan, tell)
        points = [backed(one, known) for one in chosen] if completes else chosen
        return engine.export_readable(
            repo, key, points, destination, _teller(claim, _still_wanted), limits, accept_losses=accept
        )


def _teller(claim: jobs.Claim, check: Callable[[str], None] = lambda uid: None) -> OnProgress:
    """Note the progress; ``check`` is asked about the case and raises to stop."""

    def tell(progress: Progress) -> None:
        claim.progress(int(progress.fraction * _WHOLE), _WHOLE)
        check(claim.ref.partition(":")[0])

    return tell


def export_limits(case: ReversibilityCase) -> ExportLimits:
    """How a readable copy is made, and what its papers say of the choice."""
    decisions = case.choice.rows if case.choice else ()
    return replace(_limits(), volume_kind=volume_kind(case.form), decisions=decisions)


def _limits() -> ExportLimits:
    limits: ExportLimits = current_app.config.get("EXPORT_LIMITS", ExportLimits())
    return limits


def _keep_files(claim: jobs.Claim, case: ReversibilityCase, copy: _Copy) -> None:
    """Put volumes and papers into the store, one commit each; what is already there is left alone.

    The plain volume goes as soon as its sealed copy is kept, so that no room is needed for two whole exports.
    """
    for position, name in enumerate([*copy.volumes, *copy.papers]):
        key = f"{case.uid}-{case.round}-{position}"
        known = select(Document.id).where(Document.storage_key == key)
        if db.session.scalar(known) is None:
            moved = copy.directory / f"{name}.kept"  # until it is committed, the export stays whole
            moved.unlink(missing_ok=True)
            os.link(copy.directory / name, moved)
            blobs.keep_file(
                moved,
                owner=case.customer.organisation,
                subject=case,
                kind="export",
                filename=name,
                key=key,
                media_type=_MEDIA.get(Path(name).suffix, "text/plain"),
                tell=partial(claim.progress, _WHOLE, _WHOLE),
            )
            claim.step()
        if name in copy.volumes:
            (copy.directory / name).unlink(missing_ok=True)


def _erase_exports(case: ReversibilityCase, keep_round: int | None = None) -> None:
    query = select(Document).where(Document.subject_uid == case.uid, Document.kind == "export")
    for document in db.session.scalars(query.where(Document.erased.is_(False))):
        if not document.storage_key.startswith(f"{case.uid}-{keep_round}-"):
            blobs.erase(document)


def _promise(case: ReversibilityCase, number: str, draft: Draft, seal: Seal) -> Document:
    return promise(
        draft,
        owner=case.customer.organisation,
        subject=case,
        kind="certificate",
        filename=f"{number}.pdf",
        urgent=True,
        seal=seal,
    )


@jobs.job("reversibility.certify_return", jobs.Lane.PROMPT)
def certify_return(claim: jobs.Claim) -> None:
    """The customer has the data and has accepted, or has not said anything in time: one certificate."""
    case = find_case(claim.ref.partition(":")[0])
    if case is None or case.return_number or case.accepted_at is None:
        return
    entity, at = case.subscription.legal_entity, clock.now()
    number = next_number(entity, "CR", clock.today().year)
    certificate = _promise(case, number, *return_certificate(case, entity, number, at))
    case.certify_return(number, certificate, by=SYSTEM)
    db.session.flush()
    case.write_to_customer("mails/returned.txt", attach=[certificate])
    claim.step()


@jobs.job("reversibility.erase", jobs.Lane.EXPORTS)
def erase(claim: jobs.Claim) -> None:
    """Destroy the repository, then the copies, then certify it: one certificate, whatever happens."""
    case = _wanted(claim, CaseState.ERASING)
    if case is None:
        return
    uid = case.uid
    with passing_faults_retry():
        case.check_work()
    claim.step()
    repo = case.vault.repo
    db.session.rollback()
    with passing_faults_retry():
        destroyed = restic().destroy(repo, private_folder("erasures") / f"{uid}.json", _teller(claim))
    _remove_work(uid)
    _erase_exports(case)
    entity, at = case.subscription.legal_entity, clock.now()
    number = next_number(entity, "CE", clock.today().year)
    certificate = _promise(case, number, *erasure_certificate(case, entity, destroyed, number, at))
    case.certify(number, certificate, by=SYSTEM)
    db.session.flush()
    case.write_to_customer("mails/erased.txt", attach=[certificate])
    claim.step(done=_WHOLE, total=_WHOLE)


@jobs.job("reversibility.clean", jobs.Lane.UPKEEP)
def clean(claim: jobs.Claim) -> None:
    """The case was cancelled: what was exported for it goes."""
    case = find_case(claim.ref)
    if case is None or case.state != CaseState.CANCELLED:
        return
    _remove_work(case.uid)
    _erase_exports(case)
    claim.step()


def _remove_work(uid: str) -> None:
    for path in private_folder("exports").glob(f"{uid}-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
