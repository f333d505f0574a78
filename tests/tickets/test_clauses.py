"""What the contracts say of tickets, lived: the clock moves, people and the worker act."""

import io
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from portal.billing.models import Charge
from portal.db import db
from portal.desk.prices import Item, set_price
from portal.tickets.models import TicketState
from tests.builders import stored, work
from tests.conftest import MONDAY
from tests.sepa.test_paper import SCAN
from tests.tickets.opening import a_contract, called, mails, opened, the_ticket, tick

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def page(answer):
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_003_70_003_73_a_first_answer_in_time_stops_its_clock_and_a_missed_solution_is_told_at_once(
    house, browser, at
):
    _subscription, user = a_contract(house, "numspot")
    assert opened(browser(user), severity="1").status_code == 303
    row = the_ticket()
    assert "003-70" in page(browser(user).get(f"/tickets/{row.uid}"))
    at(MONDAY + 14 * MINUTE)
    tick()
    assert mails("missed") == []
    staff = browser(house.support)
    assert staff.post(f"/tickets/{row.uid}/answers", data={"text": "On regarde."}).status_code == 303
    at(MONDAY + 60 * MINUTE)
    asked = {"text": "Quelle zone ?", "asks": "y"}
    browser(house.support).post(f"/tickets/{row.uid}/answers", data=asked)
    assert stored(row).state == TicketState.WAITING and stored(row).due_at is None
    at(MONDAY + 180 * MINUTE)  # the two hours are over, and one hour of them was the customer's
    tick()
    assert mails("missed") == []
    assert browser(user).post(f"/tickets/{row.uid}/messages", data={"text": "Zone A"}).status_code == 303
    assert stored(row).due_at == MONDAY + 240 * MINUTE
    at(MONDAY + 241 * MINUTE)
    tick()
    (told,) = {mail.recipient for mail in mails("missed")}
    assert told == house.operator.email and "003-70" in mails("missed")[0].body
    at(MONDAY + 242 * MINUTE)
    tick()
    assert len(mails("missed")) == 1
    text = page(browser(house.support).get(f"/tickets/{row.uid}"))
    assert "manqué" in text and "003-13" in text and "003-29" in text


def test_003_71_a_degraded_service_is_mended_within_four_hours(house, browser, at):
    _subscription, user = a_contract(house, "numspot")
    opened(browser(user), severity="2")
    row = the_ticket()
    at(MONDAY + 31 * MINUTE)
    tick()
    assert [mail.body.count("003-71") for mail in mails("missed")] == [1]
    at(MONDAY + 3 * HOUR)
    closed = {"solution": "Disque remplacé.", "told": "mail"}
    assert browser(house.support).post(f"/tickets/{row.uid}/closing", data=closed).status_code == 303
    text = page(browser(user).get(f"/tickets/{row.uid}"))
    assert "hors délai" in text and "tenu" in text  # answered late, mended in time


def test_003_72_an_isolated_incident_has_six_business_days(house, browser, at):
    _subscription, user = a_contract(house, "numspot")
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    at(friday)
    opened(browser(user), severity="3")
    row = the_ticket()
    browser(house.support).post(f"/tickets/{row.uid}/answers", data={"text": "On regarde."})
    assert stored(row).due_at == datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
    at(datetime(2026, 12, 7, 9, 1, tzinfo=UTC))
    tick()
    assert "003-72" in mails("missed")[0].body
    assert "003-72" in page(browser(house.support).get(f"/tickets/{row.uid}"))


def test_001_24_001_26_a_backup_that_fails_at_night_is_back_within_eight_hours(house, browser, at):
    _subscription, user = a_contract(house, "dropcloud")
    night = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # nine in the evening in Paris
    at(night)
    opened(browser(user), severity="1")
    row = the_ticket()
    assert stored(row).due_at == night + 8 * HOUR
    at(night + 7 * HOUR)
    tick()
    assert mails("missed") == []
    at(night + 8 * HOUR + MINUTE)
    tick()
    assert "001-24" in mails("missed")[0].body
    assert "001-26" in page(browser(house.support).get(f"/tickets/{row.uid}"))


def test_001_25_a_secondary_function_is_back_within_eight_hours_of_the_day(house, browser, at):
    _subscription, user = a_contract(house, "dropcloud")
    opened(browser(user), severity="2")
    row = the_ticket()
    assert stored(row).due_at == MONDAY + 8 * HOUR
    at(MONDAY + 8 * HOUR + MINUTE)
    tick()
    assert "001-25" in mails("missed")[0].body
    assert page(browser(house.support).get(f"/tickets/{row.uid}"))


