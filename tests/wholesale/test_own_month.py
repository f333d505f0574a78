"""A reseller that bills its customers itself runs its own month, and no other one."""

import io
import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import jobs
from portal.access import OF_ITS_ISSUER, Role
from portal.accounts.models import Organisation, OrganisationKind
from portal.backups.gaps import GapKind, note_gap
from portal.billing.models import BillingRun, Invoice
from portal.billing.run import start_run
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity, name_entity, pin_issuers
from portal.sepa.models import Batch, Collection
from portal.subscriptions.models import subscriptions_of
from portal.subscriptions.ordering import place_order
from tests.builders import SIRENS, House, a_customer, a_user, an_entity, stored, work
from tests.contracts.builders import dobaas, natso, numspot
from tests.dunning.builders import an_invoice
from tests.dunning.days import kinds, live
from tests.dunning.test_ladder import LADDER, the_subscription
from tests.sepa.bank_files import Back, camt, on_its_day
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_order_form import text_of
from tests.test_access import address, rules, with_ids
from tests.test_access import asked_by as permission_of
from tests.world import a_world

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
REST = ("/refunds", "/wires", "/credits-due", "/billing/books", "/billing/closings")
ITS_IBAN = "FR1420041010050500013M02606"


def its_issuer(organisation: Any, number: int = 1) -> LegalEntity:
    entity = an_entity(organisation)
    entity.name, entity.siren = f"{organisation.name.upper()} SARL", SIRENS[number]
    entity.vat_number, entity.mandate_prefix = "FR03404833048", f"R{number}"
    entity.iban, entity.ics = ITS_IBAN, "FR72ZZZ123456"
    db.session.commit()
    return entity


def the_providers() -> LegalEntity:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(LegalEntity).order_by(LegalEntity.id)).first()


def a_payer(organisation: Any, product: Product, entity: LegalEntity, name: str, number: int) -> Customer:
    """Debited each month by an entity."""
    customer = a_customer(organisation, accepted="dropcloud", name=name, siren=SIRENS[number])
    name_entity(customer.organisation, entity)
    place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM)
    sign_now(customer, entity)
    return customer


def of(model: Any, entity: LegalEntity) -> list[Any]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(model).where(model.legal_entity_id == entity.id)))


def run(client: FlaskClient, entity: LegalEntity, month: str = "2026-11") -> Any:
    answer = client.post("/billing/runs", data={"entity": entity.uid, "month": month})
    work()
    set_scope(EVERYTHING)
    return answer


def freeze(client: FlaskClient, entity: LegalEntity) -> Any:
    data = {"entity": entity.uid, "scheme": "CORE", "through": "2026-12-31"}
    answer = client.post("/sepa/batches", data=data)
    work()
    set_scope(EVERYTHING)
    return answer


