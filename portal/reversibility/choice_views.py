"""What a copy will hold: looked at and chosen before it begins, by the customer or at her written word."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length

from portal import htmx
from portal.access import Permission, Role, get_or_404, requires
from portal.db import db
from portal.errors import Refused
from portal.forms import InstantField, saving
from portal.reversibility.choice_picking import machine_words, picked
from portal.reversibility.choosing import warned_above
from portal.reversibility.models import ReversibilityCase

bp = Blueprint("handover_choice", __name__, url_prefix="/reversibility")


class ChoiceForm(FlaskForm):
    before = InstantField(_l("Pour tout : le dernier point avant"), required=False)
    word = TextAreaField(_l("Ce que le client a écrit"), [Length(max=2000)])


def _get(uid: str) -> ReversibilityCase:
    row: ReversibilityCase = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    return row


def _may_choose() -> bool:
    """Who owns the data, or the operator who has her word in writing."""
    return bool(g.actor.is_customer or g.actor.role == Role.OPERATOR)


def _page(case: ReversibilityCase, form: ChoiceForm, status: int = 200) -> Response:
    page = render_template(
        "reversibility/choice.html",
        case=case,
        **machine_words(case.choice),
        limit=warned_above(),
        form=form,
        may_choose=_may_choose(),
    )
    return make_response(page, status)


@bp.get("/<uid>/choice")
@requires(Permission.REVERSIBILITY_ASK)
def show_choice(uid: str) -> Response:
    return _page(_get(uid), ChoiceForm(formdata=None))


@bp.post("/<uid>/choice")
@requires(Permission.REVERSIBILITY_ASK)
def choose(uid: str) -> Response:
    case, form = _get(uid), ChoiceForm()
    if form.validate():
        with saving(form, "before"):
            case.choose(picked(case.choice, form.before.instant), _word(form), by=g.actor)
    if form.errors:
        return _page(_get(uid), form, 422)
    return htmx.go(url_for("reversibility.show_case", uid=uid), toast=_("La copie commence."))


def _word(form: ChoiceForm) -> str:
    """Raises Refused where somebody else than the customer has not noted what she wrote."""
    if g.actor.is_customer:
        return ""
    if not _may_choose():
        raise Refused(_("Seul le client choisit ce qui est remis, ou l'exploitant sur sa demande écrite."))
    word = (form.word.data or "").strip()
    if not word:
        raise Refused(_("Recopiez la demande écrite du client : c'est lui qui choisit."), field="word")
    return word


def _step(uid: str, verb: str, to: str, toast: str) -> Response:
    case: Any = _get(uid)
    getattr(case, verb)(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(to, uid=uid), toast=toast)


@bp.post("/<uid>/choice/request")
@requires(Permission.REVERSIBILITY_ASK)
def ask_to_choose(uid: str) -> Response:
    toast = _("La copie attendra ce choix une fois le coffre ouvert.")
    return _step(uid, "ask_to_choose", ".show_choice", toast)


@bp.post("/<uid>/choice/again")
@requires(Permission.REVERSIBILITY_ASK)
def choose_again(uid: str) -> Response:
    return _step(uid, "choose_again", "reversibility.show_case", _("Le coffre est parcouru de nouveau."))
