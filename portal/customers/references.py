"""What a buyer's own accountants want to read on a paper: purchase order, commitment number, service code.

A customer has those that count for everything, an order and its subscription those of one purchase. A public
body that is invoiced on Chorus Pro may require them (CCP art. L2192-1, decree 2016-1478).
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.errors import Refused
from portal.wording import N_

LONGEST = 50  # characters that Chorus Pro takes
REFERENCES = {
    "purchase_order": _l("Bon de commande du client"),
    "commitment_number": _l("Numéro d'engagement"),
    "service_code": _l("Code service"),
}
_ON_PAPER = {  # beside the number and the days, where a long name does not fit
    "purchase_order": _l("Bon de commande"),
    "commitment_number": _l("N° engagement"),
    "service_code": _l("Code service"),
}
_MISSING = {
    "purchase_order": N_("%(name)s exige son numéro de bon de commande sur ses factures : saisissez-le."),
    "commitment_number": N_("%(name)s exige un numéro d'engagement sur ses factures : saisissez-le."),
    "service_code": N_("%(name)s exige un code service sur ses factures : saisissez-le."),
}


class WithReferences:
    """Columns of whatever may have such references of its own; None counts as what stands above it."""

    purchase_order: Mapped[str | None] = mapped_column(String(LONGEST))
    commitment_number: Mapped[str | None] = mapped_column(String(LONGEST))
    service_code: Mapped[str | None] = mapped_column(String(LONGEST))


def own_references(row: Any) -> dict[str, str | None]:
    """The three of this row alone, by the names of its columns."""
    return {name: getattr(row, name) for name in REFERENCES}


def references_for(customer: Any, own: Mapping[str, str | None]) -> dict[str, str]:
    """Those that a paper says: the purchase's own, else the customer's; without what neither has."""
    both = {name: own.get(name) or getattr(customer, name) for name in REFERENCES}
    return {name: value for name, value in both.items() if value}


def check_references(customer: Any, found: Mapping[str, str]) -> None:
    """Raises Refused, beside the field of its name, for a reference that the customer requires and has not.

    found: as :func:`references_for` gives them. Source: CCP art. L2192-1, decree 2016-1478.
    """
    for name in REFERENCES:
        if getattr(customer, f"requires_{name}") and name not in found:
            raise Refused(_MISSING[name], field=name, name=customer.name)


def printed_references(found: Mapping[str, str]) -> list[tuple[str, str]]:
    """Their short names in the language that is set, and their values, for the head of a paper."""
    return [(str(label), found[name]) for name, label in _ON_PAPER.items() if found.get(name)]
