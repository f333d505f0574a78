"""The statuses of an e-invoice, as a platform numbers them, and how a message to it stands."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.eaddresses import EADDRESS_STATES
from portal.words.ereporting import EREPORT_STATES
from portal.words.look import Look

STATUSES: dict[str, Any] = {
    "200": _l("déposée"),
    "201": _l("émise"),
    "202": _l("reçue"),
    "203": _l("mise à disposition"),
    "204": _l("prise en charge"),
    "205": _l("approuvée"),
    "206": _l("approuvée partiellement"),
    "207": _l("en litige"),
    "208": _l("suspendue"),
    "209": _l("complétée"),
    "210": _l("refusée"),
    "211": _l("paiement transmis"),
    "212": _l("encaissée"),
    "213": _l("rejetée"),
}
MESSAGE_STATES: dict[str, Look] = {
    **EADDRESS_STATES,
    **EREPORT_STATES,
    "message_waiting": Look(_l("attend de partir"), "wait", "hourglass-split"),
    "message_ready": Look(_l("part"), "live", "hourglass-split"),
    "message_sent": Look(_l("envoyé à la plateforme"), "good", "check-circle"),
    "message_refused": Look(_l("refusé par la plateforme"), "bad", "exclamation-circle"),
    "message_closed": Look(_l("classé"), "plain", "slash-circle"),
}


def status_words(code: str) -> str:
    """The number and its word; the number alone where it is none of ours."""
    return f"{code} {STATUSES[code]}" if code in STATUSES else code