def test_004_13_an_interruption_counts_from_the_call_when_it_is_confirmed_within_thirty_minutes(
    house, browser, at
):
    subscription, user = a_contract(house, "dobaas")
    assert called(browser(house.support), subscription).status_code == 303
    row = the_ticket()
    assert "30 minutes" in mails("opened")[0].body
    at(MONDAY + 29 * MINUTE)
    assert browser(user).post(f"/tickets/{row.uid}/confirmation").status_code == 303
    assert stored(row).interruption_began_at(30) == MONDAY
    assert browser(user).post(f"/tickets/{row.uid}/confirmation").status_code == 422
    called(browser(house.support), subscription)
    late = the_ticket()
    assert stored(late).interruption_began_at(30) is None
    at(MONDAY + 60 * MINUTE)
    browser(user).post(f"/tickets/{late.uid}/messages", data={"text": "Je confirme."})
    assert stored(late).interruption_began_at(30) == MONDAY + 60 * MINUTE
    assert "hors délai" in page(browser(user).get(f"/tickets/{late.uid}"))


def test_004_16_the_closing_tells_the_customer_and_sets_the_duration(house, browser, at):
    subscription, user = a_contract(house, "dobaas")
    opened(browser(user), subscription=subscription.uid)
    row = the_ticket()
    staff = browser(house.support)
    assert staff.post(f"/tickets/{row.uid}/interruption").status_code == 303
    assert stored(row).state == TicketState.INTERRUPTED
    at(MONDAY + 2 * HOUR)
    staff = browser(house.support)
    assert staff.post(f"/tickets/{row.uid}/restoration").status_code == 303
    at(MONDAY + 3 * HOUR)
    staff, where = browser(house.support), f"/tickets/{row.uid}/closing"
    nobody = {"solution": "Onduleur remplacé.", "told": "phone"}
    assert staff.post(where, data=nobody).status_code == 422
    assert staff.post(where, data={**nobody, "to": "Mme Port"}).status_code == 303
    assert staff.post(where, data={**nobody, "to": "Mme Port"}).status_code == 409  # twice
    assert stored(row).interruption(30) == 2 * HOUR
    text = page(browser(user).get(f"/tickets/{row.uid}"))
    assert "2 h 00 min" in text and "004-17" in text


def test_004_17_a_closing_is_contested_within_a_day_under_the_same_number(house, browser, at):
    subscription, user = a_contract(house, "dobaas")
    opened(browser(user), subscription=subscription.uid)
    row, closed = the_ticket(), {"solution": "C'est réparé.", "told": "mail"}
    browser(house.support).post(f"/tickets/{row.uid}/closing", data=closed)
    assert "contester" in mails("closed")[0].body or "raisons" in mails("closed")[0].body
    at(MONDAY + 23 * HOUR)
    hers = browser(user)
    assert hers.post(f"/tickets/{row.uid}/contest", data={"text": ""}).status_code == 422
    assert hers.post(f"/tickets/{row.uid}/contest", data={"text": "Toujours coupé."}).status_code == 303
    assert stored(row).state == TicketState.CONTESTED and the_ticket().id == row.id
    browser(house.support).post(f"/tickets/{row.uid}/closing", data=closed)
    at(MONDAY + 47 * HOUR + MINUTE)
    hers = browser(user)
    late = hers.post(f"/tickets/{row.uid}/contest", data={"text": "Encore."})
    assert late.status_code == 422 and stored(row).state == TicketState.CLOSED
    again = hers.post(f"/tickets/{row.uid}/messages", data={"text": "Encore coupé."})
    assert again.status_code == 303
    assert the_ticket().follows_uid == row.uid and the_ticket().number != row.number


def test_004_18_the_report_is_owed_in_twenty_business_days_sealed_and_mailed(house, browser, at):
    subscription, user = a_contract(house, "dobaas")
    closing = datetime(2026, 12, 15, 9, 0, tzinfo=UTC)
    at(closing)
    opened(browser(user), subscription=subscription.uid)
    row = the_ticket()
    browser(house.support).post(f"/tickets/{row.uid}/closing", data={"solution": "Réparé.", "told": "mail"})
    assert stored(row).due_at == datetime(2027, 1, 14, 23, 0, tzinfo=UTC)
    at(datetime(2027, 1, 14, 23, 1, tzinfo=UTC))
    tick()
    assert "004-18" in mails("missed")[0].body
    staff, where = browser(house.support), f"/tickets/{row.uid}/report"
    assert "Rapport d" in page(staff.get(f"/tickets/{row.uid}"))
    assert staff.post(where, data={"report_text": "Cause", "send": "y"}).status_code == 422
    text = "Causes : onduleur en panne.\n\nSolutions : onduleur remplacé."
    assert staff.post(where, data={"report_text": text}).status_code == 303
    assert stored(row).reported_at is None
    assert staff.post(where, data={"report_text": text, "send": "y"}).status_code == 303
    work()
    document = stored(row).report
    assert document.is_there and mails("report")[0].attachments == [document.uid]
    got = browser(user).get(f"/documents/{document.uid}")
    assert got.status_code == 200 and got.data.startswith(b"%PDF")
    assert staff.post(where, data={"report_text": text, "send": "y"}).status_code == 422


