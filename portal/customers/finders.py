"""Customers, in the search over everything."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.customers.queries import first_found
from portal.i18n import siren
from portal.search import Hit, Sought, finder


def _list(sought: Sought) -> str:
    return url_for("customers.list_customers", q=sought.text)


@finder(10, Permission.CUSTOMER_READ, _l("Clients"), more=_list)
def customers(sought: Sought) -> list[Hit]:
    return [
        Hit(
            row.name,
            url_for("customers.show_customer", uid=row.uid),
            " · ".join(filter(None, (f"{row.postcode} {row.town}", row.siren and siren(row.siren)))),
            icon="people",
        )
        for row in first_found(g.actor, sought)
    ]
