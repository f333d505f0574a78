"""Several at once: people over one line, two files of one creditor, a command beside the worker."""

from datetime import date

import pytest
from flask import Flask

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.sepa.models import Collection
from portal.sepa.models.bank import BankRecord
from portal.sepa.returns.book import import_bank_file
from portal.sepa.returns.decide import match_by_hand
from tests.builders import a_house
from tests.sepa.people import a_collection, a_signed_mandate, freeze_batch, the_entity
from tests.sepa.raw_bank_files import camt
from tests.sepa.test_batch import _together
from tests.sepa.test_kinds_of_bank_files import ARRIVES, a_lot, back, unknown

pytestmark = pytest.mark.slow


def test_two_people_match_one_line_once(island: Flask, at) -> None:
    a_lot(a_house())
    at(ARRIVES)
    import_bank_file(the_entity(), camt(unknown()), "x.xml", by=SYSTEM)
    db.session.commit()

    def match(number: int) -> str:
        row = db.session.scalars(db.select(BankRecord)).one()
        debits = db.session.scalars(db.select(Collection).order_by(Collection.id)).all()
        match_by_hand(row, debits[1 + number], by=SYSTEM)
        db.session.commit()
        return "matched"

    results = _together(island, 2, match)
    set_scope(EVERYTHING)
    assert [each for each in results if each == "matched"] == ["matched"], results
    back_ = db.select(Collection).where(Collection.state == "returned")
    assert len(db.session.scalars(back_).all()) == 1


def test_two_files_that_say_the_same_at_once_say_it_once(island: Flask, at) -> None:
    lot = a_lot(a_house())
    at(ARRIVES)
    files = [camt(back(lot), unknown(), message=f"M{number}") for number in range(2)]
    db.session.rollback()

    def book(number: int) -> tuple[int, int]:
        result = import_bank_file(the_entity(), files[number], f"{number}.xml", by=SYSTEM)
        db.session.commit()
        return result.matched + result.unmatched, result.duplicates

    results = _together(island, 2, book)
    set_scope(EVERYTHING)
    assert sorted(results) == [(0, 2), (2, 0)]
    assert len(db.session.scalars(db.select(BankRecord)).all()) == 2


def test_export_beside_a_worker_tells_the_file_whoever_makes_it(island: Flask) -> None:
    a_collection(a_signed_mandate(a_house()))
    freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    db.session.commit()
    asked = ["sepa", "export", "--creditor", the_entity().uid, "--on", "2026-12-31", "--json"]
    db.session.rollback()

    def act(number: int) -> str:
        if number:
            jobs.drain()
            return "worked"
        done = island.test_cli_runner().invoke(args=asked)
        assert done.exit_code == 0, done.output
        return done.output

    told = next(each for each in _together(island, 2, act) if each != "worked")
    assert isinstance(told, str) and '"state": "exported"' in told
