"""The customer's own bucket: asked for in the customer's space, approved by the provider."""

from flask import Response, g, url_for
from flask_babel import gettext as _

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.reversibility.forms import TargetForm
from portal.reversibility.models import ReversibilityCase
from portal.reversibility.own_bucket import PUSH, HandoverTarget, ask_target, target_of
from portal.reversibility.views import bp, show


@bp.post("/<uid>/target")
@requires(Permission.REVERSIBILITY_ACCEPT)
def ask_for_target(uid: str) -> Response:
    case, form = get_or_404(ReversibilityCase.visible_to(g.actor), uid), TargetForm()
    names = ("endpoint", "bucket", "prefix", "access_key", "secret_key")
    if form.validate():
        with saving(form):
            ask_target(case, **{name: form[name].data or "" for name in names}, by=g.actor)
    if form.errors:
        return show(case, 422, target_form=form)
    return htmx.go(url_for(".show_case", uid=uid), toast=_("Noté : votre interlocuteur doit l'approuver."))


def _target(uid: str) -> HandoverTarget:
    case = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    target = target_of(case)
    if target is None:
        raise Refused(_("Aucun espace de stockage n'est indiqué."))
    return target


@bp.post("/<uid>/target/approval")
@requires(Permission.REVERSIBILITY_ERASE)
def approve_target(uid: str) -> Response:
    if asking := confirm_first(url_for(".show_case", uid=uid)):
        return asking
    target = _target(uid)
    if target.can("approve"):
        target.approve(by=g.actor)
    else:
        jobs.resume(PUSH, target.uid)  # it failed, and somebody has repaired the cause
    db.session.commit()
    return htmx.go(url_for(".show_case", uid=uid), toast=_("La copie part vers l'espace du client."))


@bp.post("/<uid>/target/withdrawal")
@requires(Permission.REVERSIBILITY_ASK)
def withdraw_target(uid: str) -> Response:
    _target(uid).withdraw(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_case", uid=uid), toast=_("Abandonné ; les clés d'accès sont oubliées."))