def test_a_reseller_runs_its_month_from_the_preview_to_the_answers_of_its_bank(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    product = a_monthly_product(house)
    theirs = a_payer(house.reseller, product, provider, "Garage", 2)
    hers = a_payer(house.reseller, product, own, "Boulangerie", 3)
    owner, accountant = browser(house.owner), browser(house.accountant)
    assert (
        'href="/sepa/collections"' in owner.get("/").text
        and "/billing/runs" in owner.get("/billing/invoices").text
    )
    page = owner.get("/billing/runs").text
    assert own.uid in page and provider.uid not in page

    asked = owner.post("/billing/previews", data={"entity": own.uid, "month": "2026-11"})
    work()
    seen = text_of(owner.get(asked.location + "?all=1").text)
    assert "Boulangerie" in seen and "Garage" not in seen
    assert run(owner, own).status_code == 303
    (invoice,) = of(Invoice, own)
    assert (invoice.customer_id, invoice.number) == (hers.id, "FA-2026-000001")
    assert of(Invoice, provider) == [] and of(BillingRun, provider) == []
    (debit,) = of(Collection, own)
    assert debit.mandate.customer_id == hers.id
    page = owner.get("/sepa/collections").text
    assert own.name in page and provider.name not in page
    assert debit.reference in owner.get("/sepa/collections.csv").text

    assert run(browser(house.finance), provider).status_code == 303  # both houses in the same month
    (other,) = of(Collection, provider)
    assert other.mandate.customer_id == theirs.id
    assert {each.number for each in [*of(Invoice, own), *of(Invoice, provider)]} == {"FA-2026-000001"}
    listed = accountant.get("/sepa/collections.csv").text
    assert "Boulangerie" in listed and "Garage" not in listed
    assert accountant.get(f"/sepa/collections/{other.uid}").status_code == 404

    assert freeze(accountant, own).status_code == 303
    (batch,) = of(Batch, own)
    assert batch.count == 1 and batch.frozen_by_id == house.accountant.id
    mine = text_of(accountant.get(f"/sepa/batches/{batch.uid}").text)
    assert "une deuxième personne doit la libérer" in mine
    assert accountant.post(f"/sepa/batches/{batch.uid}/release").status_code == 422
    assert owner.post(f"/sepa/batches/{batch.uid}/release").status_code == 303
    assert stored(batch).state == "released"
    file = owner.post(f"/sepa/batches/{batch.uid}/file")
    assert own.ics.encode() in file.data and provider.ics.encode() not in file.data
    assert owner.post(f"/sepa/batches/{batch.uid}/sending", data={"on": "2026-11-23"}).status_code == 303
    told = text_of(browser(house.finance).get(f"/sepa/batches/{batch.uid}").text)
    assert house.accountant.name in told and house.owner.name in told, "the provider reads who did what"

    back = camt([Back(debit.end_to_end_id, 1200, "AM04")], iban=ITS_IBAN)
    with on_its_day(back):
        accountant = browser(house.accountant)
        data = {"entity": own.uid, "file": (io.BytesIO(back), "retour.xml")}
        answer = accountant.post("/sepa/returns", data=data)
        assert answer.status_code == 303, text_of(answer.text)
        work()
        assert "AM04" in accountant.get(answer.location).text
        assert stored(debit).state == "returned"
        foreign = camt([Back(other.end_to_end_id, 1200, "AM04")], message_id="CAMT-2")
        data = {"entity": provider.uid, "file": (io.BytesIO(foreign), "retour.xml")}
        assert accountant.post("/sepa/returns", data=data).status_code == 422
        data = {"entity": own.uid, "file": (io.BytesIO(foreign), "retour.xml")}
        assert accountant.post("/sepa/returns", data=data).status_code == 422
        work()
        assert stored(other).state == "announced"


def test_the_providers_finance_is_the_second_person_where_a_reseller_has_one_alone(
    house: House, browser: Browser
) -> None:
    own = its_issuer(house.reseller)
    a_payer(house.reseller, a_monthly_product(house), own, "Boulangerie", 3)
    house.accountant.is_enabled = False
    db.session.commit()
    owner = browser(house.owner)
    run(owner, own)
    assert freeze(owner, own).status_code == 303
    (batch,) = of(Batch, own)
    page = text_of(owner.get(f"/sepa/batches/{batch.uid}").text)
    assert "la finance du fournisseur" in page
    finance = browser(house.finance)
    assert batch.msg_id in finance.get("/").text, "it waits in the day of the provider's finance"
    assert finance.post(f"/sepa/batches/{batch.uid}/release").status_code == 303
    assert house.finance.name in owner.get(f"/sepa/batches/{batch.uid}").text


def test_who_chooses_an_issuer_finds_her_own_first(house: House, browser: Browser) -> None:
    provider, below = the_providers(), its_issuer(house.reseller)
    below.name = "ABRI SARL"  # before the provider's in an alphabet
    db.session.commit()
    finance = browser(house.finance)
    for page in (
        "/billing/runs",
        "/billing/closings",
        "/billing/vat",
        "/billing/books",
        "/refunds",
        "/sepa/returns",
        "/sepa/collections",
        "/late",
        "/ereporting",
    ):
        answer = finance.get(page)
        body = answer.text.partition("<main")[2]
        places = [body.find(name) for name in (provider.name, below.name) if name in body]
        assert answer.status_code == 200 and places == sorted(places), page
    form = finance.get("/billing/runs").text
    assert re.findall(r'<option[^>]*value="(\w{16})"', form)[:2] == [provider.uid, below.uid]


def of_the_month(app: Flask, ids: dict[str, str]) -> list[tuple[str, str]]:
    """Every address of a month that names a record: its method, with the real id."""
    matched = {(method, address(rule.rule)): permission_of(app, rule) for method, rule in rules(app)}
    return [
        (method, real)
        for method, real, missing in with_ids(app, ids)
        if matched.get((method, missing), permission_at(app, method, missing)) in OF_ITS_ISSUER
    ]


def permission_at(app: Flask, method: str, path: str) -> str:
    endpoint, _values = app.url_map.bind("localhost").match(path, method=method)
    return str(getattr(app.view_functions[endpoint], "permission", "public"))


@pytest.mark.slow
@pytest.mark.usefixtures("no_badges")
def test_another_issuers_month_does_not_exist(app: Flask, house: House, browser: Browser) -> None:
    """The provider's, although it bills customers of this reseller, and to a reseller beside it."""
    ids = a_world(house)
    pin_issuers(house.reseller.org_path)  # who is billed by the provider stays with it
    its_issuer(house.reseller, 5), its_issuer(house.other, 6)
    stranger = a_user(house.other, Role.OWNER, "outsider")
    db.session.commit()
    found = of_the_month(app, ids)
    assert len(found) > 60
    for person in (house.owner, house.accountant, stranger):
        client = browser(person)
        answers = {(method, path): client.open(path, method=method).status_code for method, path in found}
        assert {where: status for where, status in answers.items() if status != 404} == {}


@pytest.mark.usefixtures("no_badges")
def test_a_reseller_without_an_issuer_has_none_of_it(app: Flask, house: House, browser: Browser) -> None:
    """Nor has one whose account waits for the second person."""
    waits = its_issuer(house.other)
    waits.is_open = False
    stranger = a_user(house.other, Role.ACCOUNTANT, "comptable")
    db.session.commit()
    for person in (house.owner, stranger):
        client = browser(person)
        for path in ("/billing/runs", "/sepa/collections", "/sepa/batches", "/sepa/returns", "/late", *REST):
            assert client.get(path).status_code == 404, path
        assert client.post("/billing/runs", data={}).status_code == 404
        home = client.get("/").text
        assert "/sepa/collections" not in home and 'href="/late"' not in home
        assert "/billing/runs" not in client.get("/billing/invoices").text
        for name in ("billing-runs", "batches", "bank-files", "bank-records", "late-payers"):
            assert client.get(f"/lists/{name}/file.csv").status_code in {403, 404}, name


def test_a_reseller_cannot_bill_for_the_provider_above_it_or_a_house_below_it(
    house: House, browser: Browser
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    below = an_entity(below_of(house))
    below.mandate_prefix = "R9"
    db.session.commit()
    a_payer(house.reseller, a_monthly_product(house), provider, "Garage", 2)
    owner = browser(house.owner)
    for entity in (provider, below):
        for path in ("/billing/runs", "/billing/previews"):
            owner.post(path, data={"entity": entity.uid, "month": "2026-11"})
        assert freeze(owner, entity).status_code == 404
    work()
    assert of(BillingRun, provider) == of(BillingRun, below) == of(Batch, provider) == []
    theirs = start_run(below, "2026-11", by=SYSTEM)
    db.session.commit()
    assert owner.get(f"/billing/runs/{theirs.uid}").status_code == 404
    assert theirs.uid not in owner.get("/billing/runs").text
    assert own.uid in owner.get("/billing/runs").text


def below_of(house: House) -> Organisation:
    row = Organisation(parent=house.reseller, kind=OrganisationKind.RESELLER, name="Sous-revendeur")
    db.session.add(row)
    db.session.flush()
    return row


def a_late_payer(house: House, entity: LegalEntity, make: Any, name: str, siren: str) -> Invoice:
    """Owes 1 200.00 to an entity since 31 May 2025, by transfer."""
    days = {"started_on": date(2025, 1, 1), "billed_before": date(2027, 6, 1)}
    subscription = make(house, name=name, siren=siren, **days)
    name_entity(subscription.customer.organisation, entity)
    return an_invoice(subscription)


def test_a_reseller_reminds_its_late_payers_and_notes_what_they_pay(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    hers = a_late_payer(house, own, numspot, "Menuiserie du Port", "404833048")
    theirs = a_late_payer(house, provider, natso, "Garage du Canal", "552100554")
    both = a_late_payer(house, own, dobaas, "Librairie", "775670417")
    name_entity(both.customer.organisation, provider)
    db.session.commit()
    an_invoice(the_subscription(both), cents=60_000, number=2)
    live(at, date(2025, 6, 15))
    assert kinds() == [], "a house that has set nothing sends nothing by itself"
    accountant = browser(house.accountant)
    listed = text_of(accountant.get("/late").text)
    assert "Menuiserie du Port" in listed and "Garage" not in listed and "Librairie" not in listed
    assert "Menuiserie du Port" in accountant.get("/lists/late-payers/file.csv").text
    today = text_of(accountant.get("/").text)
    assert "Menuiserie du Port" in today
    for invoice in (theirs, both):
        path = f"/late/{invoice.customer.uid}"
        assert accountant.get(path).status_code == 404
        assert accountant.post(f"{path}/step").status_code == 404
        page = accountant.get(f"/customers/{invoice.customer.uid}").text
        assert f'href="{path}"' not in page and "Retard de paiement" in page
    path = f"/late/{hers.customer.uid}"
    assert f'href="{path}"' in accountant.get(f"/customers/{hers.customer.uid}").text
    assert accountant.post(f"{path}/step").status_code == 303
    set_scope(EVERYTHING)
    assert kinds() == ["reminder"]
    assert house.accountant.name in accountant.get(path).text

    page = accountant.get("/late/settings").text
    assert own.uid in page and provider.uid not in page
    for entity, status in ((own, 303), (provider, 404)):
        form = {f"{entity.uid}-{name}": value for name, value in (LADDER | {"by_itself": "yes"}).items()}
        assert accountant.post(f"/late/settings/{entity.uid}", data=form).status_code == status
    live(at, date(2025, 6, 30))
    assert kinds()[1:] != [], "her house sends by itself now"
    receivers = {
        row.subject_uid for row in db.session.scalars(db.select(Mail).where(Mail.kind.like("dunning/%")))
    }
    assert hers.customer.uid in receivers and theirs.customer.uid not in receivers

    accountant = browser(house.accountant)
    wire = {"on": "2025-06-30", "reference": "VIR 1"}
    for invoice, status in ((theirs, 404), (hers, 303)):
        assert accountant.post(f"/billing/invoices/{invoice.uid}/payment", data=wire).status_code == status
        shown = "Payée par virement" in accountant.get(f"/billing/invoices/{invoice.uid}").text
        assert not shown
    assert stored(hers).state == "paid" and stored(theirs).state == "issued"
    assert "Menuiserie" not in accountant.get("/late").text


def test_what_the_portal_froze_by_itself_is_told_to_the_people_of_the_house(
    house: House, browser: Browser
) -> None:
    own = its_issuer(house.reseller)
    a_payer(house.reseller, a_monthly_product(house), own, "Boulangerie", 3)
    run(browser(house.owner), own)
    stored(own).freeze_day = 23
    db.session.commit()
    jobs.run_periodic()
    work()
    (batch,) = of(Batch, own)
    told = set(db.session.scalars(db.select(Mail.recipient).where(Mail.subject_uid == batch.uid)))
    assert told == {house.owner.email, house.accountant.email}
    assert browser(house.owner).post(f"/sepa/batches/{batch.uid}/reading").status_code == 303
    assert browser(house.accountant).post(f"/sepa/batches/{batch.uid}/release").status_code == 303
    assert stored(batch).state == "released"


LINK = re.compile(r'<a [^>]*href="(/[^"#]*)"')


@pytest.mark.usefixtures("no_badges")
def test_every_link_on_the_pages_of_its_month_opens_for_each_of_its_people(
    house: House, browser: Browser, at: At
) -> None:
    own = its_issuer(house.reseller)
    a_payer(house.reseller, a_monthly_product(house), own, "Boulangerie", 3)
    late = a_late_payer(house, own, natso, "Menuiserie du Port", "404833048")
    owner = browser(house.owner)
    preview = owner.post("/billing/previews", data={"entity": own.uid, "month": "2026-11"}).location
    work()
    run(owner, own)
    freeze(owner, own)
    months, batches = (of(model, own)[-1].uid for model in (BillingRun, Batch))
    debit = of(Collection, own)[0].uid
    pages = ["/", "/billing/invoices", "/billing/runs", f"/billing/runs/{months}", preview]
    pages += ["/sepa/collections", f"/sepa/collections/{debit}", "/sepa/batches", f"/sepa/batches/{batches}"]
    pages += ["/wires", "/sepa/returns", "/sepa/returns/records", f"/sepa/returns/reactions/{own.uid}"]
    pages += [
        "/refunds",
        "/late",
        f"/late/{late.customer.uid}",
        "/late/settings",
        f"/billing/invoices/{late.uid}",
    ]
    pages += [*REST, f"/billing/ledger/{own.uid}", f"/billing/ledger/{own.uid}/accounts"]
    pages += [f"/billing/deferred/{own.uid}"]
    for person in (house.owner, house.accountant):
        client = browser(person)
        found = {unescape(link) for page in pages for link in LINK.findall(client.get(page).text)}
        closed = {link for link in found if client.get(link).status_code in {403, 404}}
        assert closed == set(), person.role


def test_a_reseller_decides_on_the_gaps_that_would_hold_up_its_month_and_on_no_others(
    house: House, browser: Browser
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    product = a_monthly_product(house)
    theirs = a_payer(house.reseller, product, provider, "Garage", 2)
    hers = a_payer(house.reseller, product, own, "Boulangerie", 3)
    gaps = [note_gap(subscriptions_of(each)[0], GapKind.SEATS, 9) for each in (theirs, hers)]
    other, gap = (each.uid for each in gaps)
    db.session.commit()
    accountant = browser(house.accountant)
    asked = {"entity": own.uid, "month": "2026-11"}
    assert "écart attend une décision" in accountant.post("/billing/runs", data=asked).text
    assert f"/usage-gaps/{other}/dismissal" not in accountant.get(f"/usage-gaps/{other}").text
    for uid, status in ((other, 404), (gap, 303)):
        path = f"/usage-gaps/{uid}/dismissal"
        assert accountant.post(path, data={"note": "geste"}).status_code == status
    accountant.post("/lists/usage-gaps/bill", data={"uid": other})
    set_scope(EVERYTHING)
    assert [stored(each).state for each in gaps] == ["gap_open", "gap_dismissed"]
    assert run(accountant, own).status_code == 303
