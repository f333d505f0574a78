"""The services that contracts name, and how a day of theirs is known."""

from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _l

SERVICES: dict[str, Any] = {
    "service": _l("Service de sauvegarde"),
    "access": _l("Accès au service"),
    "region": _l("Région"),
    "zone": _l("Zone de disponibilité"),
    "network": _l("Réseau interne"),
    "internet_services": _l("Services accessibles par Internet"),
    "metadata": _l("Métadonnées"),
    "internet": _l("Accès à Internet"),
    "firewall": _l("Pare-feu"),
    "order_api": _l("API de commande"),
    "load_balancer": _l("Répartiteur de charge"),
    "object_storage": _l("Stockage objet"),
    "volume": _l("Volumes"),
    "snapshot": _l("Instantanés"),
    "iops": _l("Débit des volumes"),
    "bare_metal": _l("Serveurs dédiés"),
    "virtual_machine": _l("Machines virtuelles"),
    "vm_api": _l("API des machines virtuelles"),
}
CAUSES: dict[str, Any] = {
    "incident": _l("Incident"),
    "emergency": _l("Intervention d'urgence (faille critique, attaque massive)"),
    "force_majeure": _l("Force majeure (les commandes à durée déterminée sont prorogées)"),
}
CAPS: dict[str, Any] = {
    "": _l("Aucun plafond n'est atteint."),
    "invoice": _l("Plafonné à une part de la facture du mois (003-31)."),
    "mean_month": _l("Plafonné au chiffre d'affaires mensuel moyen (003-76)."),
    "overdue": _l("Perdu : un paiement était en retard ce mois-là (003-33)."),
}


def service_word(name: str) -> str:
    """A service by its name for people; a new one of a later version by its own."""
    return str(SERVICES.get(name, name))


def services_words(names: list[str]) -> str:
    return ", ".join(service_word(name) for name in names)


def exact_percent(value: Decimal | str) -> str:
    """A percent with all the digits that the contract gives, or four of what was measured."""
    return f"{format_decimal(Decimal(value), '0.####')}\u202f%"
