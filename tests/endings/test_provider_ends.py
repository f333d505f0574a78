"""The provider ends contracts: each cause on its day, by forms and the worker, with money and keys."""

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO

from flask.testing import FlaskClient

from portal.answers.case import TERMINATE_REASONS
from portal.answers.provider_ends import CAUSES
from portal.billing.credit_models import CreditNote
from portal.billing.models import Charge
from portal.db import db
from portal.endings.models import EndingState, open_ending
from portal.journal import SYSTEM
from portal.licensing.models import issue_key
from portal.mail import Mail
from portal.resellers.models import issuer_for
from portal.reversibility.case_terms import erasure_of
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.words.reasons import REASONS
from tests.builders import House, an_outsider, stored, work
from tests.contracts.builders import dobaas, dropcloud, natso, numspot
from tests.dunning.builders import an_invoice, noon
from tests.endings.days import begin, letters, live, the_ending
from tests.world import a_scan

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
PAPER = a_scan()
YEAR = {"started_on": date(2026, 1, 1), "billed_before": date(2027, 1, 1)}


def a_key(row: Subscription) -> object:
    key = issue_key(
        row.customer,
        product="NeoBe",
        product_code=1,
        seats=1,
        valid_through=date(2026, 12, 31),
        source_uid=row.order_uid,
        by=SYSTEM,
    )
    db.session.commit()
    return key


def end_it(client: FlaskClient, row: Subscription) -> int:
    return client.post(f"/endings/{the_ending(row).uid}/end").status_code


def credited() -> int:
    return sum(note.net_cents + note.vat_cents for note in db.session.scalars(db.select(CreditNote)))


def test_003_17_a_breach_is_noticed_seven_days_and_ended_ten_days_after(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house)
    at(noon(date(2026, 12, 1)))
    ending = begin(browser(house.operator), row, "breach")
    assert (ending.state, letters()) == (EndingState.WARNED, ["warning"])
    live(at, date(2026, 12, 8))
    client = browser(house.operator)
    assert "2026-12-09" in client.get(f"/endings/{ending.uid}").text
    assert end_it(client, row) == 422, "the seventh day is still hers"
    live(at, date(2026, 12, 9))
    client = browser(house.operator)
    assert (
        "19" in client.get(f"/endings/{ending.uid}").text and f"/endings/{ending.uid}" in client.get("/").text
    )
    assert end_it(client, row) == 303
    found = stored(row)
    assert (found.state, found.ends_on) == (SubscriptionState.NOTICE_GIVEN, date(2026, 12, 19))
    assert letters() == ["warning", "end"]
    live(at, date(2026, 12, 18))
    assert the_ending(row).state == EndingState.GIVEN
    live(at, date(2026, 12, 19))
    live(at, date(2026, 12, 19))
    assert the_ending(row).state == EndingState.CLOSED and letters() == ["warning", "end"]


