"""The monthly freeze of a creditor."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.sepa.models import Batch
from tests.builders import House
from tests.conftest import MONDAY
from tests.sepa.people import a_collection, a_signed_mandate, the_entity


def run() -> list[Batch]:
    db.session.commit()
    jobs.run_periodic()
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(Batch)))


def test_off_by_default(house: House) -> None:
    a_collection(a_signed_mandate(house))
    assert the_entity().freeze_day is None
    assert run() == []


@pytest.mark.parametrize(("day", "count"), [(23, 1), (18, 1), (17, 0), (24, 0)])
def test_on_its_day_and_five_days_after(house: House, day: int, count: int) -> None:
    a_collection(a_signed_mandate(house))
    the_entity().freeze_day = day
    assert len(run()) == count


def test_the_31st_is_the_last_day_of_a_short_month(house: House, at) -> None:
    a_collection(a_signed_mandate(house))
    the_entity().freeze_day = 31
    assert run() == []
    at(MONDAY + timedelta(days=7))
    assert len(run()) == 1


def test_once_a_month_and_finance_is_told(house: House, at) -> None:
    mandate = a_signed_mandate(house)
    a_collection(mandate)
    the_entity().freeze_day = 23
    (batch,) = run()
    assert batch.frozen_by_id is None
    mail = db.session.scalars(select(Mail).where(Mail.subject_uid == batch.uid)).one()
    assert mail.recipient == house.finance.email
    assert f"/sepa/batches/{batch.uid}" in mail.body
    a_collection(mandate, source_uid="later")
    at(MONDAY + timedelta(hours=2))
    assert len(run()) == 1


def test_what_is_due_after_the_next_time_waits(house: House) -> None:
    row = a_collection(a_signed_mandate(house))
    row.due_on = date(2026, 12, 23)
    the_entity().freeze_day = 23
    assert run() == []
