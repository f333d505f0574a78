"""Who is on the telephone: the customer is found, then the caller among her contacts, or nobody of hers."""

from typing import Any

from flask import g
from flask_babel import gettext as _

from portal.actor import Actor
from portal.customers.models import Customer
from portal.customers.queries import search
from portal.db import commits, db
from portal.journal import record
from portal.paging import first_of

NOT_AUTHORISED = "none"
_FOUND = 12  # customers that a search shows; the page says when there are more


def found_for(text: str) -> tuple[list[Customer], bool]:
    """The first customers that a search finds, and whether there are more; none for no text."""
    if not text:
        return [], False
    query, keys = search(g.actor, text)
    found = first_of(query.order_by(*keys), _FOUND + 1)
    return found[:_FOUND], len(found) > _FOUND


def offer_callers(field: Any, customer: Customer) -> None:
    """Each person of the file once, with the number to compare, and somebody else.

    Source: 004-12.
    """
    people: dict[str, Any] = {}
    for one in customer.contacts:
        people.setdefault(one.name, one)
    none = _("aucun numéro au dossier")
    named = [(one.uid, f"{one.name} · {one.phone or none}") for one in people.values()]
    field.choices = [*named, (NOT_AUTHORISED, _("Quelqu'un d'autre"))]


@commits
def refuse_caller(customer: Customer, *, by: Actor) -> None:
    """Nothing is opened for somebody who is no contact of hers; that it was asked is noted.

    Source: 004-12.
    """
    record(customer, "refuse_call", by=by)
    db.session.commit()


def check_called_back(form: Any) -> None:
    """A form that is right but for the call back says so beside its box."""
    if form.validate() and not form.called_back.data:
        form.called_back.errors = [_("Rappelez-la au numéro du dossier avant de continuer.")]
