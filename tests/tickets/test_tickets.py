"""Who may do what with a ticket, what is refused, and what the wall does by itself."""

from datetime import timedelta
from io import BytesIO

from sqlalchemy import func, select

from portal.backups.health import Outcome
from portal.backups.receive import receive_report
from portal.backups.silence import tell_of_silence
from portal.db import EVERYTHING, db, set_scope
from portal.tickets.incoming import receive
from portal.tickets.kinds import OPENED_PER_HOUR
from portal.tickets.models import Ticket, TicketState
from tests.backups.reporting import a_report, a_watched_machine
from tests.builders import an_outsider, stored
from tests.conftest import MONDAY
from tests.tickets.opening import a_contract, a_mail, a_person, called, mails, opened, the_ticket, tick
from tests.vaulting import a_vault
from tests.world import a_scan

HOUR = timedelta(hours=1)


def count() -> int:
    return db.session.scalar(select(func.count(Ticket.id)))


def test_a_ticket_has_a_number_its_own_words_and_the_contracts_table(house, browser):
    subscription, user = a_contract(house, "numspot")
    form = browser(user).get("/tickets/new").get_data(as_text=True)
    assert "Majeure" in form and "Mineure" in form
    assert opened(browser(user), severity="").status_code == 422
    png = (BytesIO(a_scan()), "capture.png")
    assert opened(browser(user), files=png).status_code == 303
    row = the_ticket()
    assert row.number == "TK-2026-000001" and row.subscription_id == subscription.id
    page = browser(user).get(f"/tickets/{row.uid}").get_data(as_text=True)
    assert "capture.png" in page and row.number in page
    file = row.messages[0].files[0]
    assert browser(user).get(f"/documents/{file.uid}").status_code == 200
    assert browser(an_outsider(house)).get(f"/documents/{file.uid}").status_code == 404
    bad = opened(browser(user), files=(BytesIO(b"MZ"), "virus.exe"))
    assert bad.status_code == 422 and count() == 1
    assert "TK-2026-000001" in browser(user).get("/tickets").get_data(as_text=True)
    found = browser(house.support).get("/search", query_string={"q": "TK-2026-000001"})
    assert row.subject in found.get_data(as_text=True)


def test_outsiders_and_readers_cannot(house, browser):
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    row = the_ticket()
    outsider, reader, hers = browser(an_outsider(house)), browser(house.reader), browser(user)
    assert outsider.get(f"/tickets/{row.uid}").status_code == 404
    assert reader.get(f"/tickets/{row.uid}").status_code == 200
    verbs = (
        "owner",
        "answers",
        "grade",
        "confirmation-note",
        "interruption",
        "restoration",
        "closing",
        "report",
    )
    for verb in verbs:
        assert reader.post(f"/tickets/{row.uid}/{verb}").status_code == 403
        assert hers.post(f"/tickets/{row.uid}/{verb}").status_code == 403
    customer = row.customer
    assert outsider.get(f"/tickets/call/{customer.uid}").status_code == 404
    assert browser(house.support).post(f"/tickets/{row.uid}/contest").status_code == 403


def test_a_ticket_is_never_opened_for_another_customers_contract(house, browser):
    theirs, _user = a_contract(house, "dobaas")
    _subscription, user = a_contract(house, "dobaas", name="Garage Port", siren=None)
    opened(browser(user), subscription=theirs.uid, severity="", kind="question")
    row = the_ticket()
    assert row.subscription_id != theirs.id and row.customer_id != theirs.customer_id


def test_a_call_of_somebody_else_opens_nothing_and_is_noted(house, browser):
    subscription, _user = a_contract(house, "dobaas")
    refused = called(browser(house.support), subscription, caller="none")
    assert refused.status_code == 422 and count() == 0
    assert called(browser(house.support), subscription, called_back="").status_code == 422
    assert called(browser(house.support), subscription).status_code == 303
    row = the_ticket()
    assert row.number in browser(house.support).get(f"/customers/{row.customer.uid}").get_data(as_text=True)
    assert row.caller == "Camille Martin" and row.caller_check and row.taken_by_id == house.support.id
    other = browser(house.operator).post(f"/tickets/{row.uid}/owner")
    assert other.status_code == 422 and house.support.label in other.get_data(as_text=True)
    browser(house.support).post(f"/tickets/{row.uid}/owner", data={"release": "y"})
    assert browser(house.operator).post(f"/tickets/{row.uid}/owner").status_code == 303


