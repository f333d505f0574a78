"""More changes than the contract was sized for: a person looks at it, and nothing is charged."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.backups.health import Outcome
from portal.backups.models import BackupReview, BackupRun, Machine, ReviewState
from portal.backups.receive import receive_report
from portal.billing.models import Charge
from portal.db import db
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from portal.subscriptions.models import Subscription
from tests.backups.reporting import NIGHT, a_person, a_report, of_dobaas, of_natso
from tests.builders import House, an_outsider, stored

Browser = Callable[..., FlaskClient]
QUIET = {"added_bytes": 0, "files_new": 0, "files_changed": 0}


def report(machine: Machine, run_id: str, after: timedelta, **values: object) -> BackupRun:
    run, _is_new = receive_report(machine, a_report(run_id, NIGHT - timedelta(days=10) + after, **values))
    return run


def reviews() -> list[BackupReview]:
    return list(db.session.scalars(db.select(BackupReview).order_by(BackupReview.id)))


def day(number: int) -> timedelta:
    return timedelta(days=number)


def with_daily_limit(subscription: Subscription) -> None:
    """As the general conditions of the offer say when they rank above the specific ones (A10)."""
    row = SignedAmendment(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        label="Avenant",
        kind=AmendmentKind.AMENDMENT,
        signed_on=NIGHT.date() - day(30),
        effective_on=NIGHT.date() - day(30),
        values={
            "backup.change_rate_basis_points": {"value": 20, "clause": "004-07"},
            "backup.change_rate_since": {"value": "first_backup_daily", "clause": "004-07"},
        },
        created_by="x",
    )
    subscription.amendments.append(row)
    db.session.commit()


def test_002_05_five_percent_since_the_last_backup_is_the_limit_itself(house: House) -> None:
    machine, _subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 1000, "added_bytes": 1000})
    report(machine, "1", day(1), **QUIET | {"source_bytes": 1000, "added_bytes": 50})
    assert reviews() == []
    report(machine, "2", day(2), **QUIET | {"source_bytes": 2000, "added_bytes": 51})
    (review,) = reviews()
    assert (review.unit, review.changed, review.base, review.days) == ("bytes", 51, 1000, None)
    assert (review.limit_bp, review.clause, review.rate_bp) == (500, "002-05", 510)


def test_002_05_files_are_compared_with_files(house: House) -> None:
    machine, _subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"files_total": 100})
    report(machine, "1", day(1), **QUIET | {"files_new": 2, "files_changed": 4, "files_total": 102})
    (review,) = reviews()
    assert (review.unit, review.changed, review.base) == ("files", 6, 100)


def test_002_05_the_base_is_the_last_backup_that_saved_something(house: House) -> None:
    machine, _subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 1000})
    report(machine, "1", day(1), **QUIET | {"source_bytes": 10**6, "outcome": Outcome.FAILED})
    report(machine, "2", day(2), **QUIET | {"source_bytes": 1000, "added_bytes": 51})
    assert [review.base for review in reviews()] == [1000]


def test_002_05_a_failed_run_and_the_very_first_one_ask_nothing(house: House) -> None:
    machine, _subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 1000, "added_bytes": 1000})
    report(machine, "1", day(1), outcome=Outcome.FAILED, added_bytes=1000)
    assert reviews() == []


def test_004_07_the_daily_rate_counts_the_days_since_the_last_backup(house: House) -> None:
    machine, subscription = of_dobaas(house)
    with_daily_limit(subscription)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 10_000})
    report(machine, "1", day(1), **QUIET | {"source_bytes": 90_000, "added_bytes": 20})
    report(machine, "4", day(4), **QUIET | {"source_bytes": 90_000, "added_bytes": 60})
    assert reviews() == []
    report(machine, "5", day(5), **QUIET | {"source_bytes": 90_000, "added_bytes": 21})
    (review,) = reviews()
    assert (review.changed, review.base, review.days, review.clause) == (21, 10_000, 1, "004-07")


def test_a_contract_without_a_limit_is_never_reviewed(house: House) -> None:
    machine, _subscription = of_natso(house)
    report(machine, "0", day(0), source_bytes=1000)
    report(machine, "1", day(1), source_bytes=1000, added_bytes=1000)
    assert reviews() == []


def test_one_open_review_is_enough_and_nothing_is_charged(house: House, browser: Browser) -> None:
    machine, _subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 1000})
    for number in (1, 2, 3):
        report(machine, str(number), day(number), **QUIET | {"source_bytes": 1000, "added_bytes": 900})
    (review,) = reviews()
    assert db.session.scalars(db.select(Charge)).all() == []
    client = browser(house.support)
    assert "à réévaluer" in client.get("/backups").text
    close = f"/backups/reviews/{review.uid}/closing"
    answer = client.post(close, data={"note": " Disque agrandi, vu avec le client. "})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/backups/{machine.uid}")
    closed = stored(review)
    assert (closed.state, closed.note) == (ReviewState.CLOSED, "Disque agrandi, vu avec le client.")
    assert closed.closed_by == house.support.name
    assert "à réévaluer" not in client.get("/backups").text
    assert "Disque agrandi" in client.get(f"/backups/{machine.uid}").text
    assert client.post(close, data={"note": "encore"}).status_code == 409
    assert stored(review).note == "Disque agrandi, vu avec le client."
    report(machine, "4", day(4), **QUIET | {"source_bytes": 1000, "added_bytes": 900})
    assert len(reviews()) == 2


@pytest.mark.parametrize("note", ["", "   ", "x" * 2001])
def test_a_review_is_closed_with_a_note_or_not_at_all(house: House, browser: Browser, note: str) -> None:
    machine, _subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 1000})
    report(machine, "1", day(1), **QUIET | {"source_bytes": 1000, "added_bytes": 900})
    (review,) = reviews()
    answer = browser(house.support).post(f"/backups/reviews/{review.uid}/closing", data={"note": note})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert stored(review).state == ReviewState.OPEN


def test_a_review_is_the_resellers_business(house: House, browser: Browser) -> None:
    machine, subscription = of_dobaas(house)
    report(machine, "0", day(0), **QUIET | {"source_bytes": 1000})
    report(machine, "1", day(1), **QUIET | {"source_bytes": 1000, "added_bytes": 900})
    (review,) = reviews()
    close = f"/backups/reviews/{review.uid}/closing"
    assert browser(house.reader).post(close, data={"note": "x"}).status_code == 403
    assert browser(an_outsider(house)).post(close, data={"note": "x"}).status_code == 404
    customer = browser(a_person(subscription.customer.organisation))
    assert customer.post(close, data={"note": "x"}).status_code == 403
    assert "à réévaluer" not in customer.get("/backups").text
    assert "à réévaluer" not in customer.get(f"/backups/{machine.uid}").text
