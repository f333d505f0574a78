"""Batches, for finance: frozen, released by a second person, handed to the bank."""

from datetime import date
from typing import Any, cast

from flask import Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock, htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first, confirm_order
from portal.blobs import send_document
from portal.csv_file import csv_answer, euros, rows_of
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.jobs import TaskState
from portal.journal import record_taking, timeline
from portal.listing.page import list_page
from portal.paging import page_of
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import LegalEntity
from portal.sepa.batches.forms import FreezeForm, SentForm
from portal.sepa.batches.large_freeze import AT_ONCE, FREEZE, ask_freeze, due_count, give_up_freeze
from portal.sepa.batches.lists import BATCHES
from portal.sepa.blueprint import bp
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Batch, BatchState, Collection, freeze_batches
from portal.sepa.models.batch import EXPORT


@bp.post("/batches")
@requires(Permission.BATCH_WRITE)
def create_batch() -> Response:
    if asking := confirm_first(url_for("sepa.cockpit")):
        return asking
    entity, scheme, through = _to_freeze()
    if (total := due_count(entity, scheme, through)) > AT_ONCE:
        ask_freeze(entity, scheme, through, total=total, by=g.actor)
        db.session.commit()
        return htmx.go(url_for("sepa.cockpit"), toast=_("Le gel est demandé ; il se fait en arrière-plan."))
    batches = freeze_batches(entity, scheme, through, g.actor)
    db.session.commit()
    if len(batches) > 1:
        toast = _("%(n)d remises sont figées : la banque limite un fichier.", n=len(batches))
        return htmx.go(url_for("sepa.list_batches"), toast=toast)
    return htmx.go(_address(batches[0]), toast=_("La remise est figée."))


def _to_freeze() -> tuple[LegalEntity, Scheme, date]:
    """For whom, in which scheme, and up to which day."""
    form = FreezeForm()
    form.validate()
    entity = get_or_404(issuers_to_run(g.actor), form.entity.data or "")
    if form.scheme.data not in {"CORE", "B2B"}:
        raise Refused(_("Le schéma est CORE ou B2B."))
    try:
        return entity, cast(Scheme, form.scheme.data), date.fromisoformat(form.through.data or "")
    except ValueError:
        raise Refused(_("Choisissez une échéance de la liste.")) from None


@bp.get("/freezes/<uid>")
@requires(Permission.BATCH_READ)
def freeze_progress(uid: str) -> Response:
    task = get_or_404(jobs.Task.visible_to(g.actor).where(jobs.Task.kind == FREEZE), uid)
    finished = task.state in (TaskState.DONE, TaskState.FAILED)
    return htmx.poll_answer("sepa/_freeze.html", finished=finished, task=task)


@bp.post("/freezes/<uid>/cancellation")
@requires(Permission.BATCH_WRITE)
def give_up(uid: str) -> Response:
    """Give back what a freeze has joined so far, whether it works or has stopped."""
    task = get_or_404(jobs.Task.visible_to(g.actor).where(jobs.Task.kind == FREEZE), uid)
    give_up_freeze(task, by=g.actor)
    db.session.commit()
    return htmx.go(url_for("sepa.cockpit"), toast=_("Le gel est abandonné ; les prélèvements sont rendus."))


@bp.get("/batches")
@requires(Permission.BATCH_READ)
def list_batches() -> Response:
    return list_page(BATCHES, "sepa/batches.html")


@bp.get("/batches/<uid>")
@requires(Permission.BATCH_READ)
def show_batch(uid: str) -> Response:
    return _batch_page(get_or_404(run_by(Batch, g.actor), uid))


def _address(batch: Batch) -> str:
    return url_for("sepa.show_batch", uid=batch.uid)


def _batch_page(batch: Batch, status: int = 200, form: SentForm | None = None) -> Response:
    query = select(Collection).where(Collection.batch_id == batch.id)
    page = render_template(
        "sepa/batch.html",
        batch=batch,
        entity=batch.legal_entity,
        task=jobs.find_task(EXPORT, batch.uid),
        lots=batch.lots(),
        collections=page_of(query, Collection.id.desc()),
        events=timeline(batch),
        form=form or SentForm(formdata=None, on=clock.today()),
        confirmed=g.sign_in.is_confirmed(),
    )
    return make_response(page, status)


@bp.get("/batches/<uid>/progress")
@requires(Permission.BATCH_READ)
def batch_progress(uid: str) -> Response:
    batch = get_or_404(run_by(Batch, g.actor), uid)
    task = jobs.find_task(EXPORT, batch.uid)
    stopped = task is not None and task.state == TaskState.FAILED
    return htmx.poll_answer(
        "sepa/_progress.html",
        finished=batch.state != BatchState.FROZEN or stopped,
        batch=batch,
        task=task,
        confirmed=g.sign_in.is_confirmed(),
    )


