"""The words of customers' names, so that a search finds « … du Port » by « port » on both databases.

A word is kept with the name that it is from: the index on both gives the customers of a word, or of what it
begins with, in the order of the list, however many there are.
"""

import re
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, and_, delete, event, exists, insert, inspect, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from portal.customers.models import Customer, fold
from portal.db import Pathed, PathType, db

_BETWEEN = re.compile(r"[\W_]+")
LONGEST = 40  # letters of a word that are kept


class CustomerWord(Pathed, db.Model):
    """One word of one customer's name, folded; it is as visible as the customer."""

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


def words_of(text: str) -> list[str]:
    """Every word once, folded, in the order in which they stand."""
    parts = (part[:LONGEST] for part in _BETWEEN.split(fold(text)))
    return list(dict.fromkeys(part for part in parts if part))


def rows_of_words(customer: Any) -> list[dict[str, Any]]:
    """The rows of one customer; of anything that has her columns."""
    own = {"customer_id": customer.id, "name_folded": customer.name_folded}
    own |= {"reseller_id": customer.reseller_id, "org_path": customer.org_path}
    return [own | {"word": word} for word in words_of(customer.name)]


_KEPT = ("name", "name_folded", "reseller_id", "org_path")


@event.listens_for(Customer, "after_insert")
@event.listens_for(Customer, "after_update")
def _keep_words(_mapper: Any, connection: Any, customer: Customer) -> None:
    if not any(inspect(customer).attrs[name].history.has_changes() for name in _KEPT):
        return
    table = CustomerWord.__table__
    connection.execute(delete(CustomerWord).where(CustomerWord.customer_id == customer.id))
    if rows := rows_of_words(customer):
        connection.execute(insert(table), rows)


def begins(column: Any, word: str) -> Any:
    """SQL condition as a range, which keeps its index on both engines."""
    return and_(column >= word, column < word + "\U0010ffff")


def with_words(query: Select[Any], words: list[str]) -> Select[Any]:
    """Of a query of customers, those whose name has a word that begins with each of these.

    The longest is looked up; its rows are joined as ``CustomerWord``, one for each customer.
    """
    leading, *others = sorted(words, key=len, reverse=True)
    query = query.join(CustomerWord, CustomerWord.customer_id == Customer.id)
    query = query.where(begins(CustomerWord.word, leading))
    earlier = aliased(CustomerWord)
    query = query.where(
        ~exists().where(
            earlier.customer_id == Customer.id,
            begins(earlier.word, leading),
            earlier.word < CustomerWord.word,
        )
    )
    for word in others:
        other = aliased(CustomerWord)
        query = query.where(exists().where(other.customer_id == Customer.id, begins(other.word, word)))
    return query


def ids_with_words(words: list[str]) -> Select[Any]:
    """Ids of the customers whose name has a word that begins with each of these."""
    return with_words(select(Customer.id), words)
