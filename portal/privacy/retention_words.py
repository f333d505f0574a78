"""The table of what is kept, in words."""

from flask_babel import lazy_gettext as _l

KINDS = {
    "sign_in_address": _l("Adresses IP et navigateurs des connexions"),
    "sign_in_attempt": _l("Essais de connexion"),
    "mail": _l("E-mails envoyés"),
    "person_request": _l("Demandes de personnes"),
    "account": _l("Accès au portail"),
    "contact": _l("Contacts de clients"),
    "mandate": _l("Mandats et leurs preuves"),
    "acceptance": _l("Conditions acceptées"),
    "invoice": _l("Factures"),
    "contract": _l("Contrats"),
    "ticket": _l("Tickets"),
    "handover_choice": _l("Choix de ce qui est rendu d'un coffre"),
    "machine_report": _l("Rapports des machines"),
    "breach_log": _l("Journaux de violations"),
    "journal": _l("Journal"),
}
SINCE = {
    "last_seen": _l("la dernière connexion"),
    "written": _l("leur écriture"),
    "answered": _l("leur réception"),
    "asked": _l("la demande d'effacement"),
    "last_debit": _l("le dernier prélèvement"),
    "contract_end": _l("la fin du contrat"),
    "closing": _l("leur clôture"),
}
