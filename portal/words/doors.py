"""What has happened at the doors through which files go to the bank and to the e-invoicing platform."""

from typing import Any

from flask_babel import lazy_gettext as _l

DOOR_EVENTS: dict[tuple[str, str], Any] = {
    ("invoice", "platform_status"): _l("La plateforme a dit où en est la facture"),
    ("legal_entity", "ereport_regime"): _l("Régime d'e-reporting saisi"),
    ("ereport", "freeze"): _l("Déclaration figée"),
    ("ereport", "send"): _l("Envoyée à la plateforme"),
    ("ereport", "refuse"): _l("Refusée par la plateforme"),
    ("ereport", "resend"): _l("Renvoyée à la plateforme"),
    ("ereport", "deposit"): _l("Déposée autrement"),
    ("platform_message", "withdraw"): _l("Retiré : déposé autrement"),
    ("eaddress_directory", "choose"): _l("Annuaire réglé"),
    ("eaddress", "choose"): _l("Adresse électronique choisie"),
    ("eaddress", "follow"): _l("Le SIREN a changé : l'adresse suit"),
    ("eaddress", "ask"): _l("Redemandée à l'annuaire"),
    ("eaddress_file", "read"): _l("Lu et enregistré"),
    ("eaddress_file", "refuse"): _l("Fichier refusé"),
    ("eaddress_file", "close"): _l("Écarté par une personne"),
    ("eaddress_file", "vanish"): _l("Retiré avant d'être lu"),
    ("platform", "choose"): _l("Plateforme réglée"),
    ("platform_message", "prepare"): _l("Part vers la plateforme"),
    ("platform_message", "send"): _l("Envoyé à la plateforme"),
    ("platform_message", "refuse"): _l("Refusé par la plateforme"),
    ("platform_message", "send_again"): _l("Renvoyé à la plateforme"),
    ("platform_message", "close"): _l("Classé"),
    ("platform_status", "close"): _l("Statut regardé"),
    ("bank_door", "open"): _l("Porte de la banque ouverte"),
    ("bank_door", "shut"): _l("Porte de la banque fermée"),
    ("door_file", "write"): _l("Déposé pour la banque"),
    ("door_file", "fetch"): _l("Enlevé par le logiciel de la banque"),
    ("door_file", "grow"): _l("Le fichier a changé, il attend de nouveau"),
    ("door_file", "break_off"): _l("Illisible tel quel, il attend"),
    ("door_file", "read"): _l("Lu et enregistré"),
    ("door_file", "refuse"): _l("Fichier refusé"),
    ("door_file", "close"): _l("Écarté par une personne"),
    ("door_file", "vanish"): _l("Retiré avant d'être lu"),
}
