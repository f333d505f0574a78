"""What an end would mean, worked out under the eyes, and the notice that gives it."""

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.forms import WHOLE, refusals_in, saving
from portal.subscriptions.forms import TerminationForm
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination import (
    Termination,
    check_no_event,
    counts_for_nothing,
    is_event,
    terminate,
    work_out,
)

bp = Blueprint("terminations", __name__, url_prefix="/subscriptions")


def _preview(subscription: Subscription, form: TerminationForm) -> Termination | None:
    """The computed end for what the form says, or None with the refusal beside its field."""
    with refusals_in(form, WHOLE):
        return work_out(subscription, form.notice())
    return None


def _termination_page(subscription: Subscription, form: TerminationForm, status: int = 200) -> Response:
    result = _preview(subscription, form) if form.sent_on.data and not form.errors else None
    return htmx.render(
        "subscriptions/termination.html",
        "subscriptions/_termination_facts.html",
        status,
        subscription=subscription,
        form=form,
        result=result,
        is_event=result is not None and is_event(subscription, form.reason.data),
        idle_reason=result is not None and counts_for_nothing(subscription, result),
        early_ends=subscription.present_terms.find("early_end.notice_months") is not None,
    )


@bp.get("/<uid>/termination")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def new_termination(uid: str) -> Response:
    """What an end would mean, before anything is decided; changes with the form."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = TerminationForm(request.args, meta={"csrf": False})
    if not form.sent_on.raw_data:
        form = TerminationForm(sent_on=clock.today(), reason="none", meta={"csrf": False})
    else:
        form.validate()
    return _termination_page(subscription, form)


@bp.post("/<uid>/termination")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def give_notice(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = TerminationForm()
    if form.validate():
        with saving(form, WHOLE):
            check_no_event(subscription, form.reason.data)
            result = terminate(subscription, form.notice(), by=g.actor)
        if not form.errors:
            text = _("Résiliation enregistrée : fin le %(day)s.", day=result.ends_on.strftime("%d/%m/%Y"))
            return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=text)
    return _termination_page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)
