"""What has happened at the doors through which files go to the bank and come from it."""

from typing import Any

from flask_babel import lazy_gettext as _l

DOOR_EVENTS: dict[tuple[str, str], Any] = {
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
