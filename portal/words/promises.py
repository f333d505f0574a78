"""What may be promised to a customer beyond the reseller's purchase, in words."""

from typing import Any

from flask_babel import lazy_gettext as _l

TOPICS: dict[str, Any] = {
    "notice": _l("Dernier jour pour donner congé"),
    "end": _l("Fin du contrat, si le client part"),
    "retention": _l("Données gardées après la fin"),
    "availability": _l("Niveaux de service"),
    "liability": _l("Plafond de responsabilité"),
    "reversibility.window_days": _l("Délai pour demander ses données"),
    "reversibility.delivery_days": _l("Délai de remise des données"),
    "reversibility.delivery_business_days": _l("Délai de remise des données"),
    "price.revision_notice_months": _l("Annonce d'un nouveau prix"),
}