def a_claim(client, **values):
    return opened(client, severity="", subject="Réclamation", **values)


def test_000_30_a_business_claims_within_a_week_and_a_consumer_is_not_held_to_it(house, browser, at):
    _subscription, user = a_contract(house, "natso")
    received = MONDAY.date().isoformat()
    at(MONDAY + 7 * DAY)
    assert a_claim(browser(user), kind="conformity", known_on=received).status_code == 303
    text = page(browser(house.support).get(f"/tickets/{the_ticket().uid}"))
    assert "000-30" in text and "tenu" in text
    at(MONDAY + 8 * DAY)
    a_claim(browser(user), kind="conformity", known_on=received)
    text = page(browser(house.support).get(f"/tickets/{the_ticket().uid}"))
    assert "000-30" in text and "hors délai" in text
    unknown = a_claim(browser(user), kind="conformity")
    assert unknown.status_code == 422 and "réception" in unknown.get_data(as_text=True)


def test_000_49_a_damage_is_claimed_by_letter_within_two_business_days(house, browser, at):
    _subscription, user = a_contract(house, "natso")
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    at(friday)
    a_claim(browser(user), kind="malfunction", known_on="2026-11-20")
    row = the_ticket()
    claim = page(browser(user).get(f"/tickets/{row.uid}"))
    assert "000-49" in claim and "Plafonds de responsabilité" in claim and "000-50" in claim
    at(friday + 5 * DAY)
    hers = browser(user)
    assert hers.post(f"/tickets/{row.uid}/letter", data={"posted_on": "2026-11-19"}).status_code == 422
    assert hers.post(f"/tickets/{row.uid}/letter", data={"posted_on": "2026-11-24"}).status_code == 303
    assert "tenu" in page(browser(house.support).get(f"/tickets/{row.uid}"))


def test_001_34_a_letter_posted_after_two_business_days_is_late(house, browser, at):
    _subscription, user = a_contract(house, "dropcloud")
    at(MONDAY + 4 * DAY)
    a_claim(browser(user), kind="malfunction", known_on="2026-11-23", posted_on="2026-11-26")
    text = page(browser(house.support).get(f"/tickets/{the_ticket().uid}"))
    assert "001-34" in text and "hors délai" in text
    assert "25 nov. 2026<" in text  # the whole of the last day


def outside(row, **values):
    return {"solution": "Routeur du client.", "told": "mail", "finding": "outside", "minutes": "90"} | values


def test_004_15_a_ticket_outside_the_scope_is_billed_by_the_grid_once_its_closing_is_accepted(
    house, browser, at
):
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    row = the_ticket()
    address = f"/tickets/{row.uid}/closing"
    refused = browser(house.support).post(address, data=outside(row))
    assert refused.status_code == 422 and "La grille n" in refused.get_data(as_text=True)
    set_price(house.provider, Item.LABOUR, 100_00, MONDAY.date(), by=house.operator)
    db.session.commit()
    at(MONDAY + HOUR)
    assert browser(house.support).post(address, data=outside(row, minutes="")).status_code == 422
    assert browser(house.support).post(address, data=outside(row)).status_code == 303
    assert "004-15" in mails("closed")[0].body and "150,00" in mails("closed")[0].body
    assert "004-15" in page(browser(user).get(f"/tickets/{row.uid}"))
    tick()
    assert db.session.scalars(select(Charge)).all() == []  # she may still contest it
    at(MONDAY + 2 * HOUR)
    contested = browser(user).post(f"/tickets/{row.uid}/contest", data={"text": "C'est votre coffre."})
    assert contested.status_code == 303
    at(MONDAY + 27 * HOUR)
    tick()
    assert db.session.scalars(select(Charge)).all() == []
    assert browser(house.support).post(address, data=outside(row, minutes="30")).status_code == 303
    at(MONDAY + 52 * HOUR)
    tick()
    (charge,) = db.session.scalars(select(Charge)).all()
    assert (charge.unit_cents, charge.clause, charge.includes_vat) == (200_00, "004-15", False)
    at(MONDAY + 54 * HOUR)
    tick()
    assert len(db.session.scalars(select(Charge)).all()) == 1


