"""What is sold to consumers and abroad is told once, by period, with what comes to light later."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.issue import note_payment
from portal.billing.models import Invoice, Payment, PaymentKind
from portal.billing.reversing import reverse_payment
from portal.billing.run import bill_customers
from portal.customers.models import Customer, CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.ereporting.jobs import look
from portal.ereporting.models import EReport, EReportLine, R
from portal.ereporting.rules import Cadence, Period, ReportKind, period_of, split_by_rate
from portal.journal import SYSTEM
from portal.platform.jobs import look as look_at_platform
from tests.billing.test_einvoices import BEFORE, owes, the_entity
from tests.builders import House, a_customer, an_outsider, work

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def day(number: int, month: int = 12, hour: int = 9) -> datetime:
    return datetime(2026 + (month == 1), month, number, hour, tzinfo=UTC)


def enter(client: FlaskClient, regime: str = "real_monthly", first: str = "2026-12-01", **other: str) -> int:
    form = {"regime": regime, "valid_from": first, "confirmed": "Cabinet Durand, le 20 novembre 2026"}
    return client.post(f"/ereporting/settings/{the_entity().uid}", data=form | other).status_code


def live(at: At, when: datetime) -> None:
    """The hour of the duties, then the worker."""
    at(when)
    set_scope(EVERYTHING)
    look()
    look_at_platform()
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    db.session.expire_all()


def sell(at: At, when: datetime, customer: Customer, cents: int = 1_000) -> Invoice:
    at(when)
    set_scope(EVERYTHING)
    owes(customer, f"{customer.uid}:{when}", quantity=1, unit_cents=cents)
    (invoice,) = bill_customers([customer], the_entity(), when.date())
    db.session.commit()
    return invoice


def reports(kind: ReportKind = ReportKind.SALES) -> list[EReport]:
    query = db.select(EReport).where(EReport.kind == kind).order_by(EReport.id)
    return list(db.session.scalars(query))


def a_consumer(house: House, name: str = "Camille") -> Customer:
    return a_customer(house.reseller, name=name, kind=CustomerKind.CONSUMER, siren=None)


def a_stranger(house: House) -> Customer:
    return a_customer(
        house.reseller, name="Zürich AG", siren=None, country="CH", postcode="8001", town="Zürich"
    )


def what(report: EReport) -> dict[str, Any]:
    lines = db.session.scalars(db.select(EReportLine).where(EReportLine.report_id == report.id))
    return {line.number: line.gross_cents for line in lines}


def test_sales_to_consumers_and_abroad_are_told_by_period_as_the_books_have_them(
    house: House, browser: Browser, at: At
) -> None:
    at(BEFORE)
    assert enter(browser(house.finance)) == 303
    camille, zurich = a_consumer(house), a_stranger(house)
    zurich.outside_eu_declared_at = BEFORE
    french = a_customer(house.reseller, name="Boulangerie", siren="552100554")
    early = sell(at, day(30, 11), camille)
    one, two = sell(at, day(1), camille), sell(at, day(1, hour=10), a_consumer(house, "Dominique"))
    abroad = sell(at, day(9), zurich, 5_000)
    sell(at, day(9), french)
    sell(at, day(11), camille)
    at(day(10))
    issue_credit_note(one, rest_of(one), origin="x", reason=CreditReason.ERROR, by=SYSTEM)
    db.session.commit()
    live(at, day(15))
    assert reports() == [], "the bank's files of the last days are awaited"
    live(at, day(16))
    live(at, day(17))
    (report,) = reports()
    assert (report.number, report.first_on, report.last_on) == (
        "ER-2026-000001",
        day(1).date(),
        day(10).date(),
    )
    assert report.due_on == date(2026, 12, 20) and early.number not in what(report)
    sums = db.session.execute(
        db.text(
            "select coalesce(sum(i.net_cents), 0), coalesce(sum(i.vat_cents), 0)"
            " from invoice i join customer c on c.id = i.customer_id"
            " where i.issued_on between '2026-12-01' and '2026-12-10'"
            " and (c.kind = 'consumer' or c.country <> 'FR')"
        )
    ).one()
    back = db.session.execute(
        db.text(
            "select coalesce(sum(net_cents), 0), coalesce(sum(vat_cents), 0) from credit_note"
            " where issued_on between '2026-12-01' and '2026-12-10'"
        )
    ).one()
    assert (report.net_cents, report.vat_cents) == (sums[0] - back[0], sums[1] - back[1]) == (6_000, 200)
    client = browser(house.finance)
    body = client.get(f"/ereporting/{report.uid}/report.json").get_json()
    first, last = body["days"]
    assert (first["on"], first["count"], first["net_cents"], first["vat_cents"]) == (
        "2026-12-01",
        2,
        2_000,
        400,
    )
    assert (last["on"], last["net_cents"], last["operation"]) == ("2026-12-10", -1_000, "TPS1")
    (foreign,) = body["invoices"]
    assert (foreign["number"], foreign["operation"], foreign["buyer"]["country"]) == (
        abroad.number,
        "TNT1",
        "CH",
    )
    assert (body["type"], body["period"]["through"]) == ("IN", "2026-12-10")
    table = client.get(f"/ereporting/{report.uid}/lines.csv").text
    assert two.number in table and "entreprise à l'étranger" in table
    page = client.get("/ereporting").text
    assert "ER-2026-000001" in page and 'datetime="2026-12-30"' in page, "what is due next, and when"
    for stranger in (house.owner, an_outsider(house)):
        assert browser(stranger).get(f"/ereporting/{report.uid}").status_code in (403, 404)


def test_payments_are_told_and_what_comes_to_light_later_rectifies_its_period(
    house: House, browser: Browser, at: At
) -> None:
    at(BEFORE)
    assert enter(browser(house.finance), "real_quarterly") == 303
    invoice = sell(at, day(1), a_consumer(house))
    foreign = a_stranger(house)
    foreign.outside_eu_declared_at = BEFORE
    untaxed = sell(at, day(1), foreign)
    at(day(5))
    note_payment(invoice, received_on=day(4).date(), reference="V1", by=SYSTEM, amount_cents=700)
    note_payment(untaxed, received_on=day(4).date(), reference="V2", by=SYSTEM)
    note_payment(
        invoice, received_on=day(4).date(), reference="V3", by=SYSTEM, amount_cents=5, kind=PaymentKind.LET_GO
    )
    db.session.commit()
    live(at, day(6, 1))
    (first,) = reports(ReportKind.PAYMENTS)
    assert (first.gross_cents, first.net_cents, first.due_on) == (700, 0, date(2027, 1, 10))
    paid = db.session.scalars(db.select(Payment).where(Payment.reference == "V1")).one()
    at(day(20, 1))
    set_scope(EVERYTHING)
    reverse_payment(paid, "erreur", by=SYSTEM)
    note_payment(invoice, received_on=day(30).date(), reference="V4", by=SYSTEM, amount_cents=300)
    db.session.commit()
    live(at, datetime(2027, 2, 6, 9, tzinfo=UTC))
    _first, rectifying, second = reports(ReportKind.PAYMENTS)
    assert rectifying.rectifies_id == first.id and second.rectifies_id is None
    booked = db.session.scalars(db.select(Payment.received_on).where(Payment.reverses_id == paid.id)).one()
    back = {date(2026, 12, 4): (rectifying, -400), date(2027, 1, 20): (second, -700)}
    where, cents = back.get(booked, (second, -700))
    assert where.gross_cents == cents and rectifying.gross_cents + second.gross_cents == 300 - 700
    told = browser(house.finance).get(f"/ereporting/{rectifying.uid}/report.json").get_json()
    assert (told["type"], told["rectifies"]) == ("RE", first.number)
    assert rectifying.due_on == second.due_on
    live(at, datetime(2027, 2, 7, 9, tzinfo=UTC))
    assert len(reports(ReportKind.PAYMENTS)) == 3
    total = db.session.scalar(
        db.text(
            "select sum(p.amount_cents) from payment p join invoice i on i.id = p.invoice_id join customer c"
            " on c.id = i.customer_id where c.kind = 'consumer' and p.kind <> 'let_go'"
        )
    )
    assert total == sum(report.gross_cents for report in reports(ReportKind.PAYMENTS))


def test_a_report_goes_through_the_platform_and_its_refusal_is_work(
    house: House, browser: Browser, at: At, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PLATFORM_DIR", str(tmp_path))
    at(BEFORE)
    client = browser(house.finance)
    assert enter(client) == 303
    form = {"way": "platform_folder", "folder": "pa", "send_from": "2026-12-01"}
    assert client.post(f"/platform/settings/{the_entity().uid}", data=form).status_code == 303
    sell(at, day(1), a_consumer(house))
    live(at, day(16))
    live(at, day(16, hour=10))
    (report,) = reports()
    assert report.state == R.SENT
    (file,) = (tmp_path / "pa" / "outbox").iterdir()
    assert json.loads(file.read_text())["number"] == report.number
    told = {
        "id": "a",
        "number": report.number,
        "code": "213",
        "at": "2026-12-16T12:00:00Z",
        "reason": "Doublon",
    }
    (tmp_path / "pa" / "inbox" / "s.json").write_text(json.dumps({"statuses": [told]}))
    live(at, day(16, hour=12))
    (report,) = reports()
    assert (report.state, report.why) == (R.REFUSED, "Doublon")
    client = browser(house.finance)
    today = client.get("/").text
    assert "La plateforme refuse" in today and "Doublon" in today
    message = db.session.execute(db.text("select uid from platform_message")).scalar_one()
    page = client.get(f"/platform/messages/{message}").text
    assert "Voir la déclaration" in page
    assert client.post(f"/platform/messages/{message}/sending").status_code == 303
    live(at, day(16, hour=13))
    assert reports()[0].state == R.SENT
    assert len(list((tmp_path / "pa" / "outbox").iterdir())) == 2


def test_without_a_platform_a_report_is_told_by_hand_and_is_late_when_nobody_does(
    house: House, browser: Browser, at: At
) -> None:
    at(BEFORE)
    assert enter(browser(house.finance)) == 303
    sell(at, day(1), a_consumer(house))
    live(at, day(16))
    assert "E-reporting à déposer" not in browser(house.finance).get("/").text
    live(at, day(18))
    today = browser(house.finance).get("/").text
    assert "E-reporting à déposer" in today and "ER-2026-000001, opérations" in today
    live(at, day(21))
    client = browser(house.finance)
    assert "E-reporting en retard" in client.get("/").text
    (report,) = reports()
    assert client.post(f"/ereporting/{report.uid}/deposit", data={}).status_code == 422
    done = client.post(f"/ereporting/{report.uid}/deposit", data={"how": "Portail de la plateforme, réf. 12"})
    assert done.status_code == 303
    assert "E-reporting en retard" not in client.get("/").text
    assert "déposée autrement" in client.get(f"/ereporting/{report.uid}").text
    live(at, day(27))
    assert [row.state for row in reports()] == [R.DEPOSITED, R.EMPTY], "nothing to tell is written down too"


def test_a_regime_begins_with_a_period_in_time_and_confirmed(house: House, browser: Browser, at: At) -> None:
    at(BEFORE)
    client = browser(house.finance)
    assert enter(client, first="2026-11-01") == enter(client, first="2026-12-02") == 422
    assert enter(client, "franchise") == enter(client, confirmed="") == 422
    assert enter(browser(house.owner)) in (403, 404)
    assert enter(client) == 303 and enter(client, "simplified") == 422
    assert "commence le" in client.get("/ereporting").text
    assert "Cabinet Durand" in client.get(f"/ereporting/settings/{the_entity().uid}").text


@pytest.mark.parametrize(("table", "column"), [("ereport", "net_cents"), ("ereport_line", "gross_cents")])
def test_a_report_is_frozen(house: House, browser: Browser, at: At, table: str, column: str) -> None:
    at(BEFORE)
    enter(browser(house.finance))
    sell(at, day(1), a_consumer(house))
    live(at, day(16))
    for statement in (f"update {table} set {column} = 1", f"delete from {table}"):
        with pytest.raises(DBAPIError, match="frozen"), db.session.begin_nested():
            db.session.execute(db.text(statement))


DECADE, MONTH, TWO = Cadence("decade", 10), Cadence("month", 10), Cadence("two_months", 30)


@pytest.mark.parametrize(
    ("cadence", "on", "period"),
    [
        (DECADE, date(2026, 12, 10), Period(date(2026, 12, 1), date(2026, 12, 10), date(2026, 12, 20))),
        (DECADE, date(2027, 2, 28), Period(date(2027, 2, 21), date(2027, 2, 28), date(2027, 3, 10))),
        (DECADE, date(2026, 12, 31), Period(date(2026, 12, 21), date(2026, 12, 31), date(2027, 1, 10))),
        (MONTH, date(2026, 12, 31), Period(date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 10))),
        (
            Cadence("month", 30),
            date(2027, 1, 1),
            Period(date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 28)),
        ),
        (TWO, date(2027, 2, 1), Period(date(2027, 1, 1), date(2027, 2, 28), date(2027, 3, 30))),
    ],
)
def test_in_which_period_a_day_lies(cadence: Cadence, on: date, period: Period) -> None:
    assert period_of(cadence, on) == period
    assert period_of(cadence, period.last + timedelta(days=1)).first == period.last + timedelta(days=1)


def test_how_a_payment_is_split_by_rate() -> None:
    assert split_by_rate(-1_000, [(2000, 600), (550, 300)]) == [(2000, -667), (550, -333)]
    assert split_by_rate(5, [(2000, 0)]) == [(2000, 0)]
