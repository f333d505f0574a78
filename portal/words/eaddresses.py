"""Where an electronic address stands, what to do about it, and how a file of lines stands."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

EADDRESS_STATES: dict[str, Look] = {
    "eaddress_good": Look(_l("dans l'annuaire"), "good", "check-circle"),
    "eaddress_unanswered": Look(_l("sans réponse de l'annuaire"), "wait", "hourglass-split"),
    "eaddress_unknown": Look(_l("inconnue de l'annuaire"), "bad", "exclamation-circle"),
    "eaddress_changed": Look(_l("retirée de l'annuaire"), "bad", "exclamation-circle"),
    "eaddress_ended": Look(_l("terminée"), "bad", "calendar-x"),
    "eaddress_coming": Look(_l("pas encore valable"), "wait", "calendar"),
    "eaddress_file_arriving": Look(_l("arrive"), "wait", "hourglass-split"),
    "eaddress_file_read": Look(_l("lu"), "good", "check-circle"),
    "eaddress_file_refused": Look(_l("refusé"), "bad", "exclamation-circle"),
    "eaddress_file_closed": Look(_l("écarté"), "plain", "slash-circle"),
    "eaddress_file_gone": Look(_l("retiré avant d'être lu"), "plain", "slash-circle"),
}

REMEDIES: dict[str, Any] = {
    "eaddress_good": _l("Rien à faire."),
    "eaddress_unanswered": _l("L'annuaire n'a encore rien dit de cette entreprise."),
    "eaddress_unknown": _l(
        "Choisissez une autre ligne ; sans ligne, demandez au client quelle est sa plateforme."
    ),
    "eaddress_changed": _l("L'annuaire ne l'a plus : choisissez une autre ligne, ou demandez-la au client."),
    "eaddress_ended": _l("Sa validité est passée : choisissez une autre ligne, ou demandez-la au client."),
    "eaddress_coming": _l("Elle vaudra plus tard : choisissez une ligne d'aujourd'hui, ou attendez."),
}


def remedy(state: str) -> Any:
    """What to do about an address that stands so."""
    return REMEDIES[state]
