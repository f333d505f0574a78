"""What happened to a ticket, for its timeline."""

from typing import Any

from flask_babel import lazy_gettext as _l

TICKETS: dict[tuple[str, str], Any] = {
    ("ticket", "open"): _l("Ticket ouvert"),
    ("ticket", "take"): _l("Pris en charge"),
    ("ticket", "let_go"): _l("Laissé à un autre"),
    ("ticket", "answer"): _l("Première réponse du support"),
    ("ticket", "ask"): _l("Question au client, délai suspendu"),
    ("ticket", "resume"): _l("Réponse du client, le délai reprend"),
    ("ticket", "resume_interrupted"): _l("Réponse du client, le délai reprend"),
    ("ticket", "confirm"): _l("Déclaration confirmée par écrit"),
    ("ticket", "interrupt"): _l("Interruption du service constatée"),
    ("ticket", "solve"): _l("Service rétabli"),
    ("ticket", "close"): _l("Clôture annoncée au client"),
    ("ticket", "contest"): _l("Clôture contestée"),
    ("ticket", "grade"): _l("Sorte ou gravité changée"),
    ("miss_telling", "decide_telling"): _l("Information des clients décidée"),
    ("ticket", "join_contract"): _l("Rattaché à un abonnement"),
    ("ticket", "post_claim"): _l("Lettre de réclamation postée"),
    ("ticket", "miss"): _l("Délai du contrat manqué"),
    ("ticket", "report"): _l("Rapport d'incident remis"),
}
