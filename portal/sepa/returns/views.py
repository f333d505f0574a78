"""Bank files, the queue of what nobody could match, and what is done for each reason, for finance."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import func, select
from wtforms import BooleanField, SelectChoice, SelectField
from wtforms.validators import InputRequired, NumberRange

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.csv_file import csv_answer, rows_of, share
from portal.db import db
from portal.forms import WholeNumberField, saving
from portal.jobs import TaskState, find_task
from portal.journal import record, timeline
from portal.listing.page import list_page
from portal.paging import count_of, page_of
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.sepa.models.bank import BankFile, BankRecord, ReactionSetting, own_reactions
from portal.sepa.reactions import DEBTOR, MANDATE, default_reactions, make_reaction, reaction_for
from portal.sepa.returns.book import LARGEST, REACT, Imported, import_bank_file
from portal.sepa.returns.decide import proposals
from portal.sepa.returns.lists import FILES, WAITS
from portal.sepa.returns.rates import Rates, monthly_rates
from portal.words.reasons import reason_words

bp = Blueprint("returns", __name__, url_prefix="/sepa/returns")
bp.add_app_template_filter(reason_words, "reason_words")
bp.add_app_template_filter(lambda file: _told(file), "file_told")
PAGE = 50
SHOWN = 500  # records of one file on its page; the CSV has them all


@bp.url_value_preprocessor
def allow_a_large_file(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one may carry a bank file."""
    if endpoint == "returns.create_file":
        request.max_content_length = LARGEST + 1_000_000


class FileForm(FlaskForm):
    entity = SelectField(_l("Créancier"))
    file = FileField(_l("Fichier de la banque"), [FileRequired(_l("Choisissez un fichier."))])


_MANDATE = {
    "keep": _l("inchangé"),
    "hold": _l("suspendu, à regarder"),
    "suspend": _l("suspendu"),
    "stop": _l("arrêté"),
}
_DEBTOR = {
    "nothing": _l("rien"),
    "account": _l("demander un autre compte"),
    "unpaid": _l("prévenir de l'impayé"),
    "contact": _l("demander de nous contacter"),
}


class ReactionForm(FlaskForm):
    retries = WholeNumberField(_l("Nouvelles présentations"), [NumberRange(0, 2)])
    after = WholeNumberField(_l("Jours TARGET avant"), [InputRequired(), NumberRange(1, 60)])
    mandate = SelectField(_l("Mandat"), choices=[SelectChoice(each, _MANDATE[each]) for each in MANDATE])
    debtor = SelectField(_l("Débiteur"), choices=[SelectChoice(each, _DEBTOR[each]) for each in DEBTOR])
    people = BooleanField(_l("À regarder par une personne"))
    stops = BooleanField(_l("Arrête les remises"))

    def values(self) -> dict[str, Any]:
        names = ("retries", "after", "mandate", "debtor", "people", "stops")
        return {name: self[name].data for name in names}


def _file_form() -> FileForm:
    form = FileForm()
    entities = db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST))
    form.entity.choices = [SelectChoice(entity.uid, entity.name) for entity in entities]
    return form


def _list_page(form: FileForm, status: int = 200) -> Response:
    waiting = run_by(BankRecord, g.actor).where(BankRecord.state.in_(WAITS))
    queue = page_of(waiting, BankRecord.id, name="queue")
    page = list_page(
        FILES,
        "sepa/returns.html",
        form=form,
        queue=queue,
        proposed=proposals(list(queue)),
        waiting=count_of(waiting),
        months=_months(),
    )
    page.status_code = status
    return page


def _months() -> Rates:
    return monthly_rates(issuers_to_run(g.actor).with_only_columns(LegalEntity.id))


@bp.get("/rates.csv")
@requires(Permission.BATCH_READ)
def rates_csv() -> Response:
    """What came back in each of the last twelve months, a column for each reason."""
    rates = _months()
    head = (_("Mois"), _("Présentés"), _("Revenus"), _("Taux"), *rates.reasons)
    cells = (
        (
            f"{month.first:%Y-%m}",
            month.presented,
            month.returned.total(),
            share(month.rate),
            *(month.returned[reason] for reason in rates.reasons),
        )
        for month in rates.months
    )
    return csv_answer("return-rates.csv", head, cells)


@bp.get("")
@requires(Permission.BATCH_READ)
def list_files() -> Response:
    return _list_page(_file_form())


def _told(result: Imported | BankFile) -> str:
    """What a file said, in words; what it has none of is left out."""
    parts = (
        (result.matched, ngettext("%(num)d rapprochée", "%(num)d rapprochées", result.matched)),
        (result.unmatched, ngettext("%(num)d en attente", "%(num)d en attente", result.unmatched)),
        (result.duplicates, ngettext("%(num)d déjà connue", "%(num)d déjà connues", result.duplicates)),
        (result.transfers, ngettext("%(num)d virement reçu", "%(num)d virements reçus", result.transfers)),
    )
    entries = ngettext("%(num)d écriture", "%(num)d écritures", result.entries)
    said = ", ".join(text for number, text in parts if number)
    return _("%(entries)s : %(said)s.", entries=entries, said=said) if said else f"{entries}."


