"""The address that a brand writes from: given, taken away, and looked at now."""

from flask import Blueprint, Response, abort, g, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.forms import WHOLE, saving
from portal.resellers.brand_views import SenderForm, brand_page
from portal.resellers.reseller import Reseller
from portal.resellers.sender import Sender, check_sender, is_offered, set_sender
from portal.resellers.sender_rules import SenderState

bp = Blueprint("brand_senders", __name__, url_prefix="/resellers/<uid>/brand/sender")


def _reseller(uid: str) -> Reseller:
    """Where the provider has not said what a domain must publish there is nothing to give."""
    found: Reseller = get_or_404(Reseller.visible_to(g.actor), uid)
    if not is_offered():
        abort(404)
    return found


@bp.post("")
@requires(Permission.BRAND_WRITE)
def change(uid: str) -> Response:
    reseller, form = _reseller(uid), SenderForm()
    if form.validate():
        with saving(form, WHOLE):
            changed = set_sender(reseller.organisation, form.address.data or "", by=g.actor)
    if form.errors or form.form_errors:
        return brand_page(_reseller(uid), sender_form=form, status=422)
    toast = _("L'adresse d'expéditeur est enregistrée.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for("brand_pages.edit", uid=uid, _anchor="sender"), toast=toast)


@bp.post("/check")
@requires(Permission.BRAND_WRITE)
def check(uid: str) -> Response:
    sender = Sender.of(_reseller(uid).organisation) or abort(404)
    form = SenderForm(formdata=None)
    with saving(form, WHOLE):
        check_sender(sender, by=g.actor)
    right = _("Le DNS est juste : les e-mails partent de cette adresse.")
    toast = right if sender.state == SenderState.RIGHT else _("Le DNS a été interrogé.")
    return htmx.go(url_for("brand_pages.edit", uid=uid, _anchor="sender"), toast=toast)