@bp.post("/batches/<uid>/export")
@requires(Permission.BATCH_WRITE)
def resume_export(uid: str) -> Response:
    """Try again after a failure whose cause is repaired."""
    batch = get_or_404(run_by(Batch, g.actor), uid)
    if not batch.can("export"):
        raise Refused(_("Le fichier de cette remise existe déjà."))
    jobs.resume(EXPORT, batch.uid)
    db.session.commit()
    return htmx.go(_address(batch), toast=_("Le fichier est redemandé."))


@bp.post("/batches/<uid>/file")
@requires(Permission.BATCH_WRITE)
def download_batch(uid: str) -> Response:
    """The bank file, to somebody who has just typed the password again; each time is recorded."""
    batch = get_or_404(run_by(Batch, g.actor), uid)
    if asking := confirm_first(_address(batch), takes=True):
        return asking
    get_or_404(issuers_to_run(g.actor).with_for_update(), batch.legal_entity.uid)
    batch.leave()
    db.session.commit()
    answer = send_document(batch.document)
    record_taking(batch, "download", by=g.actor, address=request.remote_addr or "", sha256=batch.sha256)
    return answer


def _found(uid: str) -> Batch:
    batch: Batch = get_or_404(run_by(Batch, g.actor), uid)
    return batch


def _ordered(batch: Batch) -> dict[str, Any]:
    """What somebody releases: the file by its hash, how many debits, how much."""
    return {
        "reference": batch.msg_id,
        "entries": batch.count,
        "sum_cents": batch.total_cents,
        "sha256": batch.sha256,
    }


def _locked(uid: str) -> Batch:
    batch: Batch = get_or_404(run_by(Batch, g.actor).with_for_update(), uid)
    return batch


@bp.post("/batches/<uid>/reading")
@requires(Permission.BATCH_WRITE)
def vouch_for_batch(uid: str) -> Response:
    if asking := confirm_first(_address(_found(uid))):
        return asking
    batch = _locked(uid)
    batch.vouch(by=g.actor)
    db.session.commit()
    return htmx.go(_address(batch), toast=_("Relue. Une deuxième personne peut maintenant la libérer."))


@bp.post("/batches/<uid>/release")
@requires(Permission.BATCH_WRITE)
def release_batch(uid: str) -> Response:
    batch = _found(uid)
    if asking := confirm_order(batch, "release", _ordered(batch), _address(batch)):
        return asking
    batch = _locked(uid)
    batch.release(by=g.actor)
    db.session.commit()
    return htmx.go(_address(batch), toast=_("La remise est libérée."))


@bp.post("/batches/<uid>/sending")
@requires(Permission.BATCH_WRITE)
def send_batch(uid: str) -> Response:
    batch, form = _locked(uid), SentForm()
    if form.validate():
        with saving(form, "on"):
            batch.send(on=form.on.data, by=g.actor)
    if form.errors:
        return _batch_page(batch, 422, form)
    return htmx.go(_address(batch), toast=_("La remise à la banque est notée."))


@bp.post("/batches/<uid>/cancellation")
@requires(Permission.BATCH_WRITE)
def cancel_batch(uid: str) -> Response:
    batch = _locked(uid)
    late = batch.cancel(by=g.actor)
    db.session.commit()
    toast = _("La remise est annulée, ses prélèvements sont de nouveau à remettre.")
    if late:
        toast += " " + ngettext(
            "%(num)d prélèvement demande une nouvelle date.",
            "%(num)d prélèvements demandent une nouvelle date.",
            late,
        )
    return htmx.go(_address(batch), toast=toast)


@bp.get("/batches/<uid>/rows.csv")
@requires(Permission.BATCH_READ)
def batch_csv(uid: str) -> Response:
    """The rows of a batch; accounts are masked."""
    batch = get_or_404(run_by(Batch, g.actor), uid)
    query = select(Collection).where(Collection.batch_id == batch.id).order_by(Collection.id)
    query = query.options(joinedload(Collection.mandate))
    head = (
        "EndToEndId",
        _("Référence"),
        _("Débiteur"),
        "RUM",
        "IBAN",
        _("Échéance"),
        _("Séquence"),
        _("Montant"),
    )
    return csv_answer(f"{batch.msg_id}.csv", head, (_cells(row) for (row,) in rows_of(query)))


def _cells(row: Collection) -> tuple[Any, ...]:
    mandate = row.mandate
    return (
        row.end_to_end_id,
        row.reference,
        mandate.debtor_name,
        mandate.rum,
        mandate.iban_masked,
        row.due_on,
        row.sequence_type,
        euros(row.amount_cents),
    )
