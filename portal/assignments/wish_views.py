"""A customer asks in her space that a contract pass to somebody else, follows it, and takes it back."""

from datetime import date, timedelta

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.assignments.forms import WishDayForm, WishForm
from portal.assignments.models import last_wish
from portal.assignments.planning import Successor, conditions_of
from portal.assignments.wishes import assignment_of, may_withdraw, wish_assignment, withdraw
from portal.deadlines import add_months
from portal.errors import Refused
from portal.forms import WHOLE, refusals_in, saving
from portal.panels import Link
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.panels import subscription_link

bp = Blueprint("assignment_wishes", __name__, url_prefix="/subscriptions/<uid>")
_AHEAD = timedelta(days=30)  # that both have to sign, where no day was chosen


def _first_day() -> date:
    """The first of the month that leaves both thirty days to sign."""
    soonest = clock.today() + _AHEAD
    return soonest if soonest.day == 1 else add_months(soonest.replace(day=1), 1)


def _page(subscription: Subscription, form: WishForm, days: WishDayForm, status: int = 200) -> Response:
    plan, row = None, last_wish(subscription)
    if form.effective_on.data is not None and not days.errors:
        with refusals_in(days, WHOLE):
            named = form.successor.data or _("votre repreneur")
            plan = conditions_of(subscription, Successor(named), form.effective_on.data)
    page = render_template(
        "assignments/wish.html",
        subscription=subscription,
        form=form,
        days=days,
        plan=plan,
        wish=row,
        assignment=assignment_of(row) if row else None,
        may_withdraw=row is not None and may_withdraw(row),
    )
    return make_response(page, status)


@bp.get("/own-assignment")
@requires(Permission.OWN_ASSIGNMENT_READ)
def show(uid: str) -> Response:
    """What it would mean on a day, or what became of what she asked."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    data = {"effective_on": _first_day()}
    days = WishDayForm(request.args if request.args else None, data=data, meta={"csrf": False})
    if request.args:
        days.validate()
    return _page(subscription, WishForm(formdata=None, effective_on=days.effective_on.data), days)


@bp.post("/own-assignment")
@requires(Permission.OWN_ASSIGNMENT_ASK)
def ask(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = WishForm()
    if form.validate():
        named = form.named
        with saving(form, WHOLE):
            day, seen = form.effective_on.data, form.seen.data or ""
            wish_assignment(subscription, named, day, seen, by=g.actor)
        if not form.errors and not form.form_errors:
            return htmx.go(url_for(".show", uid=uid), toast=_("Votre demande est partie."))
    days = WishDayForm(formdata=None, effective_on=form.effective_on.data, meta={"csrf": False})
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, days, 422)


@bp.post("/own-assignment/withdrawal")
@requires(Permission.OWN_ASSIGNMENT_ASK)
def take_back(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    row, days = last_wish(subscription), WishDayForm(formdata=None, meta={"csrf": False})
    if row is None:
        raise Refused(_("Aucune cession de ce contrat n'est demandée."))
    with saving(days, WHOLE):
        withdraw(row, by=g.actor)
    if days.form_errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), WishForm(formdata=None), days, 422)
    return htmx.go(url_for(".show", uid=uid), toast=_("Votre demande est retirée : rien ne passe."))


@subscription_link(rank=36)
def wish_link(subscription: Subscription) -> list[Link] | None:
    """Beside what its customer does with a contract."""
    withdrawn = subscription.state == SubscriptionState.WITHDRAWN
    if not may(Permission.OWN_ASSIGNMENT_READ) or subscription.is_over or withdrawn:
        return None
    address = url_for("assignment_wishes.show", uid=subscription.uid)
    return [Link(address, _("Céder ce contrat"), "arrow-left-right")]
