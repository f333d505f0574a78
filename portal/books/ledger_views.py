"""For who runs the month: journals of a month, FEC of a year, aged balance, chart of accounts."""

import re
from collections import defaultdict
from datetime import date
from typing import IO, Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.books.accounts import USES, Account, Chart, set_account, shown
from portal.books.ageing import aged_balance
from portal.books.entries import BANK, OTHER, SALES, entries_of
from portal.books.fec import COLUMNS, JOURNALS, fec_name, fec_rows, month_days, write_fec
from portal.csv_file import csv_answer, euros, file_answer
from portal.db import EVERYTHING, scope
from portal.forms import DayField, saving
from portal.journal import timeline
from portal.resellers.issuing import issuers_to_run
from portal.resellers.models import LegalEntity

bp = Blueprint("ledger", __name__, url_prefix="/billing/ledger")
_MONTH, _YEAR = re.compile(r"20\d\d-(0[1-9]|1[0-2])"), re.compile(r"20\d\d")


_JOURNALS = {SALES: _l("Ventes"), BANK: _l("Banque"), OTHER: _l("Opérations diverses")}


class AccountForm(FlaskForm):
    use = SelectField(_l("Emploi"), choices=[SelectChoice(*each) for each in USES.items()])
    number = StringField(_l("Compte"), [InputRequired(_l("Indiquez le numéro du compte.")), Length(max=12)])
    label = StringField(_l("Libellé"), [InputRequired(_l("Indiquez le libellé du compte.")), Length(max=100)])
    since = DayField(_l("À partir du"), [InputRequired(_l("Indiquez un jour."))])


def _entity(uid: str) -> LegalEntity:
    return get_or_404(issuers_to_run(g.actor), uid)


def _asked(name: str, shape: re.Pattern[str], default: str) -> str:
    value = request.args.get(name) or default
    return value if shape.fullmatch(value) else abort(404)


def asked_month(default: str) -> str:
    """The month that the address names, as 2026-12, else the default; 404 for what is none."""
    return _asked("month", _MONTH, default)


@bp.get("/<uid>")
@requires(Permission.BOOKS_READ)
def show(uid: str) -> Response:
    entity, today = _entity(uid), clock.today()
    month = _asked("month", _MONTH, f"{today:%Y-%m}")
    page = render_template(
        "books/ledger.html",
        entity=entity,
        month=month,
        year=month[:4],
        journals=_JOURNALS,
        totals=_totals(entity, *month_days(month)),
        aged=_by_age(entity),
    )
    return make_response(page)


def _totals(entity: LegalEntity, first: date, last: date) -> list[tuple[str, str, int, int]]:
    """Journal, account, debit and credit in cents."""
    sums: dict[tuple[str, Account], list[int]] = defaultdict(lambda: [0, 0])
    with scope(EVERYTHING):
        for entry in entries_of(entity, first, last):
            for each in entry.postings:
                both = sums[entry.journal, each.account]
                both[0] += each.debit
                both[1] += each.credit
    return [(journal, shown(account), *both) for (journal, account), both in sorted(sums.items())]


def _by_age(entity: LegalEntity) -> dict[str, Any]:
    rows = aged_balance(entity)
    cents = [sum(column) for column in zip(*(each.cents for each in rows), strict=True)] or [0] * 5
    return {"customers": len(rows), "cents": cents, "doubtful": Chart(entity).at("doubtful", clock.today())}


@bp.get("/<uid>/journal.csv")
@requires(Permission.BOOKS_READ)
def download_journal(uid: str) -> Response:
    entity, month = _entity(uid), _asked("month", _MONTH, f"{clock.today():%Y-%m}")
    journal = _asked("journal", re.compile("|".join(JOURNALS)), next(iter(JOURNALS)))
    rows = fec_rows(entity, *month_days(month), journal)
    return csv_answer(f"journal-{journal}-{month}.csv", COLUMNS, rows)


@bp.get("/<uid>/fec.txt")
@requires(Permission.BOOKS_READ)
def download_fec(uid: str) -> Response:
    entity, year = _entity(uid), int(_asked("year", _YEAR, f"{clock.today():%Y}"))

    def write(out: IO[bytes]) -> None:
        write_fec(entity, year, out)

    return file_answer(fec_name(entity, year), "text/plain", write)


@bp.get("/<uid>/aged.csv")
@requires(Permission.BOOKS_READ)
def download_aged(uid: str) -> Response:
    head = [_("Client"), _("Pas encore dû"), _("1 à 30 jours"), _("31 à 60"), _("61 à 90"), _("Plus de 90")]
    rows = [[each.name, *(euros(cents) for cents in each.cents)] for each in aged_balance(_entity(uid))]
    return csv_answer(f"balance-agee-{clock.today()}.csv", head, rows)


@bp.get("/<uid>/accounts")
@requires(Permission.BOOKS_READ)
def show_accounts(uid: str) -> Response:
    return _accounts_page(_entity(uid), AccountForm(formdata=None, since=clock.today()))


def _accounts_page(entity: LegalEntity, form: AccountForm, status: int = 200) -> Response:
    chart, today = Chart(entity), clock.today()
    page = render_template(
        "books/accounts.html",
        entity=entity,
        form=form,
        accounts=[(word, shown(chart.at(use, today)), chart.rows.get(use, [])) for use, word in USES.items()],
        events=timeline(entity),
    )
    return make_response(page, status)


@bp.post("/<uid>/accounts")
@requires(Permission.PAYMENT_WRITE)
def change_account(uid: str) -> Response:
    entity, form = _entity(uid), AccountForm()
    if asking := confirm_first(url_for(".show_accounts", uid=uid)):
        return asking
    if form.validate():
        values = {"number": form.number.data, "label": form.label.data, "since": form.since.data}
        with saving(form, "number"):
            set_account(entity, form.use.data, values, by=g.actor)
    if form.errors:
        return _accounts_page(_entity(uid), form, 422)
    return htmx.go(url_for(".show_accounts", uid=uid), toast=_("Le compte est enregistré."))
