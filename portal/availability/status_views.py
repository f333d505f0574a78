"""The public page of services (page d'état), and its switch."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx
from portal.access import Permission, public, requires
from portal.accounts.models import Organisation, OrganisationKind
from portal.availability.forms import StatusForm
from portal.availability.models import Outage, StatusPage, set_status_page
from portal.availability.planned import PlannedState, PlannedWork
from portal.availability.promises import services_by_contract
from portal.db import EVERYTHING, db, scope, set_scope
from portal.forms import saving
from portal.resellers.hosts import path_here

bp = Blueprint("status", __name__)
HISTORY = 90  # days


@dataclass(frozen=True, slots=True)
class Standing:
    """One service now: what is under way, None where it works."""

    service: str
    outage: Outage | None
    work: PlannedWork | None


def _house() -> tuple[Organisation, StatusPage]:
    """Whose page this host shows; 404 where it is off. The request then acts inside this house only."""
    path = path_here()
    with scope(EVERYTHING):
        query = select(Organisation).where(
            Organisation.org_path == path if path else Organisation.kind == OrganisationKind.PROVIDER
        )
        house = db.session.scalars(query.order_by(Organisation.id)).first()
        page = StatusPage.of(house) if house is not None else None
    if house is None or page is None or not page.is_on:
        abort(404)
    g.linked_path = house.org_path
    set_scope(house.org_path)
    return house, page


@bp.get("/status")
@public("anybody may see whether the services work; no customer is named")
def show() -> str:
    house, page = _house()
    now = clock.now()
    since = now - timedelta(days=HISTORY)
    outages = _outages(page.contracts, since)
    coming = _works(page.contracts, now)
    return render_template(
        "availability/status.html",
        house=house,
        contracts=[(name, _standings(name, outages, coming, now)) for name in page.contracts],
        coming=[each for each in coming if each.starts_at > now],
        history=_by_day(outages),
        days=HISTORY,
        now=now,
    )


def _outages(contracts: list[str], since: datetime) -> list[Outage]:
    """Those of everybody; what happened to one customer stays between her and the provider."""
    query = select(Outage).where(
        Outage.contract.in_(contracts),
        Outage.customer_id.is_(None),
        Outage.withdrawn_at.is_(None),
        (Outage.ends_at.is_(None)) | (Outage.ends_at >= since),
    )
    return list(db.session.scalars(query.order_by(Outage.starts_at.desc(), Outage.id.desc())))


def _works(contracts: list[str], now: datetime) -> list[PlannedWork]:
    query = select(PlannedWork).where(
        PlannedWork.contract.in_(contracts),
        PlannedWork.state == PlannedState.ANNOUNCED,
        PlannedWork.ends_at >= now,
    )
    return list(db.session.scalars(query.order_by(PlannedWork.starts_at, PlannedWork.id)))


def _standings(
    contract: str, outages: list[Outage], works: list[PlannedWork], now: datetime
) -> list[Standing]:
    running = [each for each in outages if each.contract == contract and each.ends_at is None]
    at_work = [each for each in works if each.contract == contract and each.starts_at <= now]
    return [
        Standing(
            each.service,
            next((row for row in running if each.service in row.services), None),
            next((row for row in at_work if each.service in row.services), None),
        )
        for each in services_by_contract(clock.today())[contract]
    ]


def _by_day(outages: list[Outage]) -> list[tuple[date, list[Outage]]]:
    days: dict[date, list[Outage]] = {}
    for each in outages:
        days.setdefault(clock.paris_day(each.starts_at), []).append(each)
    return list(days.items())


def _setting_page(form: StatusForm, status: int = 200) -> Response:
    return make_response(render_template("availability/status_setting.html", form=form), status)


@bp.get("/status-page")
@requires(Permission.BRAND_WRITE)
def edit_status_page() -> Response:
    row = StatusPage.of(g.actor.organisation)
    data = {"is_on": row.is_on, "contracts": row.contracts} if row else {}
    return _setting_page(StatusForm(formdata=None, data=data))


@bp.post("/status-page")
@requires(Permission.BRAND_WRITE)
def set_page() -> Response:
    form = StatusForm()
    if form.validate():
        with saving(form, "contracts"):
            contracts = form.contracts.data or []
            set_status_page(g.actor.organisation, is_on=form.is_on.data, contracts=contracts, by=g.actor)
    if form.errors:
        return _setting_page(form, 422)
    said = _("La page d'état est ouverte.") if form.is_on.data else _("La page d'état est fermée.")
    return htmx.go(url_for(".edit_status_page"), toast=said)
