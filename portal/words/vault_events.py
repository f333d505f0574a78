"""What happens to a vault from its birth on, and to tickets, as the lines of a timeline tell it."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.ticket_events import TICKETS

VAULT_EVENTS: dict[tuple[str, str], Any] = {
    **TICKETS,
    ("machine", "new_token"): _l("Nouveau jeton donné à la machine"),
    ("machine", "watch"): _l("Surveillance réglée"),
    ("machine", "unwatch"): _l("Surveillance arrêtée"),
    ("backup_review", "ask"): _l("Contrat à réévaluer : trop de changements"),
    ("backup_review", "close"): _l("Réévaluation close"),
    ("vault_store", "describe"): _l("Magasin décrit"),
    ("vault_store", "describe_again"): _l("Description du magasin changée"),
    ("vault_home", "choose"): _l("Magasin choisi"),
    ("vault_home", "open"): _l("Ouvert aux sauvegardes"),
    ("vault_home", "pause"): _l("Nouvelles sauvegardes suspendues avec le service"),
    ("vault_home", "resume"): _l("Nouvelles sauvegardes reprises"),
    ("vault_home", "close"): _l("Fermé aux sauvegardes à la fin du contrat"),
    ("vault_maintenance", "close"): _l("Accès de maintenance fermé"),
    ("subscription", "new_access"): _l("Identifiants du coffre faits"),
    ("backup_anomaly", "find"): _l("Sauvegarde anormale"),
    ("backup_anomaly", "see"): _l("Anomalie regardée"),
    ("vault", "provision"): _l("Coffre créé"),
    ("vault", "new_access"): _l("Identifiants renouvelés"),
    ("vault", "access_leaked"): _l("Identifiants signalés comme fuités, fermés et renouvelés"),
    ("vault", "show_access"): _l("Identifiants montrés"),
    ("vault", "open_maintenance"): _l("Accès de maintenance ouvert"),
    ("vault", "close_maintenance"): _l("Accès de maintenance fermé"),
    ("vault", "quota"): _l("Volume commandé presque atteint, ou dépassé"),
}
