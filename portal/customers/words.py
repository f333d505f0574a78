"""What customers are found by, so that a search finds « … du Port » by « port » on both databases.

Words of the name and the town (also from their end, for who mistypes their beginning), the SIREN or SIRET,
telephone numbers, e-mail addresses: each is kept with the name of the customer. The index on both gives the
customers of a word, or of what it begins with, in the order of the list, however many there are.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, delete, event, exists, insert, inspect, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from portal.customers.models import Contact, Customer
from portal.db import Pathed, PathType, db
from portal.paging import count_of
from portal.search.near import backwards, is_read_backwards
from portal.search.words import address_words, begins, figures_of, words_of


class CustomerWord(Pathed, db.Model):
    """One word by which one customer is found, folded; it is as visible as the customer."""

    __tablename__ = "customer_word"
    __table_args__ = (
        Index("ix_customer_word_word", "word", "name_folded", "customer_id"),
        Index("ix_customer_word_reseller", "reseller_id", "word", "name_folded", "customer_id"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    word: Mapped[str] = mapped_column(PathType, primary_key=True)
    name_folded: Mapped[str] = mapped_column(PathType)
    reseller_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    org_path: Mapped[str] = mapped_column(PathType)


def words_of_customer(customer: Any, contacts: Iterable[Any]) -> list[str]:
    """Each once; of anything that has the columns of a customer and of her contacts."""
    number = customer.siret or customer.siren  # a SIRET begins with the SIREN
    found = [*words_of(customer.name), *words_of(customer.town), *filter(None, (number, customer.siren))]
    for contact in contacts:
        found += [*address_words(contact.email), figures_of(contact.phone or "")]
    found += map(backwards, filter(is_read_backwards, found))
    return list(dict.fromkeys(word for word in found if word))


def rows_of_words(customer: Any, contacts: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows of one customer."""
    own = {"customer_id": customer.id, "name_folded": customer.name_folded}
    own |= {"reseller_id": customer.reseller_id, "org_path": customer.org_path}
    return [own | {"word": word} for word in words_of_customer(customer, contacts)]


_KEPT = ("name", "name_folded", "reseller_id", "org_path", "town", "siren", "siret")
_KEPT_OF_A_CONTACT = ("email", "phone")
_COLUMNS = (Customer.id, *(getattr(Customer, name) for name in _KEPT))
_CONTACTS = select(Contact.email, Contact.phone).order_by(Contact.id)


@event.listens_for(Session, "after_flush")
def _keep_words(session: Any, _context: Any) -> None:
    """Write anew the words of each customer who is new or has changed, or whose contacts have."""
    changed: dict[int, bool] = {}  # by the customer's number: is she known from before?
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, Customer) and row not in session.deleted and _has_changed(row, _KEPT):
            changed[row.id] = row not in session.new
        elif isinstance(row, Contact) and (row in session.deleted or _has_changed(row, _KEPT_OF_A_CONTACT)):
            changed.setdefault(row.customer_id, True)
    for number, is_known in changed.items():
        connection = session.connection()
        if is_known:
            connection.execute(delete(CustomerWord.__table__).where(CustomerWord.customer_id == number))
        customer = connection.execute(select(*_COLUMNS).where(Customer.id == number)).one_or_none()
        contacts = connection.execute(_CONTACTS.where(Contact.customer_id == number)).all()
        if customer is not None and (rows := rows_of_words(customer, contacts)):
            connection.execute(insert(CustomerWord.__table__), rows)


def _has_changed(row: Any, names: Sequence[str]) -> bool:
    return any(inspect(row).attrs[name].history.has_changes() for name in names)


def with_words(query: Select[Any], words: list[str], *narrower: Any) -> Select[Any]:
    """Of a query of customers, those found by a word that begins with each of these.

    The rarest is looked up; its rows are joined as ``CustomerWord``, one for each customer. narrower: more
    conditions on ``CustomerWord``, under which it is looked up.
    """
    leading = _rarest(words, narrower)
    query = query.join(CustomerWord, CustomerWord.customer_id == Customer.id)
    query = query.where(begins(CustomerWord.word, leading), *narrower)
    earlier = aliased(CustomerWord)
    query = query.where(
        ~exists().where(
            earlier.customer_id == Customer.id,
            begins(earlier.word, leading),
            earlier.word < CustomerWord.word,
        )
    )
    for word in words:
        if word != leading:
            other = aliased(CustomerWord)
            query = query.where(exists().where(other.customer_id == Customer.id, begins(other.word, word)))
    return query


def _rarest(words: list[str], narrower: Sequence[Any]) -> str:
    """The word that the fewest customers have; the longest of equals, such as of those with very many."""
    longest = sorted(words, key=len, reverse=True)
    if len(longest) == 1:
        return longest[0]
    of = select(CustomerWord.customer_id).where(*narrower)
    return min(longest, key=lambda word: count_of(of.where(begins(CustomerWord.word, word))))


def ids_with_words(words: list[str]) -> Select[Any]:
    """Ids of the customers found by a word that begins with each of these."""
    return with_words(select(Customer.id), words)
