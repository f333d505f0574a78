"""The list of sub-processors for everybody, and what a customer reads of it and has against a change."""

from flask import Blueprint, Response, abort, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, public, requires
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope
from portal.forms import WHOLE, saving
from portal.panels import Panel
from portal.privacy.choosing import own_customer
from portal.privacy.subprocessor_acts import object_to, objection_of
from portal.privacy.subprocessor_forms import OwnObjectionForm
from portal.privacy.subprocessors import SubProcessorChange, taking_part, told_changes
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel
from portal.terms.shipped import CONTRACTS

bp = Blueprint("processor_list", __name__, url_prefix="/sub-processors")
own_bp = Blueprint("own_processors", __name__, url_prefix="/my-sub-processors")


@bp.get("")
@public("whoever entrusts data, and whose data these are, reads who processes them (GDPR 13, 14 and 28)")
def show() -> str:
    with scope(EVERYTHING):
        today = clock.today()
        lists = [
            (label, taking_part(today, [name]), told_changes([name]))
            for name, (label, _codes) in CONTRACTS.items()
        ]
        return render_template("privacy/processor_list.html", lists=[each for each in lists if any(each[1:])])


@subscription_panel(rank=80)
def processors_panel(subscription: Subscription) -> Panel | None:
    """Who takes part in this contract, and what is announced."""
    covers = [subscription.terms_stack]
    rows, changes = taking_part(clock.today(), covers), told_changes(covers)
    if not rows and not changes:
        return None
    return Panel("privacy/_processors.html", {"rows": rows, "changes": changes})


def _own_page(form: OwnObjectionForm, status: int = 200, asked: str = "") -> Response:
    customer = own_customer(g.actor)
    covers = list(_covers(customer)) if customer else []
    changes = told_changes(covers) if covers else []
    page = render_template(
        "privacy/own_processors.html",
        rows=taking_part(clock.today(), covers) if covers else [],
        changes=[(row, objection_of(row, customer)) for row in changes] if customer else [],
        form=form,
        asked=asked,
    )
    return make_response(page, status)


def _covers(customer: Customer) -> set[str]:
    """The names of her contracts that run."""
    rows = db.session.scalars(Subscription.visible_to(g.actor).filter_by(customer_id=customer.id))
    return {row.terms_stack for row in rows if not row.is_over}


@own_bp.get("")
@requires(Permission.SUBPROCESSOR_OBJECT)
def show_own() -> Response:
    return _own_page(OwnObjectionForm(formdata=None))


@own_bp.post("/<uid>/objection")
@requires(Permission.SUBPROCESSOR_OBJECT)
def object_own(uid: str) -> Response:
    row, form = get_or_404(SubProcessorChange.visible_to(g.actor), uid), OwnObjectionForm()
    customer = own_customer(g.actor)
    if customer is None or row not in told_changes(_covers(customer)):
        abort(404)
    if form.validate():
        with saving(form, WHOLE):
            object_to(row, customer, form.words.data, clock.today(), by=g.actor)
    if form.errors or form.form_errors:
        return _own_page(form, 422, uid)
    return htmx.go(url_for(".show_own"), toast=_("Votre opposition est reçue, une réponse vous sera écrite."))
