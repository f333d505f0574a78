"""What each operation does, for people who read the page; the description for programs is in English."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

OPERATIONS: Mapping[str, Any] = {
    "GET subscriptions": _l("Les abonnements, en cours ou non, du plus ancien au plus récent."),
    "GET subscriptions/{uid}": _l("Un abonnement, avec le prix de sa prochaine période à ce jour."),
    "GET keys": _l("Les clés et leurs postes ; une clé entière ne se lit que sur sa page."),
    "GET keys/{uid}": _l("Une clé, ses postes et les machines qui en tiennent un."),
    "GET mandates": _l("Les mandats et leur état ; du compte, les deux bouts du numéro."),
    "GET mandates/{uid}": _l("L'état d'un mandat."),
    "GET usage": _l("Ce qui est facturable d'un mois, client par client, avec votre référence de chacun."),
    "GET customers": _l("Les clients qui ne sont pas archivés, du plus ancien au plus récent."),
    "POST customers": _l("Enregistrer un client ; avec terms, son signataire reçoit le contrat à accepter."),
    "GET customers/{uid}": _l("Un client, archivé ou non."),
    "PATCH customers/{uid}": _l("Changer ce qui est nommé ; ce qui était écrit avant est gardé."),
    "GET events": _l("Le journal, du plus ancien au plus récent ; reprenez ensuite au dernier curseur."),
    "GET invoices": _l("Les factures, de la plus ancienne à la plus récente."),
    "GET invoices/{uid}": _l("Une facture, ses lignes et ce qui en reste dû."),
    "GET invoices/{uid}/pdf": _l("Le papier tel qu'il a été émis ; le journal note qu'il a été pris."),
    "GET credit-notes": _l("Les avoirs, du plus ancien au plus récent ; un montant est repris."),
    "GET credit-notes/{uid}": _l("Un avoir, et ce qu'il reprend de chaque ligne de sa facture."),
    "GET credit-notes/{uid}/pdf": _l("Le papier de l'avoir tel qu'il a été émis ; sa lecture est notée."),
    "GET customers/{uid}/offers": _l("Ce qui se vend à ce client aujourd'hui, et sinon pourquoi."),
    "GET orders": _l("Les commandes, de la plus ancienne à la plus récente."),
    "POST orders": _l("Commander au prix du jour, selon les règles de la page."),
    "GET orders/{uid}": _l("Une commande, son état et ses montants."),
    "GET tickets": _l("Les tickets, du plus ancien au plus récent."),
    "POST tickets": _l("Ouvrir un ticket qu'un contact du client a demandé (004-12)."),
    "GET tickets/{uid}": _l("Un ticket et ce qui s'y est écrit."),
    "POST tickets/{uid}/answers": _l("Répondre au client, par e-mail."),
}


def words_of(method: str, path: str) -> Any:
    """In the reader's language. Raises KeyError for an operation that nobody has described."""
    return OPERATIONS[f"{method.upper()} {path.split('/', 4)[4]}"]
