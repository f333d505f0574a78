"""Amendments of a subscription: the operator records what both parties signed."""

from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.contracts.amendment_forms import AmendmentForm, amendment_form
from portal.contracts.amendments import Draft, present_value, sign_amendment, typed_value
from portal.contracts.typed_values import as_typed
from portal.forms import TicksField, saving
from portal.subscriptions.amendments import AmendmentKind
from portal.subscriptions.models import Subscription
from portal.terms.vocabulary import KEYS

bp = Blueprint("amendments", __name__, url_prefix="/contracts")
LARGEST_TEXT = 10 * 1024 * 1024  # a signed text is often a scan


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one may carry a file."""
    if endpoint == "amendments.create_amendment":
        request.max_content_length = LARGEST_TEXT


def _key(asked: str) -> str:
    return asked if asked in KEYS else "termination.channel"


@bp.get("/<uid>/amendments/new")
@requires(Permission.AMENDMENT_WRITE)
def new_amendment(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    key = _key(request.args.get("key", ""))
    form = amendment_form(subscription, key)
    form.effective_on.data = subscription.billed_before
    present = present_value(subscription, key)
    if isinstance(form.value, TicksField) and present is not None:
        form.value.data = list(present.value)
    return _page(subscription, key, form)


def _page(subscription: Subscription, key: str, form: AmendmentForm, status: int = 200) -> Response:
    return htmx.render(
        "contracts/new_amendment.html",
        "contracts/_amended_value.html",
        status,
        subscription=subscription,
        form=form,
        present=present_value(subscription, key),
        entry=KEYS[key],
        key=key,
    )


@bp.post("/<uid>/amendments")
@requires(Permission.AMENDMENT_WRITE)
def create_amendment(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    key = _key(request.form.get("key", ""))
    form = amendment_form(subscription, key)
    if form.validate():
        with saving(form, "value"):
            sign_amendment(subscription, _draft(subscription, form), by=g.actor)
    if form.errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), key, form, 422)
    return htmx.go(url_for("contracts.show_contract", uid=uid), toast=_("Avenant enregistré."))


def _draft(subscription: Subscription, form: AmendmentForm) -> Draft:
    kind = AmendmentKind(form.kind.data)
    at_start = kind == AmendmentKind.CONDITIONS
    file = form.text.data
    return Draft(
        kind=kind,
        label=form.label.data.strip(),
        key=form.key.data,
        value=typed_value(form.key.data, as_typed(form.value.data)),
        signed_on=form.signed_on.data,
        effective_on=subscription.started_on if at_start else form.effective_on.data,
        signed_by_both=form.signed_by_both.data,
        text=file.read() if file else b"",
        filename=file.filename if file else "",
    )
