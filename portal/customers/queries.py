"""Lists of customers: searched by what they are found by."""

from typing import Any

from sqlalchemy import Select, select

from portal.access import RESELLER
from portal.customers.models import Customer
from portal.customers.words import CustomerWord, ids_with_words, with_words
from portal.db import db
from portal.listing import Near
from portal.paging import first_of
from portal.search import Sought
from portal.search.keys import resellers_below
from portal.search.near import may_be_mistyped, words_near
from portal.search.registry import AT_MOST
from portal.search.words import terms_of

_OFFERED = 4  # texts near the one that was typed


def living(actor: Any) -> Select[Any]:
    """Customers in scope that are not put away."""
    return Customer.visible_to(actor).where(Customer.archived_at.is_(None))


def search(actor: Any, text: str) -> tuple[Select[Any], tuple[Any, ...]]:
    """Customers found by each word of the text: of the name or the town, an e-mail address, the beginning
    of the SIREN, the SIRET or a telephone number, with blanks or without; and the keys of their order.
    Where nobody is found, one typing mistake is forgiven.
    """
    near = near_text(actor, text)
    return _search(actor, near.text if near else text)


def near_text(actor: Any, text: str) -> Near | None:
    """What is looked up in place of a text that finds nobody; None where it does, or nothing is near it."""
    words = terms_of(text)
    if not any(map(may_be_mistyped, words)) or _finds(actor, text):
        return None
    found = [each for word in filter(may_be_mistyped, words) for each in _without_mistake(actor, words, word)]
    return Near(found[0], found[1:_OFFERED]) if found else None


def _without_mistake(actor: Any, words: list[str], word: str) -> list[str]:
    """The texts that find somebody once one word is put right."""
    near = words_near(word, CustomerWord.word, *_narrower(actor, CustomerWord.reseller_id))
    texts = (" ".join(each if given == word else given for given in words) for each in near)
    return [text for text in texts if _finds(actor, text)][:_OFFERED]


def _finds(actor: Any, text: str) -> bool:
    query, _keys = _search(actor, text)
    return bool(db.session.scalar(select(query.with_only_columns(Customer.id).exists())))


def _narrower(actor: Any, of: Any) -> list[Any]:
    return [of.in_([each.id for each in resellers_below(actor)])] if actor.role in RESELLER else []


def _search(actor: Any, text: str) -> tuple[Select[Any], tuple[Any, ...]]:
    query = living(actor)
    if actor.is_customer:
        query = query.where(Customer.organisation_id == actor.organisation_id)
    words = terms_of(text)
    # Equality on the reseller, so that its customers come out of the index in the order of the page.
    of = CustomerWord.reseller_id if words else Customer.reseller_id
    narrower = _narrower(actor, of)
    if not words:
        return query.where(*narrower), (Customer.name_folded, Customer.id)
    # In the order of the index of words: a frequent word is read page by page, never sorted.
    keys = CustomerWord.word, CustomerWord.name_folded, CustomerWord.customer_id
    return with_words(query, words, *narrower), keys


def customers_named(text: str) -> Select[Any]:
    """Ids of the customers that a search finds; none for a text without a word."""
    words = terms_of(text)
    return ids_with_words(words) if words else select(Customer.id).where(Customer.id < 0)


def first_found(actor: Any, sought: Sought) -> list[Customer]:
    """The few customers that a search over everything shows, and whose records it shows too."""

    def ask() -> list[Customer]:
        if not sought.terms:
            return []
        sought.near = near_text(actor, sought.text)
        query, keys = _search(actor, sought.near.text if sought.near else sought.text)
        return first_of(query.order_by(*keys), AT_MOST)

    return sought.once("customers", ask)