def test_a_restore_refers_to_the_ticket_that_it_was_asked_for_under(house, browser, tmp_path):
    subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    ticket, staff = the_ticket(), browser(house.support)
    vault = a_vault(subscription.customer, tmp_path, subscription)
    call = f"/restore-requests/call/{subscription.customer.uid}"
    asked = staff.get(call, query_string={"ticket": ticket.number}).get_data(as_text=True)
    assert f'value="{ticket.number}"' in asked
    data = {
        "vault": vault.uid,
        "caller": subscription.customer.contacts[0].uid,
        "called_back": "y",
        "what": "le dossier compta",
        "scope": "files",
        "cause": "lost_by_user",
        "holder": "herself",
        "urgency": "today",
        "ticket": "12",
    }
    assert staff.post(call, data=data).status_code == 422
    done = staff.post(call, data=data | {"ticket": ticket.number})
    assert done.status_code == 303
    assert "le dossier compta" in staff.get(f"/tickets/{ticket.uid}").get_data(as_text=True)
    assert ticket.uid in staff.get(done.headers["Location"]).get_data(as_text=True)


def test_a_loop_that_opens_tickets_is_stopped(house, browser, at):
    _subscription, user = a_contract(house, "dobaas")
    client = browser(user)
    answers = [opened(client).status_code for _each in range(OPENED_PER_HOUR + 2)]
    assert answers[-2:] == [422, 422] and count() == OPENED_PER_HOUR
    at(MONDAY + 2 * HOUR)
    assert opened(browser(user)).status_code == 303


def test_a_red_machine_opens_one_ticket_and_a_good_run_closes_it(house, browser, at):
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report("run-0", outcome=Outcome.FAILED))
    receive_report(machine, a_report("run-1", MONDAY - HOUR, outcome=Outcome.FAILED))
    db.session.commit()
    row = the_ticket()
    assert count() == 1 and row.machine_id == machine.id and len(row.messages) == 1
    user = a_person(machine.customer)
    assert machine.name in browser(user).get(f"/tickets/{row.uid}").get_data(as_text=True)
    receive_report(machine, a_report("run-2", MONDAY))
    db.session.commit()
    assert stored(row).state == TicketState.CLOSED and len(mails("closed")) == 1
    at(MONDAY + HOUR)
    receive_report(machine, a_report("run-3", MONDAY + timedelta(minutes=30), outcome=Outcome.FAILED))
    db.session.commit()
    assert count() == 2


def test_a_silent_machine_opens_one_ticket_once(house, browser, at):
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    for days in (3, 4):
        at(MONDAY + timedelta(days=days))
        tell_of_silence()
        db.session.commit()
    assert count() == 1 and "plus de nouvelles" in the_ticket().subject
    assert the_ticket().number in browser(house.support).get("/").get_data(as_text=True)  # today's work


def test_a_grade_set_right_moves_the_clock_and_ready_texts_are_the_houses_own(house, browser):
    _subscription, user = a_contract(house, "numspot")
    opened(browser(user), severity="3")
    row, staff = the_ticket(), browser(house.support)
    assert (
        staff.post(f"/tickets/{row.uid}/grade", data={"kind": "incident", "severity": "9"}).status_code == 422
    )
    assert (
        staff.post(f"/tickets/{row.uid}/grade", data={"kind": "incident", "severity": "1"}).status_code == 303
    )
    assert stored(row).due_at == MONDAY + timedelta(minutes=15)
    assert staff.post("/ticket-texts", data={"name": "", "text": "x"}).status_code == 422
    staff.post("/ticket-texts", data={"name": "Redémarrer", "text": "Redémarrez le service."})
    assert "Redémarrez" in staff.get(f"/tickets/{row.uid}").get_data(as_text=True)
    assert "Redémarrez" not in browser(user).get(f"/tickets/{row.uid}").get_data(as_text=True)
    assert "Redémarrez" not in browser(an_outsider(house)).get("/ticket-texts").get_data(as_text=True)


def test_a_ticket_that_came_by_mail_gets_its_contract_and_clocks_from_its_opening(house, browser, at):
    subscription, user = a_contract(house, "numspot")
    other, _hers = a_contract(house, "numspot", name="Garage Port", siren=None)
    for contact in other.customer.contacts:
        contact.email = "garage@client.example"
    db.session.commit()
    receive(a_mail("contact@client.example", "Plus d'accès").as_bytes())
    set_scope(EVERYTHING)
    row = the_ticket()
    address = f"/tickets/{row.uid}/subscription"
    staff = browser(house.support)
    assert address in staff.get(f"/tickets/{row.uid}").get_data(as_text=True)
    assert row.due_at is None
    at(row.created_at + timedelta(minutes=20))
    staff = browser(house.support)
    assert staff.post(address, data={"subscription": other.uid}).status_code == 422
    assert browser(user).post(address, data={"subscription": subscription.uid}).status_code == 403
    assert staff.post(address, data={"subscription": subscription.uid}).status_code == 303
    assert (
        staff.post(f"/tickets/{row.uid}/grade", data={"kind": "incident", "severity": "1"}).status_code == 303
    )
    assert stored(row).due_at == row.created_at + timedelta(minutes=15)  # over already
    tick()
    assert len(mails("missed")) == 1
    assert staff.post(address, data={"subscription": subscription.uid}).status_code == 422
