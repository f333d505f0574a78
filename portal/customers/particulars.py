"""What identifies a customer beside the name and the address: one line here is one field everywhere.

It is typed into the onboarding form, shown on the customer's page, a column of the table and, where it is
printed, a line of the buyer's block of invoices.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.customers.references import LONGEST, REFERENCES
from portal.i18n import siren


@dataclass(frozen=True)
class Particular:
    """A column of the customer, of the same name.

    length: of a plain optional text, in characters; 0 where the form has a field of its own with its checks.
    printed: how invoices say it (``%(value)s``), "" where they do not; an issued one keeps what it said.
    """

    name: str
    label: Any
    length: int = 0
    printed: Any = ""
    shown: Callable[[str], str] = str


PARTICULARS = (
    Particular("siren", _l("SIREN"), printed=_l("SIREN %(value)s"), shown=siren),
    Particular("siret", _l("SIRET")),
    Particular("vat_number", _l("Numéro de TVA"), printed=_l("TVA %(value)s")),
    *(Particular(name, label, length=LONGEST) for name, label in REFERENCES.items()),
    Particular("partner_reference", _l("Référence du revendeur"), length=60),  # in its own systems
)
PRINTED = tuple(each for each in PARTICULARS if each.printed)
