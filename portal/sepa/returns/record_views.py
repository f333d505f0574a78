"""One thing that the bank said: which debits it is about, and whether the money is there, for finance."""

import re
from typing import Any

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.listing.page import list_page
from portal.resellers.issuing import run_by
from portal.sepa.models import Collection
from portal.sepa.models.bank import BankRecord, own_reactions
from portal.sepa.reactions import reaction_for
from portal.sepa.returns.decide import (
    absent,
    arrived,
    debits_of_lot,
    dismiss,
    match_several,
    may_arrive,
    may_be_absent,
    proposals,
)
from portal.sepa.returns.lists import RECORDS
from portal.sepa.returns.views import bp

_BETWEEN = re.compile(r"[\s,;]+")


class MatchForm(FlaskForm):
    end_to_end_id = StringField(_l("EndToEndId du prélèvement"), [Length(max=8000)])
    debit = SelectMultipleField(validate_choice=False)

    def asked(self) -> list[str]:
        """EndToEndIds that were typed or ticked, each once, in their order."""
        typed = _BETWEEN.split(self.end_to_end_id.data or "")
        return list(dict.fromkeys(each for each in (*typed, *(self.debit.data or ())) if each))


class ArrivalForm(FlaskForm):
    on = DateField(_l("Crédité le"), [InputRequired(_l("Donnez le jour du crédit."))])


class DismissForm(FlaskForm):
    note = StringField(_l("Pourquoi rien n'est à faire"), [Length(max=200)])


def _page(row: BankRecord, status: int = 200, **forms: Any) -> Response:
    """forms: those that were refused, by name."""
    empty = {
        "match": MatchForm(formdata=None),
        "arrival": ArrivalForm(formdata=None, on=row.booked_on),
        "dismissal": DismissForm(formdata=None),
    }
    page = render_template(
        "sepa/return_record.html",
        row=row,
        reaction=reaction_for(row.reason, own_reactions(row.bank_file.legal_entity)),
        proposed=proposals([row]).get(row.id),
        lot=debits_of_lot(row),
        may_arrive=may_arrive(row),
        may_be_absent=may_be_absent(row),
        **{**empty, **forms},
    )
    return make_response(page, status)


def _row(uid: str) -> BankRecord:
    row: BankRecord = get_or_404(run_by(BankRecord, g.actor), uid)
    return row


@bp.get("/records")
@requires(Permission.BATCH_READ)
def list_records() -> Response:
    return list_page(RECORDS, "sepa/return_records.html")


@bp.get("/records/<uid>")
@requires(Permission.BATCH_READ)
def show_record(uid: str) -> Response:
    return _page(_row(uid))


@bp.post("/records/<uid>/match")
@requires(Permission.BATCH_WRITE)
def match_record(uid: str) -> Response:
    row, form = _row(uid), MatchForm()
    if form.validate():
        with saving(form, "end_to_end_id"):
            match_several(row, _debits(form.asked()), by=g.actor)
    if form.errors:
        return _page(_row(uid), 422, match=form)
    return htmx.go(url_for(".list_files"), toast=_("Écriture rapprochée."))


def _debits(asked: list[str]) -> list[Collection]:
    """The debits of these EndToEndIds, in any case. Raises Refused naming the first that is unknown."""
    ids = {*asked, *(each.upper() for each in asked)}
    query = run_by(Collection, g.actor).where(Collection.end_to_end_id.in_(ids))
    found = {row.end_to_end_id.upper(): row for row in db.session.scalars(query)}
    unknown = next((each for each in asked if each.upper() not in found), None)
    if unknown is not None or not asked:
        raise Refused(_("Aucun prélèvement n'a cet EndToEndId : « %(id)s ».", id=(unknown or "")[:40]))
    return list({each.upper(): found[each.upper()] for each in asked}.values())


@bp.post("/records/<uid>/arrival")
@requires(Permission.BATCH_WRITE)
def confirm_arrival(uid: str) -> Response:
    """The money of a debit is there after all."""
    row, form = _row(uid), ArrivalForm()
    if form.validate():
        with saving(form, "on"):
            arrived(row, form.on.data, by=g.actor)
    if form.errors:
        return _page(_row(uid), 422, arrival=form)
    return htmx.go(url_for(".list_files"), toast=_("Le prélèvement est crédité."))


@bp.post("/records/<uid>/absence")
@requires(Permission.BATCH_WRITE)
def confirm_absence(uid: str) -> Response:
    """The money is not there."""
    absent(_row(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_files"), toast=_("Noté : l'argent n'est pas là."))


@bp.post("/records/<uid>/dismissal")
@requires(Permission.BATCH_WRITE)
def dismiss_record(uid: str) -> Response:
    row, form = _row(uid), DismissForm()
    with saving(form, "note"):
        dismiss(row, form.note.data or "", by=g.actor)
    if form.errors:
        return _page(_row(uid), 422, dismissal=form)
    return htmx.go(url_for(".list_files"), toast=_("Écriture classée."))
