"""Who begins sees what to do first; each line ticks itself, and the list goes away."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.access import Role
from portal.accounts.models import User
from portal.backups.receive import receive_report
from portal.catalogue.models import Method
from portal.db import db
from portal.first_steps.models import FirstStepsDismissal
from portal.first_steps.steps import STEPS
from portal.guide.pages import pages
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for, next_number
from portal.safekeeping.models import Rehearsal, SafetyRun
from portal.subscriptions.ordering import place_order
from portal.today.models import make_feed
from tests.backups.reporting import a_report, a_watched_machine
from tests.builders import House, a_customer, a_user, an_outsider
from tests.sepa.people import a_signed_mandate
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
_UNDONE = re.compile(r'aria-label="à faire">.*?</svg> <span><a href="([^"]+)">([^<]+)</a>', re.DOTALL)


def undone(client: FlaskClient) -> dict[str, str]:
    """What is not ticked yet on the home page, and where it leads."""
    page = client.get("/").text.partition('id="first-steps-title"')[2].partition("</section>")[0]
    return {unescape(label): address for address, label in _UNDONE.findall(page)}


CUSTOMER, TERMS = "Enregistrer un premier client", "Faire accepter les conditions d'une offre"
ORDER, MANDATE = "Passer une première commande", "Avoir un premier mandat signé"
MACHINE = "Voir une première machine rapporter sa sauvegarde"
CALENDAR = "Recevoir les échéances dans votre calendrier"


def test_an_owner_ticks_one_after_the_other_by_doing_it(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    assert list(undone(client)) == [CUSTOMER, TERMS, ORDER, MANDATE, MACHINE, CALENDAR]
    customer = a_customer(house.reseller, accepted="")
    assert CUSTOMER not in undone(client) and TERMS in undone(client)
    other = a_customer(house.reseller, name="Autre", siren=None)
    assert list(undone(client)) == [ORDER, MANDATE, MACHINE, CALENDAR]
    place_order(other, a_product(house), 1, Method.WIRE, by=SYSTEM)
    assert list(undone(client)) == [MANDATE, MACHINE, CALENDAR]
    a_signed_mandate(house, customer)
    assert list(undone(client)) == [MACHINE, CALENDAR]
    make_feed(house.owner, with_names=False)
    assert list(undone(client)) == [MACHINE]


def test_a_machine_counts_once_it_has_reported(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    machine, _token = a_watched_machine(house)
    db.session.commit()
    assert MACHINE in undone(client)
    receive_report(machine, a_report())
    db.session.commit()
    assert MACHINE not in undone(client)


def test_the_rows_of_another_reseller_tick_nothing(house: House, browser: Browser) -> None:
    a_customer(house.other)
    outsider = an_outsider(house)
    make_feed(outsider, with_names=False)
    assert CUSTOMER in undone(browser(house.owner)) and CALENDAR in undone(browser(house.owner))
    assert not {CUSTOMER, CALENDAR} & set(undone(browser(outsider)))


def test_an_operator_sees_what_the_installation_lacks(
    app: Flask, house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in ("SMTP_URL", "VAULT_HOSTS", "BACKUP_REPO"):
        monkeypatch.setitem(app.config, setting, "")
    client = browser(house.operator)
    assert len(undone(client)) == 8  # there are resellers, and a seal
    for setting in ("SMTP_URL", "VAULT_HOSTS", "BACKUP_REPO"):
        monkeypatch.setitem(app.config, setting, "there")
    db.session.add(SafetyRun(kind=Rehearsal.BACKUP, is_good=True, seconds=1))
    db.session.add(SafetyRun(kind=Rehearsal.DRILL, is_good=False, seconds=1))
    product = a_product(house)
    next_number(issuer_for(product), "FA", 2026)
    db.session.commit()
    drill = "Réussir un premier exercice de restauration"
    assert list(undone(client)) == [drill, "Avoir deux comptes de la finance"]
    invited = User(organisation=house.provider, email="faute@frappe.example", name="Autre", role=Role.FINANCE)
    db.session.add(invited)
    db.session.commit()
    assert "Avoir deux comptes de la finance" in undone(client)  # who has not come in releases nothing
    second = a_user(house.reseller, Role.FINANCE)  # whose address is not taken
    second.organisation_id, second.org_path = house.provider.id, house.provider.org_path
    db.session.add(SafetyRun(kind=Rehearsal.DRILL, is_good=True, seconds=1))
    db.session.commit()
    assert "Premiers pas" not in client.get("/").text  # all of them are done


def test_only_who_begins_something_has_first_steps(house: House, browser: Browser) -> None:
    for person in (house.finance, house.technician, house.sales, house.support, house.reader):
        assert "first-steps" not in browser(person).get("/").text


def test_one_person_puts_the_list_away_and_finds_it_again(house: House, browser: Browser) -> None:
    second = a_user(house.reseller, Role.OWNER, "second")
    second.email = "second@reseller.example"
    db.session.commit()
    client = browser(house.owner)
    assert "first_steps" not in client.get("/guide").text
    for _twice in range(2):
        assert client.post("/first-steps/dismissal").status_code == 303
    assert undone(client) == {} and undone(browser(second))
    assert db.session.query(FirstStepsDismissal).count() == 1
    guide = client.get("/guide").text
    assert 'action="/first-steps/return"' in guide
    client.post("/first-steps/return")
    assert undone(client)
    assert 'action="/first-steps/return"' not in client.get("/guide").text


def test_every_step_leads_to_what_its_reader_may_open(house: House, browser: Browser) -> None:
    for person in (house.owner, house.operator):
        client = browser(person)
        for address in undone(client).values():
            assert client.get(address.partition("#")[0]).status_code == 200, address
    for step in STEPS.values():
        if step.guide:
            assert step.role in pages("fr")[step.guide].roles


def test_all_of_them_cost_one_question(house: House, browser: Browser) -> None:
    asked: list[str] = []
    client = browser(house.owner)
    client.get("/")

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        client.get("/")
        with_list = len(asked)
        client.post("/first-steps/dismissal")
        asked.clear()
        client.get("/")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert with_list - len(asked) == 1
