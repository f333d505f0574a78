"""What is ordered for good, in the words of the page that asks for the confirmation."""

from datetime import date
from typing import Any

from flask_babel import format_currency, format_date
from flask_babel import lazy_gettext as _l

ACTS = {
    "release": _l("Libérer une remise de prélèvements"),
    "erase": _l("Effacer les données d'un client"),
    "publish": _l("Publier une version des conditions"),
}
_LABELS = {
    "act": _l("Acte"),
    "reference": _l("Référence"),
    "customer": _l("Client"),
    "vault": _l("Coffre"),
    "entries": _l("Prélèvements"),
    "sum_cents": _l("Montant"),
    "effective_on": _l("Entre en vigueur le"),
    "sha256": _l("Empreinte SHA-256"),
}


def order_lines(order: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Label and value of each thing that a person reads; order: see ``portal.accounts.confirming``."""
    return [(label, _value(name, order[name])) for name, label in _LABELS.items() if name in order]


def _value(name: str, value: Any) -> Any:
    if name == "act":
        return ACTS.get(value, value)
    if name == "effective_on":
        return format_date(date.fromisoformat(value), "d MMMM y")
    return format_currency(value / 100, "EUR") if name == "sum_cents" else value