def test_004_15_a_ticket_that_proves_to_be_the_providers_is_never_billed(house, browser, at):
    _subscription, user = a_contract(house, "dobaas")
    set_price(house.provider, Item.LABOUR, 100_00, MONDAY.date(), by=house.operator)
    opened(browser(user))
    row = the_ticket()
    browser(house.support).post(f"/tickets/{row.uid}/closing", data=outside(row))
    browser(user).post(f"/tickets/{row.uid}/contest", data={"text": "C'est votre coffre."})
    at(MONDAY + HOUR)
    ours = outside(row, finding="ours", minutes="")
    assert browser(house.support).post(f"/tickets/{row.uid}/closing", data=ours).status_code == 303
    at(MONDAY + 60 * HOUR)
    tick()
    assert db.session.scalars(select(Charge)).all() == []


def test_a_contract_that_bills_no_ticket_says_so(house, browser):
    _subscription, user = a_contract(house, "numspot")
    opened(browser(user))
    row = the_ticket()
    assert "périmètre" not in page(browser(house.support).get(f"/tickets/{row.uid}"))
    refused = browser(house.support).post(f"/tickets/{row.uid}/closing", data=outside(row))
    assert refused.status_code == 422 and "ne prévoit pas" in refused.get_data(as_text=True)


def test_004_27_a_late_claim_is_told_to_be_kept_by_the_law_and_never_refused(house, browser, at):
    """Six months by the contract, which cannot cut a year (L12)."""
    subscription, user = a_contract(house, "dobaas")
    opened(browser(user), subscription=subscription.uid)
    row = the_ticket()
    browser(house.support).post(f"/tickets/{row.uid}/closing", data={"solution": "Réparé.", "told": "mail"})
    for day, words in (
        (datetime(2027, 5, 23, 9, tzinfo=UTC), "hui dans le délai du contrat"),
        (datetime(2027, 5, 24, 9, tzinfo=UTC), "que la loi écarte"),
        (datetime(2027, 11, 24, 9, tzinfo=UTC), "à juger par une personne"),
    ):
        at(day)
        text = page(browser(house.support).get(f"/tickets/{row.uid}"))
        assert "004-27" in text
        assert words in text, day


def a_wish(client, kind, wished_on="", **values):
    return opened(client, kind=kind, severity="", subject="Demande", wished_on=wished_on, **values)


def test_003_41_a_penetration_test_is_asked_for_a_month_before(house, browser, at):
    _subscription, user = a_contract(house, "numspot")
    at(MONDAY)
    assert a_wish(browser(user), "pentest").status_code == 422
    early = a_wish(browser(user), "pentest", "2026-12-22")
    assert early.status_code == 422 and "23 déc" in early.text and "003-41" in early.text
    assert a_wish(browser(user), "pentest", "2026-12-23").status_code == 303
    assert "23 déc" in page(browser(house.support).get(f"/tickets/{the_ticket().uid}"))


def test_003_40_001_20_one_audit_a_year(house, browser, at):
    for terms, clause in (("numspot", "003-40"), ("dropcloud", "001-20")):
        _subscription, user = a_contract(house, terms, name=terms, siren=None)
        at(MONDAY)
        assert a_wish(browser(user), "audit", "2027-01-10").status_code == 303
        again = a_wish(browser(user), "audit", "2028-01-09")
        assert again.status_code == 422 and clause in again.text
        assert a_wish(browser(user), "audit", "2028-01-10").status_code == 303


def test_003_38_004_46_the_insurance_certificate_is_asked_for_and_handed_over(house, browser, at):
    for terms in ("numspot", "dobaas"):
        _subscription, user = a_contract(house, terms, name=terms, siren=None)
        at(MONDAY)
        assert a_wish(browser(user), "certificate").status_code == 303
        row = the_ticket()
        sent = {"text": "La voici.", "files": (io.BytesIO(SCAN), "attestation.pdf")}
        assert browser(house.support).post(f"/tickets/{row.uid}/answers", data=sent).status_code == 303
        assert "attestation.pdf" in page(browser(user).get(f"/tickets/{row.uid}"))
    _subscription, user = a_contract(house, "natso", name="natso", siren=None)
    assert a_wish(browser(user), "certificate").status_code == 422
