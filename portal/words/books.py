"""What the proof of the books may find, in words."""

from typing import Any

from flask_babel import lazy_gettext as _l

FAULTS: dict[str, Any] = {
    "edited": _l("changé après son émission"),
    "missing": _l("manque dans la suite"),
    "inserted": _l("ajouté sans que la suite l'ait donné"),
    "broken": _l("ne suit pas ce qui le précède"),
    "remade": _l("n'est plus ce que la vérification d'avant a lu : la chaîne a été refaite"),
    "unlinked": _l("n'est pas dans la chaîne"),
    "paper": _l("le fichier n'est plus celui qui a été gardé"),
}
KINDS: dict[str, Any] = {
    "invoice": _l("Factures émises"),
    "credit_note": _l("Avoirs émis"),
    "refund": _l("Remboursements faits"),
}
PAID: dict[str, Any] = {
    "received": _l("Paiements reçus"),
    "returned": _l("Prélèvements revenus"),
    "set_off": _l("Compensations"),
    "let_go": _l("Écarts abandonnés"),
}
