"""The month of one subscription's services, as its customer and staff read it; reservations and claims."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.availability.claims import ClaimKind, ServiceClaim, Told, claims_of, notify, see_claims
from portal.availability.credits import credits_of, propose
from portal.availability.forms import ClaimForm, ReservationForm
from portal.availability.models import outages_of
from portal.availability.months import earlier_month, months_of_subscription, read_month
from portal.availability.promises import promises_of
from portal.db import db
from portal.deadlines import add_months, start_of_paris_day
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.i18n import translated
from portal.paging import page_of
from portal.subscriptions.models import Subscription, SubscriptionState

bp = Blueprint("service_levels", __name__, url_prefix="/service-levels")


@bp.get("")
@requires(Permission.SERVICE_LEVEL_READ)
def list_levels() -> str:
    """The subscriptions whose services one may read."""
    rows = Subscription.visible_to(g.actor).where(Subscription.state != SubscriptionState.WITHDRAWN)
    page = page_of(rows, Subscription.id.desc(), name="subscriptions")
    return render_template("availability/levels.html", subscriptions=page)


def _subscription(uid: str) -> Subscription:
    found: Subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    return found


def _month() -> date:
    asked = request.args.get("month", "")
    return read_month(asked) if asked else clock.today().replace(day=1)


def _page(row: Subscription, month: date, status: int = 200, **forms: Any) -> Response:
    since, until = start_of_paris_day(month), start_of_paris_day(add_months(month, 1))
    reservation, stack = ReservationForm(formdata=None), row.terms.on(month)
    reservation.offer(promises_of(stack))
    page = render_template(
        "availability/level.html",
        subscription=row,
        month=month,
        before=earlier_month(month, row.started_on),
        after=add_months(month, 1) if add_months(month, 1) <= clock.today() else None,
        services=months_of_subscription(row, month),
        outages=outages_of(row.terms_stack, since, until, row.customer_id),
        credits=credits_of(row, month),
        claims=claims_of(row, month),
        terms=stack,
        **{"reservation": reservation, "claim": ClaimForm(formdata=None), **forms},
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.SERVICE_LEVEL_READ)
def show_level(uid: str) -> Response:
    return _page(_subscription(uid), _month())


def _told_at(field: Any) -> Any:
    """Staff may say when it came; a customer's comes now."""
    typed = None if g.actor.is_customer else field.instant
    return typed or clock.now()


def _kept(row: Subscription, told: Told) -> ServiceClaim:
    """The proposal of a month that is over names it."""
    claim = notify(row, told, by=g.actor)
    if told.month < clock.today().replace(day=1):
        propose(row, told.month)
    return claim


@bp.post("/<uid>/seen")
@requires(Permission.AVAILABILITY_WRITE)
def mark_seen(uid: str) -> Response:
    row, month = _subscription(uid), _month()
    see_claims(row, month, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_level", uid=uid, month=f"{month:%Y-%m}"))


@bp.post("/<uid>/reservations")
@requires(Permission.CLAIM_WRITE)
def reserve(uid: str) -> Response:
    row, form, month, claim = _subscription(uid), ReservationForm(), _month(), None
    form.offer(promises_of(row.terms))
    if form.validate():
        with saving(form, WHOLE):
            if form.starts_at.instant is None:
                raise Refused(_("Indiquez un jour et une heure."), field="starts_at")
            month = clock.paris_day(form.starts_at.instant).replace(day=1)
            told = Told(
                ClaimKind.RESERVATION,
                form.services.data,
                form.starts_at.instant,
                form.ends_at.instant,
                month,
                form.words.data or "",
                _told_at(form.told_at),
            )
            claim = _kept(row, told)
    return _after(row, month, claim, reservation=form)


@bp.post("/<uid>/claims")
@requires(Permission.CLAIM_WRITE)
def send_claim(uid: str) -> Response:
    row, form, month, claim = _subscription(uid), ClaimForm(), _month(), None
    if form.validate():
        with saving(form, WHOLE):
            told = Told(
                ClaimKind.CLAIM, [], None, None, month, form.calculation.data or "", _told_at(form.claimed_at)
            )
            claim = _kept(row, told)
    return _after(row, month, claim, claim=form)


def _after(row: Subscription, month: date, kept: ServiceClaim | None, **forms: Any) -> Response:
    if kept is None:
        return _page(_subscription(row.uid), month, 422, **forms)
    late = translated(kept.late) if kept.late else ""
    said = f"{late} ({kept.clause})" if late else _("Reçu à temps, sous le numéro %(n)s.", n=kept.number)
    return htmx.go(url_for(".show_level", uid=row.uid, month=f"{month:%Y-%m}"), toast=said)
