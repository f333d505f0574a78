"""For finance, operator and their lawyer: what each clause brought in and cost, and what never served."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from wtforms import SelectField
from wtforms.validators import InputRequired, ValidationError

from portal import clock
from portal.access import Permission, get_or_404, requires
from portal.books.by_clause import Contract, Line, Served, never_served, rows_between, rows_of, served, told
from portal.csv_file import csv_answer, euros
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope
from portal.forms import DayField
from portal.paging import Page, page_of
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.terms.shipped import CONTRACTS

bp = Blueprint("by_clause", __name__, url_prefix="/billing/clauses")


class SpanForm(FlaskForm):
    """Whose books, and from when to when, both days included."""

    class Meta:
        csrf = False  # it only asks

    entity = SelectField(_l("Entité"))
    since = DayField(_l("Du"), [InputRequired(_l("Indiquez un jour."))])
    until = DayField(_l("Au"), [InputRequired(_l("Indiquez un jour."))])

    def validate_until(self, field: DayField) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("La fin est avant le début."))


def _asked() -> SpanForm:
    """What the address asks for, the present year where it says nothing."""
    today = clock.today()
    year = {"since": date(today.year, 1, 1).isoformat(), "until": date(today.year, 12, 31).isoformat()}
    query = LegalEntity.visible_to(g.actor).order_by(*TOP_FIRST)
    entities = [(each.uid, each.name) for each in db.session.scalars(query)]
    typed = request.args.copy()
    for name, value in {"entity": entities[0][0] if entities else "", **year}.items():
        typed.setdefault(name, value)
    form = SpanForm(typed)
    form.entity.choices = entities
    return form


def _span(form: SpanForm) -> tuple[LegalEntity, date, date]:
    entity = get_or_404(LegalEntity.visible_to(g.actor), form.entity.data or "")
    return entity, form.since.data, form.until.data


@bp.get("")
@requires(Permission.REVENUE_READ)
def show() -> Response:
    form, rows, dead = _asked(), [], []
    is_fit = form.validate()
    if is_fit:
        rows = served(*_span(form))
        dead = never_served(*_span(form), rows)
    page = render_template("books/clauses.html", form=form, is_fit=is_fit, groups=_grouped(rows), dead=dead)
    return make_response(page, 200 if is_fit or not form.entity.choices else 422)


def _grouped(rows: list[Served]) -> dict[Contract, list[Served]]:
    groups: dict[Contract, list[Served]] = {}
    for each in rows:
        groups.setdefault(each.contract, []).append(each)
    return groups


@bp.get("/file.csv")
@requires(Permission.REVENUE_READ)
def download() -> Response:
    form = _asked()
    rows = served(*_span(form)) if form.validate() else []
    head = [_("Contrat"), _("Clause"), _("Rapporté HT"), _("Coûté HT"), _("Net HT"), _("Fois"), _("Clients")]
    return csv_answer(
        "par-clause.csv",
        head,
        (
            [
                *(each.contract.label, each.clause, euros(each.earned), euros(each.cost)),
                *(euros(each.net), each.times, each.customers),
            ]
            for each in rows
        ),
    )


def _one() -> tuple[Contract, str]:
    stack = request.args.get("stack", "")
    versions = tuple(filter(None, request.args.get("versions", "").split(",")))
    return Contract(stack if stack in CONTRACTS else "", versions), request.args.get("clause", "")


@bp.get("/rows")
@requires(Permission.REVENUE_READ)
def show_rows() -> Response:
    form, (contract, clause) = _asked(), _one()
    context: dict[str, Any] = {"rows": [], "total": 0, "count": 0}
    is_fit = form.validate()
    if is_fit:
        with scope(EVERYTHING):
            rows = rows_between(*_span(form))
            query = rows_of(rows, contract, clause)
            sums = query.with_only_columns(func.count(), func.coalesce(func.sum(rows.c.net), 0))
            context["count"], context["total"] = db.session.execute(sums).one()
            found = page_of(query, rows.c.issued_on.desc(), rows.c.kind, rows.c.id)
            context["rows"] = Page([Line(*row) for row in found], found.link)
            context["names"] = _names({row.customer_id for row in context["rows"]})
    page = render_template(
        "books/clause_rows.html", form=form, contract=contract, clause=clause, **context, said=_said()
    )
    return make_response(page, 200 if is_fit else 422)


def _said() -> Any:
    return told(*_one()) if _one()[0].versions else None


def _names(ids: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}


@bp.get("/rows.csv")
@requires(Permission.REVENUE_READ)
def download_rows() -> Response:
    form, (contract, clause) = _asked(), _one()
    head = [_("Date"), _("Document"), _("Client"), _("Désignation"), _("Montant HT")]
    with scope(EVERYTHING):
        found = list(_lines(form, contract, clause)) if form.validate() else []
    return csv_answer("clause.csv", head, found)


def _lines(form: SpanForm, contract: Contract, clause: str) -> Any:
    rows = rows_between(*_span(form))
    query = rows_of(rows, contract, clause).order_by(rows.c.issued_on, rows.c.kind, rows.c.id)
    found = db.session.execute(query).all()
    names = _names({row.customer_id for row in found})
    for row in found:
        yield [row.issued_on, row.number, names.get(row.customer_id, ""), row.label, euros(row.net)]
