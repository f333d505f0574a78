"""The customer's answer to what was handed over: accept, with a choice, or contest.

Two doors to the same room: the signed link with its code, and the customer's own space.
"""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for

from portal import clock
from portal.access import Permission, get_or_404, public, requires
from portal.actor import Actor
from portal.db import db
from portal.engine.handed_over import link_with_code
from portal.engine.models import Person
from portal.engine.panels import fetch_panel
from portal.links import SignedLink
from portal.panels import Panel
from portal.reversibility.forms import AcceptanceForm, ContestForm
from portal.reversibility.models import CaseState, Reason, ReversibilityCase, find_case
from portal.reversibility.price import accept_quote

bp = Blueprint("answer", __name__)


def answer_context(
    case: ReversibilityCase, accept: AcceptanceForm | None = None, contest: ContestForm | None = None
) -> dict[str, Any]:
    """What ``reversibility/_answer.html`` needs besides the two addresses."""
    waiting = case.state == CaseState.REQUESTED and case.reason == Reason.DESTROY
    ends_on = case.subscription.ends_on
    return {
        "accept": accept or AcceptanceForm(formdata=None),
        "contest": contest or ContestForm(formdata=None),
        "to_answer": case.state == CaseState.READY or waiting,
        "runs_on": ends_on if ends_on and ends_on > clock.today() else None,
    }


@fetch_panel()
def handover_panel(link: SignedLink) -> Panel | None:
    case = find_case(link.subject_uid)
    return Panel("reversibility/_fetch.html", {"case": case, **answer_context(case)}) if case else None


def _by_link(token: str) -> tuple[ReversibilityCase, Person]:
    link = link_with_code(token)
    return find_case(link.subject_uid) or abort(404), Person(link.recipient)


def _accept(case: ReversibilityCase, by: Actor) -> AcceptanceForm | None:
    """Commit the acceptance; the form comes back when it is not complete."""
    form = AcceptanceForm()
    if not form.validate():
        return form
    case.accept(erase_now=form.when.data == "now", by=by, address=request.remote_addr or "")
    db.session.commit()
    return None


def _contest(case: ReversibilityCase, by: Actor) -> ContestForm | None:
    form = ContestForm()
    if not form.validate():
        return form
    case.contest(form.reason.data, by=by)
    db.session.commit()
    return None


def _accept_quote(case: ReversibilityCase, by: Actor) -> None:
    accept_quote(case, by=by, address=request.remote_addr or "")
    db.session.commit()


@bp.post("/fetch/<token>/quote")
@public("the customer's link, after the code")
def accept_quote_by_link(token: str) -> Response:
    case, person = _by_link(token)
    _accept_quote(case, person)
    return make_response(redirect(url_for("fetch.show", token=token), 303))


@bp.post("/reversibility/<uid>/quote-acceptance")
@requires(Permission.REVERSIBILITY_ACCEPT)
def accept_own_quote(uid: str) -> Response:
    case = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    _accept_quote(case, g.actor)
    return make_response(redirect(url_for("reversibility.show_case", uid=uid), 303))


def _refused(case: ReversibilityCase, token: str, **forms: Any) -> Response:
    page = render_template(
        "reversibility/answer.html", case=case, token=token, **answer_context(case, **forms)
    )
    return make_response(page, 422)


@bp.post("/fetch/<token>/acceptance")
@public("the customer's link, after the code")
def accept(token: str) -> Response:
    case, person = _by_link(token)
    if form := _accept(case, person):
        return _refused(case, token, accept=form)
    return make_response(redirect(url_for("fetch.show", token=token), 303))


@bp.post("/fetch/<token>/contestation")
@public("the customer's link, after the code")
def contest(token: str) -> Response:
    case, person = _by_link(token)
    if form := _contest(case, person):
        return _refused(case, token, contest=form)
    return make_response(redirect(url_for("fetch.show", token=token), 303))


@bp.post("/reversibility/<uid>/acceptance")
@requires(Permission.REVERSIBILITY_ACCEPT)
def accept_own(uid: str) -> Response:
    case = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    if form := _accept(case, g.actor):
        return _own(case, accept=form)
    return make_response(redirect(url_for("reversibility.show_case", uid=uid), 303))


@bp.post("/reversibility/<uid>/contestation")
@requires(Permission.REVERSIBILITY_ACCEPT)
def contest_own(uid: str) -> Response:
    case = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    if form := _contest(case, g.actor):
        return _own(case, contest=form)
    return make_response(redirect(url_for("reversibility.show_case", uid=uid), 303))


def _own(case: ReversibilityCase, **forms: Any) -> Response:
    return _refused(case, "", **forms)
