"""The share of the debits that come back, by month of their due date and by reason."""

from datetime import date

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models import Batch, Collection, CollectionState
from portal.sepa.models.batch import BatchMonth, BatchState
from portal.sepa.returns.rates import batches_that_differ, monthly_rates
from tests.builders import House, work
from tests.sepa.people import a_collection, a_signed_mandate, freeze_batch, the_entity


def some_history(house: House) -> None:
    mandate = a_signed_mandate(house)
    rows: list[Collection] = []
    months = [
        (date(2026, 10, 5), ["AM04", "AM04", "MD06", None]),
        (date(2026, 11, 5), [None, None, None, "AM04"]),
        (date(2025, 11, 5), ["MD01"]),
    ]
    for due_on, reasons in months:
        for number, reason in enumerate(reasons):
            row = a_collection(mandate, source_uid=f"{due_on}-{number}")
            row.due_on, row.state = due_on, CollectionState.SETTLED
            rows.append(row)
            if reason:
                row.come_back(due_on, reason, by=SYSTEM)
    a_collection(mandate, source_uid="announced").due_on = date(2026, 11, 30)  # not presented yet
    early = a_collection(mandate, source_uid="early")
    early.due_on, early.state = date(2026, 12, 7), CollectionState.ACCEPTED
    rows.append(early)
    handed_in(rows)


def handed_in(rows: list[Collection]) -> Batch:
    """A batch of these debits, whatever became of them since."""
    entity = rows[0].legal_entity
    batch = Batch(
        organisation=entity.organisation,
        legal_entity=entity,
        scheme="CORE",
        state=BatchState.MAKING,
        msg_id=f"REM-{rows[0].uid}",
        frozen_on=clock.today(),
        count=len(rows),
        total_cents=0,
    )
    db.session.add(batch)
    db.session.flush()
    for row in rows:
        row.batch_id = batch.id
    db.session.flush()
    batch.freeze(by=SYSTEM)
    db.session.commit()
    return batch


def test_twelve_months_each_with_its_reasons(house: House) -> None:
    some_history(house)
    rates = monthly_rates(select(LegalEntity.id))
    assert len(rates.months) == 13 and rates.months[0].first == date(2025, 12, 1)
    october, november, december = rates.months[-3:]
    assert (december.presented, december.rate) == (1, 0.0)
    assert (october.presented, october.rate, november.presented, november.rate) == (4, 0.75, 4, 0.25)
    assert rates.reasons == ["AM04", "MD06"], "November of last year is too long ago"
    assert rates.worst == 0.75


def test_the_worst_month_fills_the_bar_and_the_others_are_to_scale(house: House) -> None:
    some_history(house)
    rates = monthly_rates(select(LegalEntity.id))
    october, november = rates.months[-3:-1]
    assert [(bar.reason, bar.width) for bar in rates.bars(october)] == [("AM04", 66.67), ("MD06", 33.33)]
    assert [(bar.x, bar.width) for bar in rates.bars(november)] == [(0.0, 33.33)]
    assert rates.bars(rates.months[0]) == []


def test_the_page_and_the_csv_show_them(house: House, browser) -> None:
    some_history(house)
    client = browser(house.finance)
    page = client.get("/sepa/returns").text
    assert "octobre 2026" in page and "75,0" in page and 'class="chart-2"' in page
    lines = client.get("/sepa/returns/rates.csv").text.splitlines()
    assert len(lines) == 14 and lines[-3].startswith("2026-10;4;3;0,7500;2;1")


def test_nothing_came_back_is_said(house: House, browser) -> None:
    assert "Rien n" in browser(house.finance).get("/sepa/returns").text


EVERY = select(LegalEntity.id)


def december(count: int) -> None:
    rates = monthly_rates(EVERY)
    assert rates.months[-1].first == date(2026, 12, 1) and rates.months[-1].presented == count


def test_what_a_batch_keeps_is_what_its_debits_say(house: House) -> None:
    mandate = a_signed_mandate(house)
    for number in range(3):
        a_collection(mandate, source_uid=f"x{number}")
    december(0)
    batch = freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    db.session.commit()
    work()
    assert [(row.month, row.count) for row in db.session.scalars(select(BatchMonth))] == [
        (date(2026, 12, 1), 3)
    ]
    december(3)
    assert batches_that_differ(EVERY) == []
    db.session.scalars(select(Collection)).first().due_on = date(2027, 1, 4)  # type: ignore[union-attr]
    assert batches_that_differ(EVERY) == [batch.id]


def test_a_cancelled_batch_counts_no_more_and_the_next_one_counts_anew(house: House) -> None:
    a_collection(a_signed_mandate(house))
    for presented in (1, 1):
        batch = freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
        db.session.commit()
        december(presented)
        batch.cancel(by=SYSTEM)
        db.session.commit()
        december(0)
    assert batches_that_differ(EVERY) == []


def test_a_batch_of_the_release_before_keeps_no_months_and_is_counted(house: House) -> None:
    a_collection(a_signed_mandate(house))
    freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    db.session.execute(db.delete(BatchMonth))
    december(1)
    assert batches_that_differ(EVERY) == []
