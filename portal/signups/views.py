"""The public page of sign-ups: at a brand's host for its house, at the portal's own for a chosen one."""

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.access import public
from portal.accounts.models import Organisation
from portal.db import db, set_scope
from portal.signups.asking import LINK_DAYS, ask, too_many_from
from portal.signups.forms import SignUpForm
from portal.signups.models import SignUpKind
from portal.signups.offers import Offered, house_here, offers_here

bp = Blueprint("sign_up", __name__, url_prefix="/sign-up")
_WHY = "somebody who is nobody's customer yet asks for a trial, an order or a quote"


def _here() -> tuple[Organisation, list[Offered]]:
    """The request then acts inside this house only."""
    house = house_here() or abort(404)
    set_scope(house.org_path)
    return house, offers_here(house) or abort(404)


@bp.app_template_global()
def may_sign_up() -> bool:
    """Does the page of the host that is asked offer anything?"""
    house = house_here()
    return house is not None and bool(offers_here(house))


def _page(house: Organisation, offers: list[Offered], form: SignUpForm, status: int = 200) -> Response:
    page = render_template("signups/ask.html", house=house, offers=offers, form=form)
    return make_response(page, status)


@bp.get("")
@public(_WHY)
def show() -> Response:
    house, offers = _here()
    form = SignUpForm(formdata=None, language=str(get_locale()))
    form.offer(offers)
    return _page(house, offers, form)


@bp.post("")
@public(_WHY)
def send() -> Response:
    """The answer is the same for every address."""
    house, offers = _here()
    form = SignUpForm()
    form.offer(offers)
    if not form.validate():
        return _page(house, offers, form, 422)
    if wait := too_many_from(request.remote_addr or ""):
        minutes = wait // 60 + 1
        form.form_errors.append(
            _("Trop de demandes sont parties d'ici. Réessayez dans %(n)d minutes.", n=minutes)
        )
        return _page(house, offers, form, 429)
    _ask(house, form)
    db.session.commit()
    return make_response(redirect(url_for(".sent"), 303))


def _ask(house: Organisation, form: SignUpForm) -> None:
    offered = form.chosen or abort(422)
    ask(
        house,
        offered,
        SignUpKind(form.wish.data),
        form.quantity.data,
        form.means,
        entry=form.entry(),
        contact=form.contact,
        language=form.language.data,
    )


@bp.get("/sent")
@public(_WHY)
def sent() -> str:
    house, _offers = _here()
    return render_template("signups/sent.html", house=house, days=LINK_DAYS)