@bp.post("")
@requires(Permission.BATCH_WRITE)
def create_file() -> Response:
    form = _file_form()
    if not form.validate():
        return _list_page(form, 422)
    entity = get_or_404(issuers_to_run(g.actor), form.entity.data)
    upload = form.file.data
    with saving(form, "file"):
        result = import_bank_file(entity, upload.read(), upload.filename or "", by=g.actor)
    if form.errors:
        return _list_page(form, 422)
    return htmx.go(url_for(".show_file", uid=result.file.uid), toast=_told(result))


@bp.get("/<uid>")
@requires(Permission.BATCH_READ)
def show_file(uid: str) -> Response:
    file = get_or_404(run_by(BankFile, g.actor), uid)
    page = render_template("sepa/return_file.html", events=timeline(file), **_records_of(file))
    return make_response(page)


@bp.get("/<uid>/progress")
@requires(Permission.BATCH_READ)
def file_progress(uid: str) -> Response:
    context = _records_of(get_or_404(run_by(BankFile, g.actor), uid))
    return htmx.poll_answer("sepa/_return_records.html", finished=not context["is_running"], **context)


def _records_of(file: BankFile) -> dict[str, Any]:
    records = select(BankRecord).where(BankRecord.bank_file_id == file.id)
    address = url_for(".show_file", uid=file.uid)
    task = find_task(REACT, file.uid)
    return {
        "file": file,
        "task": task,
        "records": page_of(records, BankRecord.id, size=SHOWN, address=address),
        "fees_cents": db.session.scalar(_fees_of(file)) or 0,
        "is_running": task is not None and task.state not in (TaskState.DONE, TaskState.FAILED),
    }


def _fees_of(file: BankFile) -> Any:
    return select(func.sum(BankRecord.fee_cents)).where(BankRecord.bank_file_id == file.id)


@bp.get("/<uid>/records.csv")
@requires(Permission.BATCH_READ)
def download_records(uid: str) -> Response:
    file = get_or_404(run_by(BankFile, g.actor), uid)
    query = select(BankRecord).where(BankRecord.bank_file_id == file.id).order_by(BankRecord.id)
    heading = ["end_to_end_id", "outcome", "reason", "amount_cents", "fee_cents"]
    heading += ["booked_on", "state", "why"]  # columns of the record
    rows = ([getattr(row, name) for name in heading] for (row,) in rows_of(query))
    return csv_answer(f"{file.kind}-{file.uid}.csv", heading, rows)


@bp.get("/reactions/<entity_uid>")
@requires(Permission.BATCH_READ)
def list_reactions(entity_uid: str) -> Response:
    entity = get_or_404(issuers_to_run(g.actor), entity_uid)
    own = own_reactions(entity)
    codes = sorted({*default_reactions(), *own})
    rows = [(code, reaction_for(code, own), code in own) for code in codes]
    words = {**_MANDATE, **_DEBTOR}
    return make_response(render_template("sepa/reactions.html", entity=entity, rows=rows, words=words))


@bp.route("/reactions/<entity_uid>/<code>", methods=["GET", "POST"])
@requires(Permission.BATCH_WRITE)
def edit_reaction(entity_uid: str, code: str) -> Response:
    entity = get_or_404(issuers_to_run(g.actor), entity_uid)
    now = reaction_for(code[:4], own_reactions(entity))
    form = ReactionForm(data=asdict(now)) if request.method == "GET" else ReactionForm()
    if request.method == "POST" and form.validate():
        make_reaction(form.values())
        _keep_reaction(entity, code[:4], form.values())
        db.session.commit()
        return htmx.go(url_for(".list_reactions", entity_uid=entity_uid), toast=_("Réaction enregistrée."))
    page = render_template("sepa/reaction.html", entity=entity, code=code[:4], form=form)
    return make_response(page, 422 if form.errors else 200)


def _keep_reaction(entity: LegalEntity, code: str, values: dict[str, Any]) -> None:
    query = select(ReactionSetting).where(
        ReactionSetting.legal_entity_id == entity.id, ReactionSetting.code == code
    )
    row = db.session.scalars(query).one_or_none()
    if row is None:
        row = ReactionSetting(organisation=entity.organisation, legal_entity_id=entity.id, code=code)
        db.session.add(row)
    row.reaction = values
    db.session.flush()
    record(entity, "set_reaction", by=g.actor, code=code, **{k: str(v) for k, v in values.items()})
