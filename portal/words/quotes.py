"""What has happened to quotes, and to the services that come of orders, in words."""

from typing import Any

from flask_babel import lazy_gettext as _l

QUOTE_EVENTS: dict[tuple[str, str], Any] = {
    ("customer_order", "size"): _l("Fiche de dimensionnement enregistrée"),
    ("customer_order", "hand_over"): _l("Service remis à son responsable"),
    ("quote", "draft"): _l("Devis commencé"),
    ("quote", "change"): _l("Devis modifié"),
    ("quote", "add_line"): _l("Offre ajoutée au devis"),
    ("quote", "remove_line"): _l("Offre retirée du devis"),
    ("quote", "wish"): _l("Condition particulière écrite"),
    ("quote", "drop_wish"): _l("Condition particulière retirée"),
    ("quote", "agree"): _l("Conditions particulières approuvées par le fournisseur"),
    ("quote", "send"): _l("Devis envoyé"),
    ("quote", "resend"): _l("Nouveau lien du devis envoyé"),
    ("quote", "accept"): _l("Devis accepté avec un code"),
    ("quote", "refuse"): _l("Devis refusé"),
    ("quote", "expire"): _l("Devis expiré sans réponse"),
    ("quote", "withdraw"): _l("Devis retiré"),
    ("quote", "order"): _l("Commandes du devis passées"),
    ("quote", "hold"): _l("Commandes du devis retenues"),
    ("quote", "go_on"): _l("Commandes du devis reprises par une personne"),
}
