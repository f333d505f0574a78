"""The customer's choice, and what becomes of it."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.step_in.models import StepInOffer, Wish

bp = Blueprint("step_in", __name__, url_prefix="/step-in")


class WishForm(FlaskForm):
    wished = RadioField(
        _l("Qui doit vous servir désormais ?"),
        choices=[
            SelectChoice(Wish.PROVIDER.value, _l("le fournisseur, directement")),
            SelectChoice(Wish.RESELLER.value, _l("un autre revendeur")),
        ],
        validators=[InputRequired(_l("Choisissez."))],
    )
    words = StringField(_l("Lequel, ou autre chose à dire"), [Optional(), Length(max=300)])


class OutcomeForm(FlaskForm):
    outcome = StringField(_l("Ce qui est convenu avec le client"), [Optional(), Length(max=300)])


def _offer(uid: str) -> StepInOffer:
    found: StepInOffer = get_or_404(StepInOffer.visible_to(g.actor), uid)
    return found


@bp.get("/<uid>")
@requires(Permission.STEP_IN_READ)
def show(uid: str) -> Response:
    offer = _offer(uid)
    wish = WishForm(formdata=None, wished=offer.wished.value if offer.wished else None, words=offer.words)
    return _page(offer, wish, OutcomeForm(formdata=None))


def _page(offer: StepInOffer, wish: WishForm, outcome: OutcomeForm, status: int = 200) -> Response:
    page = render_template(
        "step_in/show.html", offer=offer, form=wish, outcome=outcome, events=timeline(offer)
    )
    return make_response(page, status)


@bp.post("/<uid>/wish")
@requires(Permission.STEP_IN_WISH)
def wish(uid: str) -> Response:
    offer, form = _offer(uid), WishForm()
    if form.validate():
        with saving(form, WHOLE):
            offer.wish(Wish(form.wished.data), form.words.data or "", by=g.actor)
    if form.errors or form.form_errors:
        return _page(_offer(uid), form, OutcomeForm(formdata=None), 422)
    toast = _("Votre choix est noté ; le fournisseur vous répond.")
    return htmx.go(url_for(".show", uid=uid), toast=toast)


@bp.post("/<uid>/settlement")
@requires(Permission.STEP_IN_SETTLE)
def settle(uid: str) -> Response:
    offer, form = _offer(uid), OutcomeForm()
    if form.validate():
        with saving(form, "outcome"):
            offer.settle(form.outcome.data or "", by=g.actor)
    if form.errors:
        return _page(_offer(uid), WishForm(formdata=None), form, 422)
    return htmx.go(url_for(".show", uid=uid), toast=_("C'est noté."))
