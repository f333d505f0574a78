"""Where the gateway tells of its pages; nothing is read before its signature is checked."""

from flask import Blueprint, Response, abort, make_response, request

from portal.access import public
from portal.cardpay import BadEvent, gateway, is_configured
from portal.cards.models import CardPayment
from portal.cards.settling import ask_to_look
from portal.db import EVERYTHING, db, set_scope
from portal.web import csrf

bp = Blueprint("card_events", __name__)
csrf.exempt(bp)  # no cookie takes part: the signature is the only credential


@bp.post("/card-events")
@public("the payment gateway tells of its pages, under its signature")
def hear() -> Response:
    """The worker looks; told again, it looks again and changes nothing."""
    if not is_configured():
        abort(404)
    try:
        checkout_id = gateway().event(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except BadEvent:
        abort(400)
    set_scope(EVERYTHING)
    query = db.select(CardPayment).where(
        CardPayment.checkout_id == checkout_id, CardPayment.checkout_id != ""
    )
    for payment in db.session.scalars(query):
        ask_to_look(payment)
    db.session.commit()
    return make_response("", 204)
