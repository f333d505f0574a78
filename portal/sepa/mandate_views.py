"""The life of a mandate after its signature, for staff: another account, suspension, evidence."""

import re

from flask import Blueprint, Response, g, make_response, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.errors import Refused
from portal.sepa.account_change import ask_account
from portal.sepa.evidence_pack import build_evidence_pack
from portal.sepa.models import Mandate, open_change

bp = Blueprint("mandates", __name__, url_prefix="/sepa/mandates")


def _held(uid: str) -> Mandate:
    mandate: Mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(of=Mandate), uid)
    return mandate


def _stem(rum: str) -> str:
    """A reference as part of a file name: an imported one may hold other characters."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", rum)


def _back(mandate: Mandate, toast: str) -> Response:
    return htmx.go(url_for("sepa.show_mandate", uid=mandate.uid), toast=toast)


@bp.post("/<uid>/account-change")
@requires(Permission.MANDATE_WRITE)
def ask_for_account(uid: str) -> Response:
    mandate = _held(uid)
    ask_account(mandate, by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le lien part par e-mail ; rien ne change avant la confirmation du client."))


@bp.post("/<uid>/account-change/withdrawal")
@requires(Permission.MANDATE_WRITE)
def withdraw_change(uid: str) -> Response:
    mandate = _held(uid)
    change = open_change(mandate)
    if change is None:
        raise Refused(_("Aucun changement de compte n'attend."))
    change.withdraw(by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le changement de compte est abandonné."))


@bp.post("/<uid>/suspension")
@requires(Permission.MANDATE_HOLD)
def suspend_mandate(uid: str) -> Response:
    mandate = _held(uid)
    reason = " ".join(request.form.get("reason", "").split())
    if not reason:
        raise Refused(_("Dites pourquoi le mandat est suspendu."))
    mandate.suspend(reason[:300], by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le mandat est suspendu : plus aucun prélèvement ne part."))


@bp.post("/<uid>/resumption")
@requires(Permission.MANDATE_HOLD)
def resume_mandate(uid: str) -> Response:
    mandate = _held(uid)
    mandate.resume(by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le mandat peut de nouveau servir."))


@bp.get("/<uid>/evidence.zip")
@requires(Permission.MANDATE_PROOF)
def download_evidence(uid: str) -> Response:
    """Everything a contested debit needs, made on the spot."""
    mandate = get_or_404(Mandate.visible_to(g.actor), uid)
    response = make_response(build_evidence_pack(mandate))
    response.mimetype = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="preuves-{_stem(mandate.rum)}.zip"'
    return response
