"""What may be promised to a customer beyond the reseller's purchase, in words."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.term_keys import TERM_KEYS

TOPICS: dict[str, Any] = {
    "notice": _l("Dernier jour pour donner congé"),
    "end": _l("Fin du contrat, si le client part"),
    "retention": _l("Données gardées après la fin"),
    "availability": _l("Niveaux de service"),
    "liability": _l("Plafond de responsabilité"),
    **{
        key: TERM_KEYS[key]
        for key in (
            "reversibility.window_days",
            "reversibility.delivery_days",
            "reversibility.delivery_business_days",
            "price.revision_notice_months",
        )
    },
}