def test_003_11_an_unreasonable_use_is_blocked_at_once_and_ended_by_itself(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house)
    at(noon(date(2026, 12, 1)))
    begin(browser(house.operator), row, "grave_breach", by_itself="y")
    found = stored(row)
    assert (found.suspended_on, found.suspended_clause) == (date(2026, 12, 1), "003-11")
    live(at, date(2026, 12, 8))
    assert stored(row).ends_on is None
    live(at, date(2026, 12, 9))
    assert stored(row).ends_on == date(2026, 12, 19) and letters() == ["warning", "end"]
    assert "manquement grave" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_003_11_worn_hardware_is_charged_on_once_with_the_suppliers_invoice_shown(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house)
    at(noon(date(2026, 12, 1)))
    ending = begin(browser(house.operator), row, "grave_breach")
    client = browser(house.operator)
    typed = {"number": "FO-77", "invoiced_on": "2026-11-28", "cents": "412,50"}

    def send(content: bytes = PAPER, **other: str) -> tuple[int, str]:
        data = {**typed, **other, "paper": (BytesIO(content), "f.pdf")}
        answer = client.post(f"/endings/{ending.uid}/hardware", data=data, content_type="multipart/form-data")
        return answer.status_code, answer.text

    assert "412,50" in send(b"no paper")[1] and db.session.scalars(db.select(Charge)).first() is None
    assert send(invoiced_on="2026-12-02")[0] == 422
    assert send()[0] == 303
    code, page = send(number="fo-77")
    assert code == 422 and "déjà refacturée" in page
    charge = db.session.scalars(db.select(Charge)).one()
    assert (charge.unit_cents, charge.taxed, charge.clause) == (41_250, False, "003-11")
    live(at, date(2026, 12, 2))
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "endings/mail_worn")).one()
    assert "412,50" in mail.body and "003-11" in mail.body and len(mail.attachments) == 1
    entity = issuer_for(row.customer)
    browser(house.finance).post("/billing/runs", data={"entity": entity.uid, "month": "2026-12"})
    live(at, date(2026, 12, 3))
    invoice = stored(charge).invoice
    shown = browser(house.finance).get(f"/endings/{ending.uid}").text
    assert invoice is not None and invoice.number in shown
    (line,) = (each for each in invoice.lines if "FO-77" in each.label)
    assert (line.net_cents, line.vat_category) == (41_250, "O")


