"""Customers as a table for spreadsheets: one line here is one column there."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from flask_babel import lazy_gettext as _l

from portal import clock
from portal.customers.models import ContactRole, Customer
from portal.customers.particulars import PARTICULARS
from portal.words.choices import KINDS

COLUMNS: tuple[tuple[Any, Callable[[Customer], Any]], ...] = (
    (_l("Client"), lambda customer: customer.name),
    (_l("Type"), lambda customer: KINDS[customer.kind]),
    *((each.label, attrgetter(each.name)) for each in PARTICULARS),
    (_l("Numéro et rue"), lambda customer: customer.street),
    (_l("Code postal"), lambda customer: customer.postcode),
    (_l("Ville"), lambda customer: customer.town),
    (_l("Pays"), lambda customer: customer.country),
    (_l("Langue des e-mails"), lambda customer: customer.language),
    (_l("Données de santé"), lambda customer: _l("oui") if customer.health_data else _l("non")),
    (_l("Contact de facturation"), lambda customer: customer.contact(ContactRole.BILLING).name),
    (_l("Adresse e-mail"), lambda customer: customer.contact(ContactRole.BILLING).email),
    (_l("Téléphone"), lambda customer: customer.contact(ContactRole.BILLING).phone),
    (_l("Depuis"), lambda customer: clock.paris_day(customer.created_at)),
)
