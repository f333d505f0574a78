"""Rows that nothing refers to by number are written together, or not at all."""

import pytest
from sqlalchemy import select

from portal.db import EVERYTHING, db, scope, set_scope
from portal.journal import SYSTEM, JournalEntry, record
from portal.leaves import leaves_together
from tests.builders import House, stored


def entries() -> list[tuple[str, str]]:
    query = select(JournalEntry).where(JournalEntry.what.like("x%")).order_by(JournalEntry.id)
    return [(entry.what, entry.details.get("n", "")) for entry in db.session.scalars(query)]


def test_a_block_writes_its_rows_at_its_end_in_their_order(house: House) -> None:
    with leaves_together():
        for number in range(3):
            record(house.reseller, f"x{number}", by=SYSTEM, n=str(number))
        assert entries() == []
    assert entries() == [("x0", "0"), ("x1", "1"), ("x2", "2")]
    db.session.commit()
    record(house.reseller, "x3", by=SYSTEM)
    assert len(entries()) == 4, "outside of a block a row is added as ever"


def test_what_is_added_in_another_scope_is_written_in_that_one(house: House) -> None:
    """A word to the house above, while the rows of the house below are held together."""
    set_scope(house.reseller.org_path)
    with leaves_together():
        with scope(EVERYTHING):
            record(house.provider, "x-above", by=SYSTEM)
            db.session.flush()
        record(house.reseller, "x-below", by=SYSTEM)
    set_scope(EVERYTHING)
    assert entries() == [("x-above", ""), ("x-below", "")]


def test_an_error_drops_them(house: House) -> None:
    with pytest.raises(ZeroDivisionError), leaves_together():
        record(house.reseller, "x", by=SYSTEM)
        raise ZeroDivisionError
    db.session.commit()
    assert stored(house.reseller) and entries() == []
