"""From an order to its keys: pro-forma, wire, invoice, subscription."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from portal.access import Role
from portal.billing.models import Invoice, Payment, Proforma
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import Customer, CustomerKind
from portal.db import db
from portal.errors import IllegalStep, Refused
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.subscriptions.models import Order, OrderState, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.subscriptions.builders import a_flat_product, a_monthly_product, a_product
from tests.test_access import without_tokens

Browser = Callable[..., FlaskClient]


def an_order(house: House, customer: Customer | None = None, quantity: int = 5) -> Order:
    customer = customer or a_customer(house.reseller)
    order = place_order(customer, a_product(house), quantity, Method.WIRE, by=SYSTEM)
    db.session.commit()
    return order


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def pay(order: Order, **values: object) -> Invoice:
    defaults = dict(received_on=date(2026, 11, 23), amount_cents=29940, reference="VIR 1", by=SYSTEM)
    invoice = record_wire(order, **{**defaults, **values})  # type: ignore[arg-type]
    db.session.commit()
    return invoice


def test_the_same_form_sent_twice_places_one_order(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    form = {"product": product.uid, "quantity": "5", "method": "wire", "once": "abcdefghij234567"}
    client, address = browser(house.sales), f"/customers/{customer.uid}/orders"
    answers = [client.post(address, data=form) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [
        (303, "/orders/abcdefghij234567")
    ] * 2
    assert len(db.session.scalars(db.select(Order)).all()) == 1


def test_an_order_by_wire_sends_a_numbered_proforma(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    answer = browser(house.sales).post(
        f"/customers/{customer.uid}/orders", data={"product": product.uid, "quantity": "5", "method": "wire"}
    )
    assert answer.status_code == 303
    proforma = db.session.scalars(db.select(Proforma)).one()
    assert proforma.number == "PF-2026-000001"
    assert (proforma.gross_cents, proforma.valid_through) == (29940, date(2027, 1, 23))
    work()
    text = text_of(content_of(stored(proforma).document))
    assert "PRO FORMA" in text and "299,40" in text and "249,50" in text
    mail = db.session.scalars(db.select(Mail)).one()
    assert "PF-2026-000001" in mail.subject and mail.attachments == [proforma.document.uid]
    assert db.session.scalars(db.select(Invoice)).all() == []


def test_before_payment_there_is_no_key(house: House, browser: Browser) -> None:
    order = an_order(house)
    assert db.session.scalars(db.select(ActivationKey)).all() == []
    assert "Aucune clé avant le paiement" in browser(house.owner).get(f"/orders/{order.uid}").text


def test_the_wire_gives_invoice_keys_subscription_and_mail_in_one_go(house: House, browser: Browser) -> None:
    order = an_order(house)
    form = {"received_on": "2026-11-20", "amount": "299,40 €", "reference": "VIR 42"}
    assert browser(house.finance).post(f"/orders/{order.uid}/payment", data=form).status_code == 303
    assert stored(order).state == OrderState.DELIVERED
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert invoice.number == "FA-2026-000001"
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (24950, 4990, 29940)
    assert invoice.paid_on == date(2026, 11, 20)
    work()
    assert "Facture acquittée le 20 novembre 2026" in text_of(content_of(stored(invoice).document))
    subscription = db.session.scalars(db.select(Subscription)).one()
    assert subscription.terms_versions == ["000-2026"]
    assert (subscription.started_on, subscription.last_usable_on) == (date(2026, 11, 23), date(2027, 11, 22))
    key = db.session.scalars(db.select(ActivationKey)).one()
    assert (key.seats, key.valid_through) == (5, date(2027, 11, 22))
    mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None and key.code in mail.body and key.code not in mail.body_sealed


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("amount_cents", 29_839, "ne correspond pas"), ("received_on", date(2026, 11, 24), "futur")],
)
def test_a_wire_that_does_not_match_changes_nothing(
    house: House, field: str, value: object, sentence: str
) -> None:
    order = an_order(house)
    with pytest.raises(Refused, match=sentence):
        pay(order, **{field: value})
    assert stored(order).state == OrderState.AWAITING_PAYMENT
    assert db.session.scalars(db.select(Invoice)).all() == []


def test_the_same_bank_reference_pays_once_and_numbers_have_no_gap(house: House) -> None:
    first = an_order(house)
    second = place_order(first.customer, first.product, 5, Method.WIRE, by=SYSTEM)
    db.session.commit()
    pay(first)
    with pytest.raises(Refused, match="déjà été enregistrée"):
        pay(second)
    db.session.rollback()
    assert pay(second, reference="VIR 2").number == "FA-2026-000002"
    assert len(db.session.scalars(db.select(Payment)).all()) == 2


def test_an_order_is_paid_once(house: House, browser: Browser) -> None:
    order = an_order(house)
    pay(order)
    with pytest.raises(IllegalStep):
        pay(order, reference="VIR 2")
    db.session.rollback()
    client = browser(house.finance)
    form = {"received_on": "2026-11-20", "amount": "299,40", "reference": "VIR 3"}
    assert client.post(f"/orders/{order.uid}/payment", data=form).status_code == 409


def test_an_unreadable_amount_is_said_beside_the_field(house: House, browser: Browser) -> None:
    order = an_order(house)
    form = {"received_on": "2026-11-20", "amount": "deux cents", "reference": "VIR 3"}
    answer = browser(house.finance).post(f"/orders/{order.uid}/payment", data=form)
    assert answer.status_code == 422
    assert "Montant illisible" in answer.text and "deux cents" in answer.text


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 403), (Role.READER, 403)])
def test_only_finance_records_a_wire(house: House, browser: Browser, role: Role, status: int) -> None:
    order = an_order(house)
    assert browser(house.people[role]).post(f"/orders/{order.uid}/payment").status_code == status


def test_another_resellers_order_is_a_missing_order(house: House, browser: Browser) -> None:
    order = an_order(house)
    client = browser(an_outsider(house))
    foreign, missing = client.get(f"/orders/{order.uid}"), client.get("/orders/aaaaaaaaaaaaaaaa")
    assert (foreign.status_code, without_tokens(foreign.data)) == (404, without_tokens(missing.data))


def test_an_order_without_accepted_terms_is_refused(house: House) -> None:
    customer = a_customer(house.reseller, accepted="")
    with pytest.raises(Refused, match="accepté"):
        place_order(customer, a_product(house), 1, Method.WIRE, by=SYSTEM)


def test_001_06_health_data_never_enter_an_offer_without_hds(house: House) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud", health_data=True)
    with pytest.raises(Refused, match="données de santé"):
        place_order(customer, a_monthly_product(house), 1, Method.DIRECT_DEBIT, by=SYSTEM)


def test_001_12_a_monthly_plan_is_not_paid_by_wire(house: House) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud")
    with pytest.raises(Refused, match="moyen de paiement"):
        place_order(customer, a_monthly_product(house), 1, Method.WIRE, by=SYSTEM)


def test_003_02_consumers_cannot_take_numspot(house: House) -> None:
    customer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None, accepted="numspot")
    product = a_flat_product(house)
    product.terms_stack = "numspot"
    with pytest.raises(Refused, match="particuliers"):
        place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM)


ALLOWED = {
    ("awaiting_payment", "deliver"),
    ("awaiting_mandate", "deliver"),
    ("awaiting_payment", "cancel"),
    ("awaiting_mandate", "cancel"),
    ("awaiting_payment", "lapse"),
    ("awaiting_mandate", "lapse"),
    ("order_lapsed", "deliver"),  # what comes late
    ("pending_approval", "deliver"),
    ("pending_approval", "cancel"),
    ("pending_approval", "lapse"),
    ("pending_approval", "refuse"),
    ("order_refused", "deliver"),  # what is authorised after all
}


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("step", Order.steps)
def test_only_the_listed_steps_exist(state: OrderState, step: str) -> None:
    order = Order.__new__(Order)
    order.__dict__["state"] = state
    assert (state in Order.steps[step].sources) == ((state.value, step) in ALLOWED)


def test_an_order_by_debit_on_screen_sends_the_signing_link(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller, accepted="dropcloud"), a_monthly_product(house)
    form = {"product": product.uid, "quantity": "2", "method": "direct_debit"}
    assert browser(house.sales).post(f"/customers/{customer.uid}/orders", data=form).status_code == 303
    mail = db.session.scalars(db.select(Mail)).one()
    assert "/sign/" in mail.body


def test_the_clauses_on_the_page_are_those_of_the_pinned_contract(house: House, browser: Browser) -> None:
    assert "000-23" in browser(house.owner).get(f"/orders/{an_order(house).uid}").text
    customer = a_customer(house.reseller, accepted="dobaas", name="Autre", siren=None)
    flat = place_order(customer, a_flat_product(house, has_keys=True), 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    assert not re.search(r"000-\d\d", browser(house.owner).get(f"/orders/{flat.uid}").text)
