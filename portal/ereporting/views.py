"""E-reporting, for finance: what is told of each period and when, and the regime of each issuer."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.csv_file import csv_answer, euros, rows_of
from portal.db import db
from portal.ereporting.lists import EREPORTS
from portal.ereporting.making import enter_regime, periods_of, sums_of
from portal.ereporting.models import EReport, EReportLine, regimes_of
from portal.ereporting.rules import Period, ReportKind
from portal.ereporting.telling import body_of_report
from portal.forms import DayField, saving, trim
from portal.journal import timeline
from portal.listing.page import list_page
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.words.ereporting import REGIMES, REPORT_KINDS

bp = Blueprint("ereporting", __name__, url_prefix="/ereporting")
bp.add_app_template_filter(lambda name: REGIMES[name], "vat_regime")
bp.add_app_template_filter(lambda kind: REPORT_KINDS[kind], "report_kind")


class RegimeForm(FlaskForm):
    regime = RadioField(
        _l("Régime de TVA"),
        [InputRequired(_l("Choisissez un régime."))],
        choices=[SelectChoice(name, label) for name, label in REGIMES.items()],
    )
    valid_from = DayField(_l("À partir du"), [InputRequired(_l("Indiquez le premier jour."))])
    confirmed = StringField(
        _l("Confirmé par"),
        [InputRequired(_l("Dites quel expert-comptable a confirmé ce régime, et quand.")), Length(max=300)],
        filters=[trim],
    )


class DepositForm(FlaskForm):
    how = StringField(
        _l("Comment elle a été déposée"),
        [InputRequired(_l("Dites où et sous quelle référence.")), Length(max=300)],
        filters=[trim],
    )


def _coming(entity: LegalEntity) -> list[tuple[ReportKind, Period]]:
    """The periods that have begun and have no report yet, of each kind."""
    found = [(kind, each) for kind in ReportKind for _name, each in periods_of(entity, kind, clock.today())]
    query = select(EReport.kind, EReport.first_on).where(EReport.legal_entity_id == entity.id)
    known = {(kind, first) for kind, first in db.session.execute(query)}
    return [(kind, period) for kind, period in found if (kind, period.first) not in known]


def _begins_on(entity: LegalEntity) -> date | None:
    """The first day of a regime that is still to come."""
    days = (row.valid_from for row in regimes_of(entity) if row.valid_from > clock.today())
    return next(days, None)


@bp.get("")
@requires(Permission.BILLING_READ)
def list_reports() -> Response:
    entities = list(db.session.scalars(LegalEntity.visible_to(g.actor).order_by(*TOP_FIRST)))
    coming = {entity.id: _coming(entity) for entity in entities}
    begins = {entity.id: _begins_on(entity) for entity in entities}
    return list_page(EREPORTS, "ereporting/list.html", entities=entities, coming=coming, begins=begins)


def _report_page(report: EReport, form: DepositForm | None = None, status: int = 200) -> Response:
    page = render_template(
        "ereporting/report.html",
        row=report,
        sums=sums_of(report),
        form=form or DepositForm(formdata=None),
        events=timeline(report),
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.BILLING_READ)
def show_report(uid: str) -> Response:
    return _report_page(get_or_404(EReport.visible_to(g.actor), uid))


@bp.get("/<uid>/lines.csv")
@requires(Permission.BILLING_READ)
def download_lines(uid: str) -> Response:
    """Each document or payment of it, at each rate."""
    report = get_or_404(EReport.visible_to(g.actor), uid)
    query = select(EReportLine).where(EReportLine.report_id == report.id).order_by(EReportLine.id)
    head: list[Any] = [_("Jour"), _("Numéro"), _("Client"), _("Opération"), _("Catégorie de TVA"), _("Taux")]
    head += [_("Montant HT"), _("TVA"), _("Montant TTC")]
    rows = (
        (
            line.on,
            line.number,
            _("entreprise à l'étranger") if line.is_business else _("particulier"),
            line.operation,
            line.vat_category,
            euros(line.basis_points),
            *map(euros, (line.net_cents, line.vat_cents, line.gross_cents)),
        )
        for (line,) in rows_of(query)
    )
    return csv_answer(f"{report.number}.csv", head, rows)


@bp.get("/<uid>/report.json")
@requires(Permission.BILLING_READ)
def download_report(uid: str) -> Response:
    report = get_or_404(EReport.visible_to(g.actor), uid)
    answer = Response(body_of_report(report, report.uid), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{report.number}.json"'
    return answer


@bp.post("/<uid>/deposit")
@requires(Permission.PAYMENT_WRITE)
def deposit(uid: str) -> Response:
    report, form = get_or_404(EReport.visible_to(g.actor).with_for_update(of=EReport), uid), DepositForm()
    if form.validate():
        with saving(form, "how"):
            report.deposit(form.how.data or "", by=g.actor)
    if form.errors:
        return _report_page(get_or_404(EReport.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for(".show_report", uid=uid), toast=_("C'est noté."))


def _settings_page(uid: str, form: RegimeForm, status: int = 200) -> Response:
    entity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    page = render_template("ereporting/settings.html", entity=entity, form=form, rows=regimes_of(entity))
    return make_response(page, status)


@bp.get("/settings/<uid>")
@requires(Permission.BILLING_READ)
def show_settings(uid: str) -> Response:
    return _settings_page(uid, RegimeForm(formdata=None))


@bp.post("/settings/<uid>")
@requires(Permission.PAYMENT_WRITE)
def add_regime(uid: str) -> Response:
    entity, form = get_or_404(LegalEntity.visible_to(g.actor), uid), RegimeForm()
    if asking := confirm_first(url_for(".show_settings", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "valid_from"):
            enter_regime(
                entity, form.valid_from.data, form.regime.data, form.confirmed.data or "", by=g.actor
            )
    if form.errors:
        return _settings_page(uid, form, 422)
    return htmx.go(url_for(".show_settings", uid=uid), toast=_("Le régime est saisi."))
