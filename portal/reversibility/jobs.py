"""Work of the cases: export, silent acceptance, erasure. Each may be killed at any line and run again."""

import json
import os
import shutil
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal import blobs, clock, jobs
from portal.blobs import Document
from portal.db import db
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import lent_passphrase, passing_faults_retry, private_folder, restic
from portal.engine.port import Exported, ExportLimits, Progress, RepoRef
from portal.engine.workspace import REPORT, published
from portal.journal import SYSTEM
from portal.resellers.models import next_number
from portal.reversibility.certificate import certificate_pdf
from portal.reversibility.models import CaseState, ReversibilityCase, find_case

_MEDIA = {".zip": "application/zip", ".csv": "text/csv"}
_WHOLE = 1000  # progress is told in thousandths


def _wanted(claim: jobs.Claim, state: CaseState) -> ReversibilityCase | None:
    case = find_case(claim.ref.partition(":")[0])
    if case is None or case.state != state or case.task_ref != claim.ref:
        return None
    return case


def _destination(uid: str, number: int) -> Path:
    return private_folder("exports") / f"{uid}-{number}"


@jobs.job("reversibility.export")
def export(claim: jobs.Claim) -> None:
    case = _wanted(claim, CaseState.EXPORTING)
    if case is None:
        return
    uid, number = case.uid, case.round
    destination, repo, opening_uid = _destination(uid, number), case.vault.repo, case.opening_uid
    db.session.rollback()  # no transaction is held while restic runs
    try:
        exported = _published(destination) or _export(claim, repo, opening_uid, destination)
    except EngineError as error:
        if error.fault != EngineFault.KEY_GONE:
            raise
        case.lose_key(by=SYSTEM)
        claim.step()
        raise jobs.Wait(_("La phrase secrète n'est plus en mémoire. Il faut la saisir à nouveau.")) from error
    _keep_files(claim, case, exported)
    _erase_exports(case, keep_round=number)
    case.deliver(exported, by=SYSTEM)
    claim.step(done=_WHOLE, total=_WHOLE)
    shutil.rmtree(destination, ignore_errors=True)


def _published(destination: Path) -> Exported | None:
    """The export of a former run that was killed later: it needs no passphrase any more."""
    report = destination / REPORT
    if not report.is_file():
        return None
    return published(destination, tuple(json.loads(report.read_text())["snapshot_ids"]))


def _export(claim: jobs.Claim, repo: RepoRef, opening_uid: str, destination: Path) -> Exported:
    def tell(progress: Progress) -> None:
        claim.progress(int(progress.fraction * _WHOLE), _WHOLE)

    limits = current_app.config.get("EXPORT_LIMITS", ExportLimits())
    with passing_faults_retry(), lent_passphrase(opening_uid) as key:
        chosen = restic().latest_set(restic().snapshots(repo, key))
        return restic().export_readable(repo, key, chosen, destination, tell, limits)


def _keep_files(claim: jobs.Claim, case: ReversibilityCase, exported: Exported) -> None:
    """Put volumes and papers into the store, one commit each; what is already there is left alone."""
    names = [*(volume.name for volume in exported.volumes), *exported.documents]
    for position, name in enumerate(names):
        key = f"{case.uid}-{case.round}-{position}"
        known = select(Document.id).where(Document.storage_key == key)
        if db.session.scalar(known) is not None:
            continue
        copy = exported.directory / f"{name}.kept"  # the store takes the file; the export stays whole
        copy.unlink(missing_ok=True)
        os.link(exported.directory / name, copy)
        blobs.keep_file(
            copy, owner=case.customer.organisation, subject=case, kind="export", filename=name, key=key,
            media_type=_MEDIA.get(Path(name).suffix, "text/plain"),
        )  # fmt: skip
        claim.step()


def _erase_exports(case: ReversibilityCase, keep_round: int | None = None) -> None:
    query = select(Document).where(Document.subject_uid == case.uid, Document.kind == "export")
    for document in db.session.scalars(query.where(Document.erased.is_(False))):
        if not document.storage_key.startswith(f"{case.uid}-{keep_round}-"):
            blobs.erase(document)


@jobs.periodic("reversibility.silence", lambda: clock.today().isoformat())
def accept_by_silence() -> None:
    """Once a day: who has not answered by the end of the contract's delay has accepted."""
    for case in db.session.scalars(
        select(ReversibilityCase).where(ReversibilityCase.state == CaseState.READY)
    ):
        if _silent_too_long(case):
            jobs.enqueue("reversibility.silence", case.task_ref, case.customer.organisation)


def _silent_too_long(case: ReversibilityCase) -> bool:
    validation = case.validation
    return validation is not None and clock.today() > validation.value


@jobs.job("reversibility.silence")
def accept_silently(claim: jobs.Claim) -> None:
    case = _wanted(claim, CaseState.READY)
    if case is None or not _silent_too_long(case):
        return
    case.accept(erase_now=False, by=SYSTEM)
    case.write_to_customer("mails/silent_acceptance.txt")
    claim.step()


@jobs.job("reversibility.erase")
def erase(claim: jobs.Claim) -> None:
    """Destroy the repository, then the copies, then certify it: one certificate, whatever happens."""
    case = _wanted(claim, CaseState.ERASING)
    if case is None:
        return
    uid, repo = case.uid, case.vault.repo
    db.session.rollback()

    def tell(progress: Progress) -> None:
        claim.progress(int(progress.fraction * _WHOLE), _WHOLE)

    with passing_faults_retry():
        destroyed = restic().destroy(repo, private_folder("erasures") / f"{uid}.json", tell)
    _remove_work(uid)
    _erase_exports(case)
    entity, at = case.subscription.legal_entity, clock.now()
    number = next_number(entity, "CE", clock.today().year)
    pdf = certificate_pdf(case, entity, destroyed, number, at)
    certificate = blobs.keep(
        pdf, owner=case.customer.organisation, subject=case, kind="certificate", key=f"{uid}-certificate",
        filename=f"{number}.pdf", media_type="application/pdf",
    )  # fmt: skip
    case.certify(number, certificate, by=SYSTEM)
    db.session.flush()
    case.write_to_customer("mails/erased.txt", attach=[certificate])
    claim.step(done=_WHOLE, total=_WHOLE)


@jobs.job("reversibility.clean")
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
