"""What a copy will hold: looked at and chosen before it begins, by the customer or at her written word."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
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
from portal.reversibility.choosing import LEFT_OUT, HandoverChoice, warned_above
from portal.reversibility.groups import same_machines
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
    choice = case.choice
    groups = choice.groups if choice else []
    page = render_template(
        "reversibility/choice.html",
        case=case,
        choice=choice,
        groups=groups,
        machines=same_machines(groups),
        typed=[request.form.get(f"point-{position}") for position in range(len(groups))],
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
            case.choose(_picked(case.choice, form), _word(form), by=g.actor)
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


def _picked(choice: HandoverChoice | None, form: ChoiceForm) -> list[str]:
    """An id for each group, as it was typed."""
    groups = choice.groups if choice else []
    picked = [request.form.get(f"point-{n}", group.points[0].id) for n, group in enumerate(groups)]
    for number, positions in enumerate(same_machines(groups)):
        if request.form.get(f"one-{number}"):
            for position in positions[1:]:
                picked[position] = LEFT_OUT
    if (at := form.before.instant) is None:
        return picked
    for position, group in enumerate(groups):
        if picked[position] == group.points[0].id:
            point = group.last_before(at)
            if point is None:
                raise Refused(
                    _("« %(machine)s » n'a aucun point aussi ancien : choisissez le sien."),
                    field="before",
                    machine=group.label,
                )
            picked[position] = point.id
    return picked


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
