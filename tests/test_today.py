"""A person's day: what waits for her role, the dearest first; the same in JSON and in a calendar."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, g
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import BindParameter, Select, text
from sqlalchemy.sql.visitors import iterate

from portal import clock
from portal.access import Role
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.mail import MailState, queue_mail
from portal.restore_requests.models import Cause, RestoreKind, RestoreState, open_request
from portal.sepa.batches.today import hand_in_by
from portal.subscriptions.kept_terms import keep_term
from portal.today.day import own_kinds, waiting_for
from portal.today.kinds import KINDS, Cost, Todo
from portal.today.words import due_words
from tests.builders import House, a_customer, an_outsider, stored
from tests.contracts.builders import dropcloud, natso
from tests.counting import statements
from tests.sepa.people import a_collection, a_mandate, a_signed_mandate, freeze_batch
from tests.test_listing import three_invoices

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def todo(client: FlaskClient) -> list[dict[str, object]]:
    answer = client.get("/today.json").get_json()
    found: list[dict[str, object]] = answer["todo"]
    return found


def kinds(client: FlaskClient) -> list[object]:
    return [line["kind"] for line in todo(client)]


def test_an_empty_day_says_so(house: House, browser: Browser) -> None:
    assert todo(browser(house.owner)) == []
    assert "Rien n'attend." in browser(house.owner).get("/").text


def test_the_last_day_of_notice_comes_with_its_clause_and_is_gone_the_day_after(
    house: House, browser: Browser, at: At
) -> None:
    subscription = dropcloud(house, started_on=datetime(2026, 3, 20).date())
    at(MONDAY)
    keep_term(subscription)
    db.session.commit()
    last = stored(subscription).last_notice_on
    assert last is not None and last >= MONDAY.date()
    at(datetime.combine(last, MONDAY.timetz()) - timedelta(31))
    assert todo(browser(house.owner)) == []
    at(datetime.combine(last, MONDAY.timetz()))
    client = browser(house.owner)
    (line,) = todo(client)
    assert (line["kind"], line["due"]) == ("subscription.notice", last.isoformat())
    page = client.get("/").text
    assert line["clauses"] and all(str(clause) in page for clause in line["clauses"])  # type: ignore[attr-defined]
    assert "aujourd&#39;hui</b>" in page and f"/subscriptions/{subscription.uid}" in page
    at(datetime.combine(last, MONDAY.timetz()) + timedelta(1))
    assert todo(browser(house.owner)) == []


def test_what_is_late_comes_before_what_is_dear_but_far(house: House, browser: Browser, at: At) -> None:
    three_invoices(house, at)
    subscription = natso(house)
    subscription.last_notice_on = MONDAY.date() + timedelta(20)
    db.session.commit()
    assert kinds(browser(house.owner)) == ["invoice.late", "invoice.late", "subscription.notice"]
    subscription.last_notice_on = MONDAY.date()
    db.session.commit()
    assert kinds(browser(house.owner))[0] == "subscription.notice"


def test_each_role_sees_its_own_work(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    a_mandate(house, customer)
    task = Task(
        organisation=house.provider, kind="billing.run", ref="x", state=TaskState.FAILED, error="mort"
    )
    db.session.add(task)
    db.session.commit()
    assert kinds(browser(house.owner)) == ["mandate.signature"]
    assert kinds(browser(house.people[Role.SUPPORT])) == []
    assert "task.failed" in kinds(browser(house.operator))
    assert kinds(browser(an_outsider(house))) == []


def test_who_repairs_finds_neither_money_nor_notices_among_her_work(
    house: House, browser: Browser, at: At
) -> None:
    three_invoices(house, at)
    natso(house).last_notice_on = MONDAY.date() + timedelta(3)
    db.session.commit()
    assert {"invoice.late", "subscription.notice"} <= set(kinds(browser(house.owner)))
    for person in (house.technician, house.support):
        assert kinds(browser(person)) == []
        assert browser(person).get("/billing/invoices").status_code == 200  # she may look it up


def test_a_batch_is_due_at_the_banks_hour(house: House, browser: Browser) -> None:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    entity = mandate.legal_entity
    entity.lead_days, entity.cutoff_hour = 2, 14
    batch = freeze_batch(entity, "CORE", row.due_on, house.finance)
    due = hand_in_by(batch)
    assert isinstance(due, datetime) and due.hour == 14 and due.date() < row.due_on
    entity.cutoff_hour = 24
    assert hand_in_by(batch) == due.date()


def test_the_menu_counts_what_waits_and_the_page_says_how_many_more(house: House, browser: Browser) -> None:
    for number in range(8):
        a_mandate(house, a_customer(house.reseller, name=f"C{number}", siren=None))
    page = browser(house.owner).get("/").text
    assert page.count("Mandat à faire signer") == 6
    assert "tout voir (8)" in page and 'href="/sepa/mandates?state=sent"' in page
    assert re.search(r'Mandats\s*<span class="todo"[^>]*>8</span>', page)


def test_every_page_counts_the_same_and_nothing_of_another_house(house: House, browser: Browser) -> None:
    for number in range(8):
        a_mandate(house, a_customer(house.reseller, name=f"C{number}", siren=None))
    a_mandate(house, a_customer(house.other, name="Ailleurs", siren=None))
    badge = re.compile(r'Mandats\s*<span class="todo"[^>]*>(\d+)</span>')
    told = {who: badge.findall(browser(who).get("/orders").text) for who in (house.owner, house.finance)}
    assert told == {house.owner: ["8"], house.finance: ["9"]}
    assert badge.findall(browser(an_outsider(house)).get("/orders").text) == ["1"]


def test_a_query_that_is_kept_for_a_day_is_the_same_all_day(house: House, app: Flask, at: At) -> None:
    def fixed(rows: Select[object]) -> list[object]:
        bound = (part for part in iterate(rows) if isinstance(part, BindParameter))
        return [part.value for part in bound if part.callable is None]

    for person in house.people.values():
        with app.test_request_context("/"):
            set_scope(person.org_path)
            g.actor, _read = person, (person.id, person.org_path, person.role)
            for kind in own_kinds():
                if not kind.asks:
                    at(MONDAY)
                    with statements() as sent:
                        morning = fixed(kind.rows())
                    at(MONDAY + timedelta(hours=9))
                    assert (fixed(kind.rows()), sent) == (morning, []), kind.name


def test_the_menu_follows_the_hour_and_the_day(house: House, browser: Browser, at: At) -> None:
    subscription = natso(house)
    subscription.last_notice_on = MONDAY.date() + timedelta(31)
    provider, state = house.provider, {"problems": list}
    mail = queue_mail("a@b.example", "mails/safety.txt", about=provider, owner=provider, state=state)
    mail.state, mail.created_at = MailState.REFUSED, MONDAY - timedelta(days=30, hours=-1)
    db.session.commit()
    client = browser(house.operator)

    def badges() -> int:
        return client.get("/account").text.count('class="todo"')

    assert badges() == 1
    at(MONDAY + timedelta(hours=2))
    assert badges() == 0  # refused more than thirty days ago
    at(MONDAY + timedelta(days=1))
    client = browser(house.operator)
    assert badges() == 1  # a last day of notice comes near


def test_until_when_in_words(house: House, at: At) -> None:
    at(MONDAY)

    def words(days: int) -> str:
        return str(due_words(Todo("x", "y", "/", "z", due=clock.today() + timedelta(days))))

    assert "en retard de 2 jours" in words(-2) and "en retard de 1 jour<" in words(-1)
    assert "aujourd&#39;hui" in words(0) and "dans 1 jour<" in words(1) and "dans 7 jours" in words(7)
    assert "1 déc. 2026" in words(8) and "dans" not in words(8)
    assert due_words(Todo("x", "y", "/", "z")) == ""


def test_every_kind_leads_to_a_list_of_its_own(house: House, browser: Browser, app: object) -> None:
    from flask import current_app

    assert len({kind.name for kind in KINDS.values()}) == len(KINDS) >= 9
    with current_app.test_request_context():
        for kind in KINDS.values():
            assert kind.everything().startswith("/") and isinstance(kind.cost, Cost)
            assert kind.entry in current_app.view_functions


def test_a_calendar_reads_the_day_at_a_secret_address(house: House, browser: Browser, at: At) -> None:
    three_invoices(house, at)
    client = browser(house.owner)
    page = client.post("/calendar").text
    found = re.search(r'<code class="key">[^<]*?(/calendar/[^<]+\.ics)</code>', page)
    assert found is not None
    path = found.group(1)
    answer = browser().get(path)
    assert answer.mimetype == "text/calendar"
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    assert len(events) == 2 and all("Client" not in str(event["SUMMARY"]) for event in events)
    assert "Client" not in answer.text and all("FA-" in str(event["SUMMARY"]) for event in events)
    assert path.split("/")[2] not in client.get("/calendar").text, "the secret is shown once"
    second = client.post("/calendar", data={"names": "yes"}).text
    assert browser().get(path).status_code == 404, "a new address ends the old one"
    named = re.search(r"/calendar/[^<]+\.ics", second)
    assert named is not None
    assert "Client 0" in browser().get(named.group()).text
    client.post("/calendar/drop")
    assert browser().get(named.group()).status_code == 404
    assert browser().get("/calendar/nonsense.ics").status_code == 404


def test_the_calendar_of_who_is_shut_out_is_shut(house: House, browser: Browser) -> None:
    page = browser(house.owner).post("/calendar").text
    path = re.search(r"/calendar/[^<]+\.ics", page)
    assert path is not None
    assert browser().get(path.group()).status_code == 200
    house.owner.is_enabled = False
    db.session.commit()
    assert browser().get(path.group()).status_code == 404


def test_an_open_page_is_told_what_is_new_and_what_is_done(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    page = client.get("/").text
    found = re.search(r'hx-get="(/today/news[^"]*)"', page)
    assert found and client.get(found[1]).status_code == 204
    mandate, _token = a_mandate(house)
    db.session.commit()
    assert "1 nouvelle chose à faire." in client.get(found[1]).text
    found = re.search(r'hx-get="(/today/news[^"]*)"', client.get("/").text)
    assert found and client.get(found[1]).status_code == 204
    mandate.revoke(received_on=MONDAY.date(), notice_months=0, by=house.owner)
    db.session.commit()
    assert "1 n'attend plus." in client.get(found[1]).text


def test_a_row_that_a_worker_has_just_taken_on_is_told_as_it_is_now(house: House, app: Flask) -> None:
    vault = register_vault(a_customer(house.reseller), name="Serveur", location="/nowhere")
    row = open_request(vault, what="x", lost_on=None, cause=Cause.OTHER, kind=RestoreKind.SIMPLE, by=SYSTEM)
    db.session.commit()
    with app.test_request_context("/"):
        set_scope(EVERYTHING)
        g.actor = house.people[Role.TECHNICIAN]
        assert row.state == RestoreState.REQUESTED  # loaded
        db.session.execute(text("UPDATE restore_request SET state = 'done'"))  # by another process
        assert [line.todo.what for line in waiting_for(row)] == ["Restauration à vérifier avec le client"]
