"""Lists of customers: searched by what they are found by."""

from typing import Any

from flask import g
from sqlalchemy import Select, select

from portal.access import RESELLER
from portal.customers.models import Customer
from portal.customers.words import CustomerWord, ids_with_words, with_words
from portal.db import db
from portal.listing import Near
from portal.paging import first_of
from portal.search import Sought
from portal.search.keys import resellers_below
from portal.search.near import backwards, may_be_mistyped, words_near
from portal.search.registry import AT_MOST
from portal.search.words import terms_of

_OFFERED = 4  # texts near the one that was typed
_END = 4  # signs by which a word is found from its end


def living(actor: Any) -> Select[Any]:
    """Customers in scope that are not put away."""
    return Customer.visible_to(actor).where(Customer.archived_at.is_(None))


def own_customer() -> Customer | None:
    """The record of the acting person's own house, where that is a customer's."""
    query = Customer.visible_to(g.actor).where(Customer.organisation_id == g.actor.organisation_id)
    found: Customer | None = db.session.scalars(query).one_or_none()
    return found


def search(actor: Any, text: str) -> tuple[Select[Any], tuple[Any, ...]]:
    """Customers found by each word of the text: of the name or the town, an e-mail address, the SIREN, the
    SIRET or a telephone number, with blanks or without; and the keys of their order.

    Words count by their beginning; where nobody is found, by their end, then with one mistake forgiven.
    """
    words, _near = _looked_up(actor, text)
    return _search(actor, words)


def near_text(actor: Any, text: str) -> Near | None:
    """What is looked up in place of a text that finds nobody; None where it does, or nothing is near it."""
    return _looked_up(actor, text)[1]


def _looked_up(actor: Any, text: str) -> tuple[list[str], Near | None]:
    words = terms_of(text)
    if not words or _finds(actor, words):
        return words, None
    ends = [word if len(word) < _END or _finds(actor, [word]) else backwards(word) for word in words]
    if ends != words and _finds(actor, ends):
        return ends, None
    mistyped = filter(may_be_mistyped, words)
    found = [each for word in mistyped for each in _without_mistake(actor, words, word)]
    if not found:
        return words, None
    return found[0], Near(" ".join(found[0]), [" ".join(each) for each in found[1:_OFFERED]])


def _without_mistake(actor: Any, words: list[str], word: str) -> list[list[str]]:
    """The words that find somebody once one of them is put right."""
    near = words_near(word, CustomerWord.word, *_narrower(actor, CustomerWord.reseller_id))
    texts = ([each if given == word else given for given in words] for each in near)
    return [text for text in texts if _finds(actor, text)][:_OFFERED]


def _finds(actor: Any, words: list[str]) -> bool:
    query, _keys = _search(actor, words)
    return bool(db.session.scalar(select(query.with_only_columns(Customer.id).exists())))


def _narrower(actor: Any, of: Any) -> list[Any]:
    return [of.in_([each.id for each in resellers_below(actor)])] if actor.role in RESELLER else []


def _search(actor: Any, words: list[str]) -> tuple[Select[Any], tuple[Any, ...]]:
    query = living(actor)
    if actor.is_customer:
        query = query.where(Customer.organisation_id == actor.organisation_id)
    # Equality on the reseller, so that its customers come out of the index in the order of the page.
    narrower = _narrower(actor, CustomerWord.reseller_id if words else Customer.reseller_id)
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
        words, sought.near = _looked_up(actor, sought.text)
        query, keys = _search(actor, words)
        return first_of(query.order_by(*keys), AT_MOST)

    return sought.once("customers", ask)
