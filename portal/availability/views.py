"""Services and their months for staff: the table of months, one month day by day, outages and measures."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.availability.csv_import import Read, keep_measures, read_measures
from portal.availability.extending import ask_to_extend, extended_by
from portal.availability.forms import EndForm, MeasuresForm, OutageForm, WhyForm
from portal.availability.jobs import settle_month
from portal.availability.models import Cause, Outage, Watched, enter_outage
from portal.availability.months import begun_on, earlier_month, months_of_contract, read_month
from portal.deadlines import add_months
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.paging import page_of
from portal.subscriptions.models import Subscription
from portal.terms.shipped import CONTRACTS
from portal.words.service_names import CAUSES, exact_percent, service_word, services_words

bp = Blueprint("availability", __name__, url_prefix="/availability")
bp.add_app_template_filter(service_word)
bp.add_app_template_filter(services_words)
bp.add_app_template_filter(exact_percent)
bp.add_app_template_filter(lambda cause: CAUSES[cause], "outage_cause")
bp.add_app_template_filter(lambda name: CONTRACTS[name][0] if name in CONTRACTS else name, "contract_name")
LARGEST_CSV = 2_000_000  # bytes
_MONTHS = 6


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: object) -> None:
    if endpoint == "availability.import_measures":
        request.max_content_length = LARGEST_CSV + 65_536


def _contract() -> str:
    """The contract whose services are shown: the first that promises a level, unless another is asked for."""
    asked = request.args.get("contract", "")
    return asked if asked in CONTRACTS else "numspot"


@bp.get("")
@requires(Permission.AVAILABILITY_READ)
def show() -> str:
    """The services of a contract over the last months."""
    contract, this = _contract(), clock.today().replace(day=1)
    months = [add_months(this, -n) for n in range(_MONTHS)]
    found = [(month, months_of_contract(contract, month)) for month in months]
    query = Outage.visible_to(g.actor).where(Outage.contract == contract)
    watched = page_of(Watched.visible_to(g.actor), Watched.contract, Watched.service, name="watched")
    outages = page_of(query, Outage.starts_at.desc(), Outage.id.desc(), name="outages")
    return render_template(
        "availability/show.html",
        contract=contract,
        contracts=CONTRACTS,
        months=found,
        outages=outages,
        watched=watched,
    )


@bp.get("/<month>")
@requires(Permission.AVAILABILITY_READ)
def show_month(month: str) -> str:
    first, contract = read_month(month), _contract()
    return render_template(
        "availability/month.html",
        month=first,
        contract=contract,
        contracts=CONTRACTS,
        services=months_of_contract(contract, first),
        before=earlier_month(first, begun_on(contract)),
        after=add_months(first, 1) if add_months(first, 1) <= clock.today() else None,
    )


def _of_one() -> Subscription | None:
    """The subscription whose customer alone is concerned, where one is named."""
    uid = request.args.get("subscription", "")
    return get_or_404(Subscription.visible_to(g.actor), uid) if uid else None


def _outage_page(form: OutageForm, status: int = 200) -> Response:
    page = render_template("availability/outage_new.html", form=form, subscription=_of_one())
    return make_response(page, status)


@bp.get("/outages/new")
@requires(Permission.AVAILABILITY_WRITE)
def new_outage() -> Response:
    return _outage_page(OutageForm(formdata=None))


@bp.post("/outages")
@requires(Permission.AVAILABILITY_WRITE)
def create_outage() -> Response:
    form, one = OutageForm(), _of_one()
    if form.validate():
        with saving(form, WHOLE):
            row = _enter(form, one)
            ask_to_extend(row)
            _settle_again(row)
    if form.errors or form.form_errors:
        return _outage_page(form, 422)
    return htmx.go(url_for(".show_outage", uid=row.uid), toast=_("L'interruption est enregistrée."))


def _enter(form: OutageForm, one: Subscription | None) -> Outage:
    starts_at = form.starts_at.instant
    if starts_at is None:
        raise Refused(_("Indiquez un jour et une heure."), field="starts_at")
    if one is not None and one.terms_stack != form.services.contract:
        raise Refused(_("Ce client a un autre contrat que ces services."), field="services")
    return enter_outage(
        g.actor.organisation,
        form.services.contract,
        form.services.services,
        starts_at=starts_at,
        ends_at=form.ends_at.instant,
        cause=Cause(form.cause.data),
        words=form.words.data,
        customer=one.customer if one else None,
        by=g.actor,
    )


def _settle_again(row: Outage) -> None:
    """A month that is over is worked out anew: its credits follow, or a further part has the difference."""
    month = clock.paris_day(row.starts_at).replace(day=1)
    last = clock.today().replace(day=1)
    while month < last:
        settle_month(month, f"{clock.now():%y%m%d%H%M%S}{row.id}")
        month = add_months(month, 1)
        if row.ends_at is not None and month > clock.paris_day(row.ends_at):
            return


def _outage(uid: str) -> Outage:
    found: Outage = get_or_404(Outage.visible_to(g.actor), uid)
    return found


@bp.get("/outages/<uid>")
@requires(Permission.AVAILABILITY_READ)
def show_outage(uid: str) -> Response:
    return _one(_outage(uid))


def _one(row: Outage, status: int = 200, **forms: Any) -> Response:
    shown = {"end": EndForm(formdata=None), "why": WhyForm(formdata=None), **forms}
    told = {"outage": row, "events": timeline(row), "extended": extended_by(row)}
    page = render_template("availability/outage.html", **told, **shown)
    return make_response(page, status)


@bp.post("/outages/<uid>/end")
@requires(Permission.AVAILABILITY_WRITE)
def end_outage(uid: str) -> Response:
    row, form = _outage(uid), EndForm()
    if form.validate() and form.ends_at.instant:
        with saving(form, "ends_at"):
            row.end(form.ends_at.instant, by=g.actor)
            ask_to_extend(row)
            _settle_again(row)
    return _one(_outage(uid), 422, end=form) if form.errors else htmx.go(url_for(".show_outage", uid=uid))


@bp.post("/outages/<uid>/withdrawal")
@requires(Permission.AVAILABILITY_WRITE)
def withdraw_outage(uid: str) -> Response:
    row, form = _outage(uid), WhyForm()
    if form.validate():
        with saving(form, "why"):
            row.withdraw(form.why.data or "", by=g.actor)
            _settle_again(row)
    return _one(_outage(uid), 422, why=form) if form.errors else htmx.go(url_for(".show_outage", uid=uid))


def _measures_page(form: MeasuresForm, status: int = 200, read: Read | None = None) -> Response:
    return make_response(render_template("availability/measures.html", form=form, read=read), status)


@bp.get("/measures/new")
@requires(Permission.AVAILABILITY_WRITE)
def new_measures() -> Response:
    return _measures_page(MeasuresForm(formdata=None, contract="numspot"))


@bp.post("/measures")
@requires(Permission.AVAILABILITY_WRITE)
def import_measures() -> Response:
    """What can be read is kept; each wrong line is told, and may be sent again."""
    form, read, kept = MeasuresForm(), None, 0
    if form.validate():
        with saving(form, "file"):
            read = read_measures(form.file.data.read(), form.contract.data)
            kept = keep_measures(g.actor.organisation, form.contract.data, read, by=g.actor)
            _settle_measured(read)
    if form.errors or (read is not None and read.wrong):
        return _measures_page(form, 422, read)
    said = ngettext("%(num)d mesure gardée.", "%(num)d mesures gardées.", kept)
    return htmx.go(url_for(".show", contract=form.contract.data), toast=said)


def _settle_measured(read: Read) -> None:
    this = clock.today().replace(day=1)
    for month in sorted({day.replace(day=1) for day, _service in read.rows}):
        if month < this:
            settle_month(month, f"{clock.now():%y%m%d%H%M%S}m")
