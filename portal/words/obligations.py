"""What the provider owes by a day, and what a miss opens to the customer."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.choices import TICKET_RIGHTS

DUTY_WORDS: dict[str, Any] = {
    "answer": _l("Première réponse à un ticket"),
    "fix": _l("Rétablissement du service"),
    "report": _l("Rapport d'incident"),
    "handover": _l("Remise des données"),
    "reminder": _l("Rappel de reconduction"),
    "breach": _l("Notification d'une violation de données"),
    "person": _l("Réponse à une personne sur ses données"),
    "terms": _l("Annonce de nouvelles conditions"),
    "price": _l("Annonce d'un nouveau prix"),
    "maintenance": _l("Annonce d'une maintenance"),
    "debit": _l("Annonce d'un prélèvement"),
    "erasure": _l("Effacement des données"),
    "certificate": _l("Certificat d'effacement"),
    "confirmation": _l("Confirmation écrite d'un appel, par le client"),
}
RIGHT_WORDS: dict[str, Any] = {
    **TICKET_RIGHTS,
    "leave_freely": _l("la résiliation à tout moment, sans frais"),
    "old_terms": _l("l'ancienne version continue de s'appliquer"),
    "old_price": _l("l'ancien prix continue de s'appliquer"),
    "debit_refund": _l("le remboursement du prélèvement, sur demande à la banque"),
    "erasure_proof": _l("la preuve écrite de l'effacement, à réclamer"),
    "from_confirmation": _l("la coupure compte à partir de sa confirmation écrite, et non de l'appel"),
    "downtime": _l("la coupure compte comme indisponibilité"),
    "authority": _l("une réclamation auprès de l'autorité de contrôle"),
}
