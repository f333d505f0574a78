"""Lists of customers: searched by the words of their name."""

from typing import Any

from sqlalchemy import Select, select

from portal.access import RESELLER
from portal.accounts.models import Organisation, OrganisationKind
from portal.customers.models import Customer
from portal.customers.words import CustomerWord, ids_with_words, with_words, words_of
from portal.db import db, within


def search(actor: Any, text: str) -> tuple[Select[Any], tuple[Any, ...]]:
    """Customers with a word that begins with each word of the text, or whose SIREN begins so; and the keys
    of their order. Case and accents do not count.
    """
    query = Customer.visible_to(actor)
    keys: tuple[Any, ...] = (Customer.name_folded, Customer.id)
    digits = "".join(text.split())
    is_number = digits.isascii() and digits.isdigit()
    words = [] if is_number else words_of(text)
    if words:
        # In the order of the index of words: a frequent word is read page by page, never sorted.
        query = with_words(query, words)
        keys = CustomerWord.word, CustomerWord.name_folded, CustomerWord.customer_id
    if actor.role in RESELLER:
        # Equality on the reseller, so that its customers come out of the index in the order of the page.
        reseller = CustomerWord.reseller_id if words else Customer.reseller_id
        query = query.where(reseller.in_(_resellers_below(actor)))
    if is_number:
        query = query.where(Customer.siren >= digits, Customer.siren < digits + ":")
    return query, keys


def customers_named(text: str) -> Select[Any]:
    """Ids of the customers that a search by name finds; none for a text without a word."""
    words = words_of(text)
    return ids_with_words(words) if words else select(Customer.id).where(Customer.id < 0)


def _resellers_below(actor: Any) -> list[int]:
    """The actor's own organisation and the resellers under it."""
    query = select(Organisation.id).where(
        within(Organisation, actor.org_path), Organisation.kind == OrganisationKind.RESELLER
    )
    return list(db.session.scalars(query))
