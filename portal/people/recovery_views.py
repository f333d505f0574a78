"""Letting somebody in again who has lost her second factor: asked on her page, answered there by another."""

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import User
from portal.db import db
from portal.people.recovery import FactorRecovery, ask_recovery, open_recovery
from portal.people.views import bp


def _person(uid: str) -> User:
    user: User = get_or_404(User.visible_to(g.actor), uid)
    return user


@bp.post("/people/<uid>/recovery")
@requires(Permission.PEOPLE_WRITE)
def ask_for_recovery(uid: str) -> Response:
    user, here = _person(uid), url_for(".show_person", uid=uid)
    if asking := confirm_first(here):
        return asking
    ask_recovery(user, by=g.actor)
    db.session.commit()
    return htmx.go(here, toast=_("C'est demandé : une deuxième personne doit l'accorder sous trois jours."))


@bp.post("/people/<uid>/recovery/answer")
@requires(Permission.PEOPLE_WRITE)
def answer_recovery(uid: str) -> Response:
    user, here = _person(uid), url_for(".show_person", uid=uid)
    if asking := confirm_first(here):
        return asking
    row = open_recovery(user, of=FactorRecovery) or abort(404)
    agrees = request.form.get("answer") == "agree"
    (row.agree if agrees else row.refuse)(by=g.actor)
    db.session.commit()
    yes, no = _("C'est accordé : la personne reçoit un lien."), _("C'est refusé : rien n'a changé.")
    return htmx.go(here, toast=yes if agrees else no)
