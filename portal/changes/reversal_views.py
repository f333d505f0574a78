"""The renewal of a contract: what it becomes, not renewing it, and taking a notice back."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.answers.run import answer
from portal.changes.main_service import follow_service, main_services
from portal.changes.reversals import NoticeReversal, reversals_of
from portal.changes.taking_back import (
    agree_reversal,
    ask_reversal,
    close_reversal,
    correct_letter,
    keep_notice,
    open_reversal,
    side_of,
)
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, DayField, refusals_in, saving, trim
from portal.panels import Link, Panel
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link, subscription_panel
from portal.subscriptions.termination import Notice, work_out
from portal.subscriptions.termination_letters import letter_of
from portal.words.clauses import CHOICES

bp = Blueprint("notice_reversals", __name__)


class WhyForm(FlaskForm):
    why = StringField(
        _l("Pourquoi ?"), [DataRequired(_l("Dites pourquoi.")), Length(max=300)], filters=[trim]
    )


class CorrectionForm(WhyForm):
    posted_on = DayField(_l("Postée le (cachet)"), [InputRequired(_l("Recopiez le jour du cachet."))])
    received_on = DayField(_l("Reçue le"), [InputRequired(_l("Indiquez le jour de sa réception."))])


@bp.get("/subscriptions/<uid>/renewal")
@requires(Permission.SUBSCRIPTION_READ)
def show_renewal(uid: str) -> Response:
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), WhyForm(formdata=None))


def _page(subscription: Subscription, form: WhyForm, status: int = 200) -> Response:
    told = left = None
    with refusals_in(form, WHOLE):
        told = answer(bare_case(subscription))
        left = work_out(subscription, Notice(clock.today())) if subscription.can("give_notice") else None
    page = render_template(
        "changes/renewal.html",
        subscription=subscription,
        form=form,
        told=told,
        left=left,
        becomes=subscription.present_terms.find("renewal.commitment"),
        choices=CHOICES,
        letter=letter_of(subscription),
        correction=form if isinstance(form, CorrectionForm) else _correction(subscription),
        waiting=open_reversal(subscription),
        side=side_of(g.actor),
        mains=main_services(subscription),
    )
    return make_response(page, status)


@bp.post("/subscriptions/<uid>/main-service")
@requires(Permission.AMENDMENT_WRITE)
def follow(uid: str) -> Response:
    """As the order form or an amendment says, signed by both."""
    subscription = get_or_404(Subscription.visible_to(g.actor).with_for_update(), uid)
    chosen = request.form.get("main", "")
    main = get_or_404(Subscription.visible_to(g.actor), chosen) if chosen else None
    follow_service(subscription, main, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_renewal", uid=uid), toast=_("L'engagement de ce service est noté."))


def _correction(subscription: Subscription) -> CorrectionForm:
    return CorrectionForm(formdata=None, obj=letter_of(subscription))


@bp.post("/subscriptions/<uid>/renewal")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def ask(uid: str) -> Response:
    """Renew after all: the notice is taken back when the other side consents."""
    subscription, form = get_or_404(Subscription.visible_to(g.actor).with_for_update(), uid), WhyForm()
    if form.validate():
        with saving(form, WHOLE):
            ask_reversal(subscription, form.why.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)
    return _to(uid, _("L'autre partie est priée de donner son accord."))


def _to(uid: str, toast: str) -> Response:
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=toast)


@bp.post("/subscriptions/<uid>/termination/letter/correction")
@requires(Permission.LETTER_RECORD)
def correct(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor).with_for_update(), uid)
    form = CorrectionForm()
    if form.validate():
        days = {"posted_on": form.posted_on.data, "received_on": form.received_on.data}
        with saving(form, WHOLE):
            correct_letter(subscription, **days, why=form.why.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)
    return _to(uid, _("La résiliation compte depuis le jour corrigé."))


def _held(uid: str) -> NoticeReversal:
    row: NoticeReversal = get_or_404(NoticeReversal.visible_to(g.actor).with_for_update(), uid)
    return row


@bp.post("/notice-reversals/<uid>/agreement")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def agree(uid: str) -> Response:
    row = _held(uid)
    _check_side(row, mine=False)
    agree_reversal(row, by=g.actor, address=(request.remote_addr or "")[:45])
    close_reversal(row)
    db.session.commit()
    return _to(row.subscription.uid, _("La résiliation est reprise : le contrat continue."))


@bp.post("/notice-reversals/<uid>/refusal")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def refuse(uid: str) -> Response:
    row = _held(uid)
    _check_side(row, mine=False)
    keep_notice(row, by=g.actor)
    db.session.commit()
    return _to(row.subscription.uid, _("La résiliation est maintenue."))


@bp.post("/notice-reversals/<uid>/cancellation")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def cancel(uid: str) -> Response:
    row = _held(uid)
    _check_side(row, mine=True)
    row.cancel(by=g.actor)
    close_reversal(row)
    db.session.commit()
    return _to(row.subscription.uid, _("La résiliation est maintenue."))


def _check_side(row: NoticeReversal, *, mine: bool) -> None:
    """Nobody consents for the other side. Raises Refused."""
    if (side_of(g.actor) == row.asked_by_side) != mine:
        raise Refused(_("C'est à l'autre partie de répondre."))


@subscription_link(rank=35)
def renewal_link(subscription: Subscription) -> list[Link] | None:
    if subscription.is_over or subscription.state == "withdrawn":
        return None
    address = url_for("notice_reversals.show_renewal", uid=subscription.uid)
    return [Link(address, _("Renouvellement"), "arrow-repeat")]


@subscription_panel(rank=13)
def reversals_panel(subscription: Subscription) -> Panel | None:
    rows = reversals_of(subscription) if may(Permission.SUBSCRIPTION_READ) else []
    return Panel("changes/_reversals.html", {"rows": rows, "side": side_of(g.actor)}) if rows else None