def test_003_11_no_other_contract_charges_hardware(house: House, browser: Browser, at: At) -> None:
    row = natso(house)
    at(noon(date(2026, 12, 1)))
    ending = begin(browser(house.operator), row, "grave_breach")
    client = browser(house.operator)
    assert "Matériel usé" not in client.get(f"/endings/{ending.uid}").text
    data = {"number": "1", "invoiced_on": "2026-11-28", "cents": "1", "paper": (BytesIO(PAPER), "f.pdf")}
    answer = client.post(f"/endings/{ending.uid}/hardware", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422 and db.session.scalars(db.select(Charge)).first() is None


def test_000_54_a_late_payer_is_ended_at_once_and_what_was_not_used_comes_back(
    house: House, browser: Browser, at: At
) -> None:
    row = natso(house, **YEAR)
    key = a_key(row)
    at(noon(date(2026, 1, 2)))
    an_invoice(row, cents=36_500, due_on=date(2026, 2, 1))
    row.unit_cents = 36_500
    db.session.commit()
    at(noon(date(2026, 4, 11)))
    client = browser(house.finance)
    assert client.get(f"/subscriptions/{row.uid}/ending").status_code == 200
    begin(client, row, "non_payment")
    found = stored(row)
    assert (found.ends_on, found.refund_cents, found.refund_clause) == (date(2026, 4, 11), 26_500, "000-54")
    assert the_ending(row).state == EndingState.CLOSED and stored(key).revoked_at is not None  # type: ignore[attr-defined,type-var]
    live(at, date(2026, 4, 12))
    assert credited() == 26_500 and letters() == ["end"]


def test_001_45_001_46_a_danger_ends_it_at_once_and_data_stay_thirty_days(
    house: House, browser: Browser, at: At
) -> None:
    row = dropcloud(house)
    at(noon(date(2026, 12, 1)))
    begin(browser(house.operator), row, "danger")
    found = stored(row)
    assert found.ends_on == date(2026, 12, 1) and found.refund_clause == "001-45"
    erased = erasure_of(found, None)
    assert erased is not None and "001-46" in erased.clauses and erased.on == date(2026, 12, 30)
    mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None and "001-46" in mail.body
    assert "danger pour le prestataire" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_001_31_illegal_content_closes_the_account_without_compensation(
    house: House, browser: Browser, at: At
) -> None:
    row = dropcloud(house)
    at(noon(date(2026, 12, 1)))
    begin(browser(house.operator), row, "grave_breach")
    found = stored(row)
    assert (found.ends_on, found.refund_cents) == (date(2026, 12, 1), None)
    assert "001-31" in db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first().body  # type: ignore[union-attr]
    assert "manquement grave" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_000_46_a_grave_breach_closes_the_account_and_deletes_nothing_by_itself(
    house: House, browser: Browser, at: At
) -> None:
    row = natso(house, **YEAR)
    key = a_key(row)
    at(noon(date(2026, 6, 1)))
    begin(browser(house.operator), row, "grave_breach")
    assert stored(row).shown_state() == "ended"
    assert stored(key).revoked_at is not None  # type: ignore[attr-defined,type-var]
    assert "manquement grave" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_004_24_002_17_a_forbidden_use_is_warned_thirty_days(house: House, browser: Browser, at: At) -> None:
    row = dobaas(house)
    at(noon(date(2026, 12, 1)))
    begin(browser(house.operator), row, "misuse")
    live(at, date(2026, 12, 30))
    assert end_it(browser(house.operator), row) == 422
    live(at, date(2026, 12, 31))
    assert end_it(browser(house.operator), row) == 303
    assert stored(row).ends_on == date(2026, 12, 31)
    assert "usage interdit" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_004_24_002_17_the_gravest_is_closed_at_once(house: House, browser: Browser, at: At) -> None:
    row = dobaas(house)
    at(noon(date(2026, 12, 1)))
    begin(browser(house.operator), row, "grave_breach")
    assert stored(row).ends_on == date(2026, 12, 1)
    assert "manquement grave" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_004_40_a_breach_counts_from_the_receipt_of_its_letter_and_the_month_stays_due(
    house: House, browser: Browser, at: At
) -> None:
    row = dobaas(house)
    at(noon(date(2026, 12, 1)))
    client = browser(house.operator)
    ending = begin(client, row, "breach")
    assert ending.is_registered and ending.letter is not None
    address = f"/endings/{ending.uid}"
    assert "à poster" in client.get("/").text
    wrong = {"posted_on": "2026-11-30", "tracking": "1A"}
    assert "entre sa rédaction" in client.post(f"{address}/posting", data=wrong).text
    posted = {"posted_on": "2026-12-01", "tracking": "1A"}
    assert client.post(f"{address}/posting", data=posted).status_code == 303
    live(at, date(2027, 1, 10))
    client = browser(house.operator)
    assert end_it(client, row) == 422, "nobody knows that it arrived"
    assert client.post(f"{address}/delivery", data={"received_on": "2027-01-11"}).status_code == 422
    assert client.post(f"{address}/delivery", data={"received_on": "2027-01-04"}).status_code == 303
    assert client.post(f"{address}/delivery", data={"received_on": "2026-12-04"}).status_code == 303, (
        "a wrong day is corrected"
    )
    assert end_it(client, row) == 303
    found = stored(row)
    assert found.ends_on == date(2027, 1, 10)
    owed = [charge.origin for charge in db.session.scalars(db.select(Charge))]
    assert not [each for each in owed if each.startswith("early-end")]
    mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None and "004-40" in mail.body


def test_004_41_an_unpaid_bill_ends_it_without_notice_and_gives_nothing_back(
    house: House, browser: Browser, at: At
) -> None:
    row = dobaas(house)
    client = browser(house.finance)
    address, asked = f"/subscriptions/{row.uid}/ending", {"cause": "non_payment", "facts": "Impayé."}
    assert "aucune facture en retard" in client.get(address, query_string=asked).text
    answer = client.post(address, data=asked)
    assert answer.status_code == 422 and stored(row).ends_on is None, "nothing is late"
    an_invoice(row, due_on=date(2026, 11, 30))
    at(noon(date(2026, 12, 1)))
    assert "004-41" in browser(house.finance).get(address, query_string=asked).text
    begin(browser(house.finance), row, "non_payment")
    found = stored(row)
    assert (found.ends_on, found.refund_cents) == (date(2026, 12, 1), None)


def test_every_reason_of_an_end_has_words_in_the_timeline() -> None:
    assert {*TERMINATE_REASONS, *CAUSES} <= set(REASONS)


def test_nobody_is_warned_of_a_bill_that_is_not_late(house: House, browser: Browser) -> None:
    row = numspot(house)
    client, asked = browser(house.finance), {"cause": "non_payment", "facts": "Impayé."}
    page = client.get(f"/subscriptions/{row.uid}/ending", query_string=asked).text
    assert "aucune facture en retard" in page and "Mettre en demeure" not in page
    assert client.post(f"/subscriptions/{row.uid}/ending", data=asked).status_code == 422
    assert open_ending(row) is None and letters() == []


def test_003_19_an_account_unused_for_a_year_is_told_and_ends_three_months_later(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house)
    at(noon(date(2027, 2, 1)))
    client = browser(house.operator)
    asked = {"cause": "inactivity", "facts": "Aucun usage.", "since_on": "2026-02-01"}
    assert "inactif avant" in client.get(f"/subscriptions/{row.uid}/ending", query_string=asked).text
    begin(client, row, "inactivity", since_on="2026-01-20")
    assert stored(row).ends_on == date(2027, 5, 1)
    live(at, date(2027, 5, 1))
    assert the_ending(row).state == EndingState.CLOSED
    assert "compte inactif" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_003_06_a_service_withdrawn_gives_back_what_was_paid_for_later_days(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house, started_on=date(2026, 12, 1), billed_before=date(2027, 1, 1))
    an_invoice(row, cents=row.unit_cents, due_on=date(2026, 12, 31))
    at(noon(date(2026, 12, 2)))
    begin(browser(house.operator), row, "service_withdrawn", stops_on="2026-12-17")
    found = stored(row)
    assert found.ends_on == date(2026, 12, 17) and found.refund_clause == "003-06"
    assert found.refund_cents == round(found.unit_cents * 15 / 31)
    live(at, date(2026, 12, 17))
    assert credited() > 0
    assert "service retir" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_004_23_force_majeure_is_declared_and_after_sixty_days_a_letter_ends_it(
    house: House, browser: Browser, at: At
) -> None:
    row = dobaas(house)
    at(noon(date(2027, 1, 1)))
    ending = begin(browser(house.operator), row, "force_majeure", since_on="2027-01-01")
    assert stored(row).suspended_cause == "force_majeure"
    mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None and mail.subject.startswith("Force majeure"), "she is not put in default"
    live(at, date(2027, 3, 2))
    assert end_it(browser(house.operator), row) == 422, "the sixtieth day"
    live(at, date(2027, 3, 3))
    assert end_it(browser(house.operator), row) == 303
    assert stored(row).ends_on == date(2027, 3, 11) and ending.letter is not None
    assert "force majeure" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_000_51_001_36_talks_of_fifteen_days_fail_and_the_contract_is_broken(
    house: House, browser: Browser, at: At
) -> None:
    for make in (natso, dropcloud):
        row = make(house, name=make.__name__, siren=None)
        at(noon(date(2026, 12, 1)))
        begin(browser(house.operator), row, "force_majeure", since_on="2026-12-01")
        live(at, date(2026, 12, 16))
        assert end_it(browser(house.operator), row) == 422
        live(at, date(2026, 12, 17))
        assert end_it(browser(house.operator), row) == 303
        assert stored(row).ends_on == date(2026, 12, 17)
        assert "force majeure" in browser(house.owner).get(f"/subscriptions/{row.uid}").text


def test_000_51_the_end_of_the_suspension_is_said_from_the_start_and_asked_for_on_its_day(
    house: House, browser: Browser, at: At
) -> None:
    row = natso(house)
    at(noon(date(2026, 12, 1)))
    ending = begin(browser(house.operator), row, "force_majeure", since_on="2026-12-01")
    assert "2026-12-31" in browser(house.operator).get(f"/endings/{ending.uid}").text
    work()
    (mail,) = db.session.scalars(db.select(Mail).where(Mail.kind == "endings/mail_warning"))
    assert "31 décembre 2026" in mail.body
    for day, asked in ((30, False), (31, True)):
        at(noon(date(2026, 12, day)))
        page = browser(house.operator).get("/").text
        assert ("Suspension pour force majeure finie" in page) == asked


def test_what_is_mended_goes_on_and_the_suspension_is_lifted(house: House, browser: Browser, at: At) -> None:
    row = numspot(house)
    client = browser(house.operator)
    ending = begin(client, row, "grave_breach")
    assert client.post(f"/endings/{ending.uid}/drop", data={"why": ""}).status_code == 422
    assert client.post(f"/endings/{ending.uid}/drop", data={"why": "Minage arrêté"}).status_code == 303
    assert the_ending(row).state == EndingState.DROPPED
    assert stored(row).state == SubscriptionState.ACTIVE and letters() == ["warning", "dropped"]
    begin(client, row, "breach")
    second = client.post(f"/subscriptions/{row.uid}/ending", data={"cause": "breach", "facts": "Encore."})
    assert second.status_code == 422 and "déjà ouverte" in second.text


def test_others_see_it_and_end_nothing(house: House, browser: Browser) -> None:
    row = numspot(house)
    ending = begin(browser(house.operator), row, "breach")
    owner = browser(house.owner)
    assert "Faits constatés" in owner.get(f"/endings/{ending.uid}").text
    assert f"/endings/{ending.uid}" in owner.get(f"/subscriptions/{row.uid}").text
    assert owner.post(f"/endings/{ending.uid}/end").status_code == 403
    assert owner.get(f"/subscriptions/{row.uid}/ending").status_code == 403
    assert browser(an_outsider(house)).get(f"/endings/{ending.uid}").status_code == 404
    asked = browser(house.operator, confirmed=False).post(
        f"/subscriptions/{row.uid}/ending", data={"cause": "breach", "facts": "x"}
    )
    assert "confirm-" in asked.text


def test_paid_bills_stop_a_procedure_for_them(house: House, browser: Browser, at: At) -> None:
    row = numspot(house)
    invoice = an_invoice(row, due_on=date(2026, 10, 31))
    ending = begin(browser(house.finance), row, "non_payment", by_itself="y")
    form = {"on": "2026-11-23", "reference": "VIR 1"}
    browser(house.finance).post(f"/billing/invoices/{invoice.uid}/payment", data=form)
    live(at, date(2026, 12, 24))
    assert stored(ending).state == EndingState.DROPPED and stored(row).ends_on is None


def test_003_14_a_security_risk_suspends_at_once_and_a_payment_does_not_lift_it(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house)
    invoice = an_invoice(row, due_on=date(2026, 11, 1))
    at(noon(date(2026, 12, 1)))
    client, address = browser(house.operator), f"/subscriptions/{row.uid}/suspension"
    assert client.post(address, data={"cause": "none", "facts": "x"}).status_code == 422
    assert client.post(address, data={"cause": "security", "facts": "Machine infectée."}).status_code == 303
    found = stored(row)
    assert (found.suspended_on, found.suspended_clause) == (date(2026, 12, 1), "003-14")
    assert (
        letters() == ["suspended"]
        and "sécurité" in browser(house.owner).get(f"/subscriptions/{row.uid}").text
    )
    paid = {"on": "2026-12-01", "reference": "VIR 1"}
    browser(house.finance).post(f"/billing/invoices/{invoice.uid}/payment", data=paid)
    assert stored(row).suspended_on is not None
    at(noon(date(2026, 12, 3)))
    client = browser(house.operator)
    assert client.post(f"{address}/lifting", data={"why": "Machine nettoyée"}).status_code == 303
    assert stored(row).state == SubscriptionState.ACTIVE and letters() == ["suspended", "reinstated"]
    assert client.post(f"{address}/lifting", data={"why": "Encore"}).status_code == 422
