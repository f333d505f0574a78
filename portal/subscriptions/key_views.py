"""A whole key, for who installs a machine and has its owner on the phone: asked who she is, and noted."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from sqlalchemy.orm import joinedload

from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.journal import record_taking
from portal.licensing.models import ActivationKey

bp = Blueprint("keys", __name__, url_prefix="/keys")


@bp.post("/<uid>/reading")
@requires(Permission.LICENSE_REVEAL)
def reveal(uid: str) -> Response:
    query = ActivationKey.visible_to(g.actor).options(joinedload(ActivationKey.customer))
    key: ActivationKey = get_or_404(query, uid)
    if asking := confirm_first(url_for("subscriptions.list_keys")):
        return asking
    page = render_template("subscriptions/key.html", key=key)
    record_taking(key, "reveal", by=g.actor)
    return make_response(page)
