"""A month looked at before it is billed, and what somebody has to decide first."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from flask.testing import FlaskClient

from portal.backups.gaps import GapKind, note_gap
from portal.billing.models import BillingRun, Invoice, add_charge
from portal.billing.run_preview import PreviewState, RunPreview
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer, stored, work
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_orders import text_of
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def the_entity() -> LegalEntity:
    return db.session.scalars(db.select(LegalEntity)).one()


def owes(house: House, name: str, cents: int, method: Method = Method.WIRE, country: str = "FR") -> Customer:
    """By wire or by debit; 20 % of VAT come on top."""
    customer = a_customer(house.reseller, name=name, siren=None, country=country)
    add_charge(
        customer,
        origin=f"x:{name}:1",
        label="Service",
        quantity=1,
        unit_cents=cents,
        includes_vat=False,
        method=method,
    )
    db.session.commit()
    return customer


def ask(client: FlaskClient, month: str) -> str:
    answer = client.post("/billing/previews", data={"entity": the_entity().uid, "month": month})
    assert answer.status_code == 303
    work()
    return str(answer.location)


def test_a_month_is_seen_beside_the_one_before_with_what_is_odd_about_it(
    house: House, browser: Browser, at: At
) -> None:
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    client = browser(house.finance)
    usual = owes(house, "Habituelle", 10_000)
    owes(house, "Partie", 5_000)
    start = {"entity": the_entity().uid, "month": "2026-11"}
    assert client.post("/billing/runs", data=start).status_code == 303
    work()
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    client = browser(house.finance)
    owes(house, "Sans mandat", 3_000, Method.DIRECT_DEBIT)
    owes(house, "Nulle part", 2_000).country = "??"
    add_charge(
        usual,
        origin="x:2",
        label="Service",
        quantity=1,
        unit_cents=40_000,
        includes_vat=False,
        method=Method.WIRE,
    )
    db.session.commit()
    address = ask(client, "2026-12")
    preview = db.session.scalars(db.select(RunPreview)).one()
    assert (preview.state, preview.customers, preview.odd) == (PreviewState.DONE, 2, 4)
    assert (preview.gross_cents, preview.before_cents, preview.debits) == (51_600, 18_000, 0)
    page = client.get(address).text
    for words in ("sans mandat valable", "plus de la moitié", "rien ce mois", "des données manquent"):
        assert words in page, words
    rows = table(client.get(f"{address}/lines.csv").text)
    assert ["Habituelle", "480,00", "120,00", "plus de la moitié d'écart avec le mois précédent"] in rows
    assert len(db.session.scalars(db.select(Invoice)).all()) == 2, "nothing was issued"
    assert browser(house.operator).post("/billing/previews", data=start).status_code == 403


def test_a_run_waits_for_what_is_undecided_or_bills_what_is_certain(
    house: House, browser: Browser, app: Flask
) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud")
    product = a_monthly_product(house, included_gb=50)
    place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    note_gap(db.session.scalars(db.select(Subscription)).one(), GapKind.VOLUME, 80)
    db.session.commit()
    client, month = browser(house.finance), {"entity": the_entity().uid, "month": "2026-11"}
    waits = client.post("/billing/runs", data=month)
    assert waits.status_code == 422 and "1 écart attend une décision" in waits.text
    said = app.test_cli_runner().invoke(
        args=["billing", "run", "--entity", the_entity().ics, "--month", "2026-11", "--json"]
    )
    assert said.exit_code == 1 and "attend une décision" in json.loads(said.output)["error"]
    told = app.test_cli_runner().invoke(
        args=["billing", "status", "--entity", the_entity().ics, "--month", "2026-11", "--json"]
    )
    assert json.loads(told.output) == {"rows": [{"undecided": 1}]}
    assert client.post("/billing/runs", data=month | {"certain": "y"}).status_code == 303
    work()
    assert db.session.scalars(db.select(BillingRun)).one().invoices == 1


def test_a_run_counts_the_debits_that_exist_and_the_others_say_how_to_pay(
    house: House, browser: Browser
) -> None:
    """One customer has a mandate; the other one's invoice carries the account, and stands on a list."""
    with_one = owes(house, "Avec mandat", 1_000, Method.DIRECT_DEBIT)
    owes(house, "Sans mandat", 1_000, Method.DIRECT_DEBIT)
    sign_now(with_one, the_entity())
    client = browser(house.finance)
    client.post("/billing/runs", data={"entity": the_entity().uid, "month": "2026-11"})
    work()
    run = db.session.scalars(db.select(BillingRun)).one()
    assert (run.invoices, run.collections) == (2, 1)
    assert len(db.session.scalars(db.select(Collection)).all()) == 1
    papers = {
        row.customer.name: " ".join(text_of(content_of(stored(row).document)).split())
        for row in db.session.scalars(db.select(Invoice)).all()
    }
    assert "prélèvement SEPA" in papers["Avec mandat"] and "IBAN" not in papers["Avec mandat"]
    assert "IBAN" in papers["Sans mandat"] and "prélèvement" not in papers["Sans mandat"]
    listed = client.get("/billing/invoices?way=none").text
    assert "Sans mandat" in listed and "Avec mandat" not in listed


def test_a_preview_that_is_killed_begins_anew(house: House, browser: Browser) -> None:
    owes(house, "Une", 1_000)
    address = ask(browser(house.finance), "2026-11")
    preview = db.session.scalars(db.select(RunPreview)).one()
    preview.state = PreviewState.WORKING
    task = db.session.scalars(db.select(Task).where(Task.kind == "billing.preview")).one()
    task.state = TaskState.QUEUED  # as a lease that ran out
    db.session.commit()
    work()
    assert (stored(preview).customers, preview.gross_cents) == (1, 1_200)
    page = browser(house.finance).get(address + "?all=1").text
    assert "12,00" in page
