"""What has happened to a running contract and its start, as the lines of a timeline tell it."""

from typing import Any

from flask_babel import lazy_gettext as _l

CHANGES: dict[tuple[str, str], Any] = {
    ("subscription", "take_back_notice"): _l("Résiliation reprise d'un commun accord"),
    ("subscription", "take_back_suspended"): _l("Résiliation reprise d'un commun accord"),
    ("subscription", "follow_service"): _l("Engagement du service noté"),
    ("subscription", "correct_letter"): _l("Jour de la lettre corrigé"),
    ("notice_reversal", "ask"): _l("Reprise de la résiliation demandée"),
    ("notice_reversal", "agree"): _l("Accord donné"),
    ("notice_reversal", "refuse"): _l("Accord refusé"),
    ("notice_reversal", "cancel"): _l("Demande retirée"),
    ("subscription", "change_agreed"): _l("Changement convenu"),
    ("subscription", "change"): _l("Changement entré en vigueur"),
    ("subscription", "wish_means"): _l("Autre moyen de paiement demandé"),
    ("subscription", "agree_means"): _l("Autre moyen de paiement convenu"),
    ("subscription", "take_means"): _l("Nouveau moyen de paiement en vigueur"),
    ("subscription", "drop_means"): _l("Demande d'un autre moyen de paiement close"),
    ("subscription_change", "ask"): _l("Changement demandé"),
    ("subscription_change", "send_link"): _l("Lien de signature envoyé"),
    ("subscription_change", "agree"): _l("Changement convenu"),
    ("subscription_change", "carry_out"): _l("Changement entré en vigueur"),
    ("subscription_change", "refuse"): _l("Changement refusé par le client"),
    ("subscription_change", "cancel"): _l("Changement annulé"),
    ("activation_key", "set_seats"): _l("Nombre de postes changé avec la quantité"),
    ("customer_order", "note_start"): _l("Signature ou première connexion notée"),
}
