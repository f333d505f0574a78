"""A contract passes to another customer: two sign, the provider consents, and the day passes it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.assignments import passing
from portal.assignments.models import AssignmentState, ContractAssignment
from portal.billing.credit_models import CreditNote
from portal.billing.disputes import start_dispute
from portal.billing.models import Charge, Invoice
from portal.catalogue.models import Method
from portal.customers.models import Customer, CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.journal import SYSTEM, JournalEntry
from portal.licensing.models import ActivationKey, keys_of
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user, an_outsider, stored, work
from tests.contracts.builders import dobaas
from tests.people.test_people import confirmed
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
DAY = date(2027, 5, 1)


def live(at: At, *day: int) -> None:
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    set_scope(EVERYTHING)
    jobs.run_periodic()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def one(model: Any) -> Any:
    set_scope(EVERYTHING)
    return db.session.scalars(select(model).order_by(model.id.desc())).first()


def a_taker(house: House, **values: Any) -> Customer:
    """Another customer of the reseller, with a signatory of her own."""
    wanted = {"name": "Fournil Durand", "siren": "404833048", "accepted": "", **values}
    customer = a_customer(house.reseller, **wanted)
    for contact in customer.contacts:
        contact.name, contact.email = "Dominique Durand", "durand@reprise.example"
    db.session.commit()
    return customer


def a_year(house: House) -> Subscription:
    """Three licences a year from 23 November 2026 on, paid, with an invoice, a key, a machine, a vault."""
    customer = a_customer(house.reseller)
    order = place_order(customer, a_product(house), 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=17_964, reference="V1", by=SYSTEM)
    db.session.commit()
    subscription = one(Subscription)
    vault = register_vault(customer, name="Serveur", location="/nowhere")
    vault.subscription_uid = subscription.uid
    db.session.commit()
    return subscription  # type: ignore[no-any-return]


def ask(client: FlaskClient, subscription: Subscription, to: str, day: date = DAY) -> Any:
    """Read what it would mean, then ask for just that."""
    path = f"/subscriptions/{subscription.uid}/assignment"
    page = client.get(path, query_string={"to": to, "effective_on": day.isoformat()})
    seen = re.search(r'name="seen" value="([^"]*)"', page.text)
    data = {"to": to, "effective_on": day.isoformat(), "seen": unescape(seen.group(1)) if seen else ""}
    return client.post(path, data=data)


def mails_to(address: str) -> list[str]:
    db.session.commit()
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.recipient == address).order_by(Mail.id)
    return [mail.body for mail in db.session.scalars(query)]


def link_of(address: str) -> str:
    body = next(body for body in reversed(mails_to(address)) if "/assignment/" in body)
    return re.search(r"/assignment/\S+", body).group()  # type: ignore[union-attr]


def sign(browser: Browser, address: str) -> Any:
    phone, path = browser(), link_of(address)
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', _with_code(phone, path)).group(1))  # type: ignore[union-attr]
    code = "".join(re.search(r"^    (\d{3}) (\d{3})$", mails_to(address)[-1], re.M).groups())  # type: ignore[union-attr]
    return phone.post(path, data={"code": code, "name": "Qui signe, gérante", "seen": seen})


def _with_code(phone: FlaskClient, path: str) -> str:
    assert phone.get(path).status_code == 200
    assert phone.post(f"{path}/code").status_code == 303
    return phone.get(path).text


def decide(browser: Browser, house: House, row: ContractAssignment, **typed: Any) -> Any:
    operator = confirmed(browser(house.operator))
    page = operator.get(f"/assignments/{row.uid}").text
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', page).group(1))  # type: ignore[union-attr]
    return operator.post(f"/assignments/{row.uid}/agreement", data={"seen": seen, **typed})


def agreed(house: House, browser: Browser, subscription: Subscription, day: date = DAY) -> ContractAssignment:
    """Asked, signed by both, consented to."""
    assert ask(browser(house.owner), subscription, "404833048", day).status_code == 303
    for address in ("contact@client.example", "durand@reprise.example"):
        assert sign(browser, address).status_code == 200
    row = one(ContractAssignment)
    assert row.state == AssignmentState.SUBMITTED
    assert decide(browser, house, row).status_code == 303
    return row  # type: ignore[no-any-return]


def test_004_44_a_contract_passes_on_its_day_after_two_requests_and_the_providers_consent(
    house: House, browser: Browser, at: At
) -> None:
    subscription, taker = dobaas(house), a_taker(house)
    before = subscription.customer
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}/assignment").text
    assert "Céder le contrat" in page
    row = agreed(house, browser, subscription, date(2026, 12, 20))
    deed = stored(row).document
    assert deed is not None
    assert browser(house.operator).get(f"/documents/{deed.uid}").data.startswith(b"%PDF")
    live(at, 2026, 12, 19)
    assert stored(subscription).customer_id == before.id
    live(at, 2026, 12, 20)
    assert (stored(subscription).customer_id, subscription.held_since) == (taker.id, date(2026, 12, 20))
    assert stored(row).state == AssignmentState.DONE
    assert subscription.method == Method.WIRE, "a mandate is one debtor's"
    assert "aucun prélèvement" in mails_to("durand@reprise.example")[-1]
    set_scope(EVERYTHING)
    told = {entry.what for entry in db.session.scalars(select(JournalEntry))}
    assert {"assign_contract", "take_contract", "assigned"} <= told


def test_what_was_paid_ahead_comes_back_by_days_and_is_owed_by_the_other(
    house: House, browser: Browser, at: At
) -> None:
    subscription, taker = a_year(house), a_taker(house)
    before, key = subscription.customer, one(ActivationKey)
    clear = key.code
    a_user(taker.organisation, Role.CUSTOMER, "Repreneuse")
    db.session.commit()
    machine = browser().post("/api/v1/activations", json={"key": clear, "fingerprint": "m-1"})
    assert machine.status_code == 201
    page = browser(house.owner).get(
        f"/subscriptions/{subscription.uid}/assignment", query_string={"to": taker.name, "effective_on": DAY}
    )
    days = (date(2027, 11, 23) - DAY).days
    cents = 17_964 * days // 365
    assert f"{days} jours sur 365" in page.text
    agreed(house, browser, subscription)
    live(at, 2027, 5, 1)
    note, charge = one(CreditNote), one(Charge)
    assert (note.customer_id, note.gross_cents) == (before.id, cents)
    assert (charge.customer_id, charge.unit_cents, charge.includes_vat) == (taker.id, cents, True)
    assert one(Invoice).customer_id == before.id, "invoices stay with whom they were issued to"
    assert [each.id for each in keys_of(stored(taker))] == [key.id]
    assert keys_of(stored(before)) == []
    again = browser().post("/api/v1/activations", json={"key": clear, "fingerprint": "m-2"})
    assert again.status_code == 201, "nothing stops"


def test_the_transferor_sees_it_no_more_and_the_transferee_does(
    house: House, browser: Browser, at: At
) -> None:
    subscription, taker = a_year(house), a_taker(house)
    old = a_user(subscription.customer.organisation, Role.CUSTOMER, "Ancienne")
    new = a_user(taker.organisation, Role.CUSTOMER, "Repreneuse")
    outsider = an_outsider(house)
    db.session.commit()
    row = agreed(house, browser, subscription)
    assert browser(outsider).get(f"/assignments/{row.uid}").status_code == 404
    assert browser(old).get(f"/subscriptions/{subscription.uid}").status_code == 200
    live(at, 2027, 5, 1)
    pages = [f"/subscriptions/{subscription.uid}", f"/vaults/{subscription_vault(subscription)}"]
    for page in pages:
        assert [browser(who).get(page).status_code for who in (old, new, outsider)] == [404, 200, 404], page
    invoice = one(Invoice)
    assert [browser(who).get(f"/billing/invoices/{invoice.uid}").status_code for who in (old, new)] == [
        200,
        404,
    ]
    deeds = [f"/documents/{uid}" for uid in deed_uids(subscription.customer.organisation_id)]
    assert [browser(new).get(deed).status_code for deed in deeds] == [200]


def subscription_vault(subscription: Subscription) -> str:
    from portal.engine.models import Vault

    set_scope(EVERYTHING)
    return db.session.scalars(select(Vault.uid).where(Vault.subscription_uid == subscription.uid)).one()


def deed_uids(organisation_id: int) -> list[str]:
    from portal.blobs import Document

    set_scope(EVERYTHING)
    mine = Document.kind == "assignment", Document.organisation_id == organisation_id
    return list(db.session.scalars(select(Document.uid).where(*mine)))


def test_a_consumer_does_not_take_over_a_business_contract(house: House, browser: Browser) -> None:
    subscription = a_year(house)
    a_taker(house, kind=CustomerKind.CONSUMER, siren=None)
    answer = ask(browser(house.owner), subscription, "Fournil Durand")
    assert answer.status_code == 422
    assert "un particulier ne le reprend pas" in answer.text
    assert one(ContractAssignment) is None


@pytest.mark.parametrize(
    ("to", "day", "words"),
    [
        ("Personne", DAY, "Aucun autre client"),
        ("Boulangerie Martin", DAY, "Aucun autre client"),
        ("404833048", date(2026, 11, 1), "jour à venir"),
        ("404833048", date(2028, 1, 1), "finit le 23 novembre 2027"),
    ],
)
def test_bad_input_is_said_beside_its_field(
    house: House, browser: Browser, to: str, day: date, words: str
) -> None:
    subscription = a_year(house)
    a_taker(house)
    if day.year == 2028:
        owner = browser(house.owner)
        owner.post(
            f"/subscriptions/{subscription.uid}/termination", data={"sent_on": "2026-11-23", "reason": "none"}
        )
    answer = ask(browser(house.owner), subscription, to, day)
    assert answer.status_code == 422
    assert words in unescape(answer.text)


def test_unpaid_and_disputed_invoices_are_said_and_the_operator_decides(
    house: House, browser: Browser
) -> None:
    subscription = a_year(house)
    a_taker(house)
    invoice = one(Invoice)
    start_dispute(invoice, "Deux licences seulement", by=SYSTEM)
    db.session.commit()
    page = browser(house.owner).get(
        f"/subscriptions/{subscription.uid}/assignment", query_string={"to": "404833048", "effective_on": DAY}
    )
    assert f"La facture {invoice.number} est contestée" in page.text
    agreed(house, browser, subscription)


def test_two_people_ask_once(house: House, browser: Browser) -> None:
    subscription = a_year(house)
    a_taker(house)
    assert ask(browser(house.owner), subscription, "404833048").status_code == 303
    row = one(ContractAssignment)
    operator = browser(house.operator)
    path = f"/subscriptions/{subscription.uid}/assignment"
    assert f"/assignments/{row.uid}" in operator.get(path).text
    again = operator.post(path, data={"to": "404833048", "effective_on": DAY.isoformat(), "seen": "x"})
    assert again.status_code == 422
    set_scope(EVERYTHING)
    assert len(db.session.scalars(select(ContractAssignment)).all()) == 1


def test_killed_in_between_nothing_has_happened_and_the_next_day_does_it(
    house: House, browser: Browser, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription, taker = a_year(house), a_taker(house)
    before = subscription.customer_id
    agreed(house, browser, subscription)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(passing, "_begin_with_her", killed)
        with pytest.raises(KeyboardInterrupt):
            live(at, 2027, 5, 1)
    db.session.rollback()
    set_scope(EVERYTHING)
    assert stored(subscription).customer_id == before
    assert one(CreditNote) is None
    assert {key.customer_id for key in keys_of(stored(subscription).customer)} == {before}
    live(at, 2027, 5, 2)
    assert (stored(subscription).customer_id, subscription.held_since) == (taker.id, DAY)
    set_scope(EVERYTHING)
    assert len(db.session.scalars(select(CreditNote)).all()) == 1


def test_a_request_that_nobody_signs_lapses_after_thirty_days(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    a_taker(house)
    ask(browser(house.owner), subscription, "404833048")
    row = one(ContractAssignment)
    live(at, 2026, 12, 22)
    assert stored(row).state == AssignmentState.ASKED
    live(at, 2026, 12, 24)
    assert stored(row).state == AssignmentState.LAPSED
    assert "Rien n'a bougé" in mails_to("durand@reprise.example")[-1]


def test_the_provider_refuses_with_a_reason_and_only_the_provider_decides(
    house: House, browser: Browser
) -> None:
    subscription = a_year(house)
    a_taker(house)
    ask(browser(house.owner), subscription, "404833048")
    for address in ("contact@client.example", "durand@reprise.example"):
        sign(browser, address)
    row = one(ContractAssignment)
    operator = browser(house.operator)
    assert "Céder 3 × NATSO" in operator.get("/").text
    assert (
        browser(house.owner).post(f"/assignments/{row.uid}/refusal", data={"reason": "x"}).status_code == 403
    )
    assert operator.post(f"/assignments/{row.uid}/refusal", data={"reason": ""}).status_code == 422
    answer = operator.post(f"/assignments/{row.uid}/refusal", data={"reason": "Solvabilité inconnue"})
    assert answer.status_code == 303
    assert stored(row).state == AssignmentState.REFUSED
    assert "Solvabilité inconnue" in mails_to("contact@client.example")[-1]
