"""A reseller's quote: written, sent, accepted with a code, and its orders."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.blobs import content_of
from portal.catalogue.models import Product
from portal.catalogue.price_lists import set_wholesale
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.customers.models import ContactRole, Customer, CustomerKind, Means
from portal.db import EVERYTHING, db, set_scope
from portal.dunning.disputing import open_dispute
from portal.journal import SYSTEM
from portal.papers import have_document
from portal.quotes.jobs import expire_quotes, order_due_quotes
from portal.quotes.models import Quote, QuoteState
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import record_wire
from tests.builders import House, a_customer, a_user, an_outsider, stored, work
from tests.certificates.builders import a_certificate
from tests.contracts.builders import a_subscription
from tests.dunning.builders import an_invoice
from tests.quotes.days import a_draft, accept, agree, line_uid, send, the_quote, token_of
from tests.sepa.people import code_in_mail, last_mail, the_entity
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_flat_product, a_product
from tests.subscriptions.test_orders import text_of as pdf_text

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
NOTICE = "plan.36_months.notice_months"


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def the_orders() -> list[Order]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Order).order_by(Order.id)))


def a_sent_quote(house: House, browser: Browser, **head: str) -> tuple[Customer, Product, str]:
    customer, product = a_customer(house.reseller, accepted=""), a_product(house)
    client = browser(house.sales)
    return customer, product, send(client, a_draft(client, customer, product, **head))


def test_a_quote_is_accepted_with_a_code_and_becomes_its_orders(house: House, browser: Browser) -> None:
    """000-02, 000-17, 000-23: the price of the quote, the texts accepted with it, one order a line."""
    customer, product = a_customer(house.reseller, accepted=""), a_product(house)
    other = a_product(house, code="NB-SRV", name="NATSO Serveur", unit_cents=9900)
    client = browser(house.sales)
    head = {"remark": "Merci <b>beaucoup</b>", "purchase_order": "BC-77"}
    uid = a_draft(client, customer, product, other, **head)
    assert the_quote().number == "" and "brouillon" in client.get("/quotes").text
    token = send(client, uid)
    quote = the_quote()
    assert (quote.state, quote.number) == (QuoteState.SENT, "DEV-2026-000001")
    have_document(quote.document)
    paper = " ".join(pdf_text(content_of(the_quote().document)).split())
    for said in ("DEV-2026-000001", "BC-77", "Merci <b>beaucoup</b>", "317,76", "20 décembre 2026"):
        assert said in paper
    product.unit_cents = 7000  # the offer becomes dearer; what was offered stands
    phone = browser()
    assert "317,76" in phone.get(f"/quote/{token}").text
    assert phone.get(f"/quote/{token}/paper.pdf").data.startswith(b"%PDF")
    assert accept(phone, token).status_code == 303
    assert "Ce devis est accepté" in phone.get(f"/quote/{token}").text
    assert the_orders() == []
    work()
    orders = the_orders()
    assert [(row.product_name, row.quantity, row.unit_cents) for row in orders] == [
        ("NATSO BACKUP+ Poste de travail", 2, 5988),
        ("NATSO Serveur", 2, 9900),
    ]
    assert [row.purchase_order for row in orders] == ["BC-77", "BC-77"]
    assert all(row.proforma for row in orders) and the_quote().state == QuoteState.ORDERED
    page = client.get(f"/quotes/{uid}").text
    assert orders[0].number in page and "DEV-2026-000001" in client.get(f"/orders/{orders[0].uid}").text


def test_the_proof_is_sealed_and_says_by_whom(house: House, browser: Browser) -> None:
    """000-02: the evidence is that of an acceptance of terms."""
    customer, _product, token = a_sent_quote(house, browser)
    phone = browser()
    accept(phone, token)
    quote = the_quote()
    assert check_seal(content_of(quote.proof), keyring().seal_certificate_pem).is_sound
    assert phone.get(f"/quote/{token}/proof.pdf").data == content_of(quote.proof)
    row = stored(customer).acceptances[-1]
    assert (row.means, row.document_uid) == (Means.CODE, quote.proof.uid)
    assert row.accepted_by == "Camille Martin, gérante (contact@client.example)"
    mails = {mail.recipient for mail in [last_mail(quote)]}
    assert mails == {house.sales.email}


def test_a_quote_accepted_twice_is_one_and_says_so(house: House, browser: Browser) -> None:
    _customer, _product, token = a_sent_quote(house, browser)
    phone = browser()
    accept(phone, token)
    again = phone.post(f"/quote/{token}/code", data={"code": "000000"})
    assert again.status_code == 409 and "Ce devis est accepté" in again.text
    work()
    order_due_quotes()
    work()
    assert len(the_orders()) == 1


def test_000_23_a_late_answer_is_refused_and_the_quote_expires_by_itself(
    house: House, browser: Browser, at: At
) -> None:
    _customer, _product, token = a_sent_quote(house, browser)
    phone = browser()
    assert agree(phone, token).status_code == 303
    code = code_in_mail(the_quote())
    at(datetime(2026, 12, 20, 22, 55, tzinfo=UTC))  # the last day in Paris
    expire_quotes()
    assert the_quote().state == QuoteState.SENT
    at(datetime(2026, 12, 20, 23, 5, tzinfo=UTC))
    late = phone.post(f"/quote/{token}/code", data={"code": code})
    assert late.status_code == 409 and "20 décembre 2026" in late.text
    expire_quotes()
    quote = the_quote()
    assert quote.state == QuoteState.EXPIRED and last_mail(quote).recipient == house.sales.email
    assert the_orders() == []


def test_a_withdrawn_quote_tells_its_reader(house: House, browser: Browser) -> None:
    _customer, _product, token = a_sent_quote(house, browser)
    client, uid = browser(house.sales), the_quote().uid
    assert client.post(f"/quotes/{uid}/withdrawal", data={"reason": ""}).status_code == 422
    assert client.post(f"/quotes/{uid}/withdrawal", data={"reason": "erreur de prix"}).status_code == 303
    assert "erreur de prix" in last_mail(the_quote()).body
    phone = browser()
    assert "Ce devis a été retiré" in phone.get(f"/quote/{token}").text
    assert phone.post(f"/quote/{token}", data={}).status_code == 409


def test_who_signs_no_more_for_the_customer_accepts_nothing(house: House, browser: Browser) -> None:
    customer, _product, token = a_sent_quote(house, browser)
    customer.contact(ContactRole.SIGNATORY).email = "nouvelle@client.example"
    db.session.commit()
    phone = browser()
    answer = agree(phone, token)
    page = phone.get(answer.location).text if answer.status_code == 303 else answer.text
    assert "n&#39;engage plus Boulangerie Martin" in page
    assert the_quote().state == QuoteState.SENT
    client = browser(house.sales)
    assert client.post(f"/quotes/{the_quote().uid}/link").status_code == 303
    quote = the_quote()
    assert last_mail(quote).recipient == "nouvelle@client.example"
    assert accept(browser(), token_of(quote)).status_code == 303


def test_a_refusal_says_why_to_who_sent_it(house: House, browser: Browser) -> None:
    _customer, _product, token = a_sent_quote(house, browser)
    phone = browser()
    phone.post(f"/quote/{token}/refusal", data={"reason": "trop cher"})
    quote = the_quote()
    assert quote.state == QuoteState.REFUSED and "trop cher" in last_mail(quote).body
    assert "Vous avez refusé" in phone.get(f"/quote/{token}").text


def test_a_sent_quote_never_changes_and_a_new_version_takes_its_place(house: House, browser: Browser) -> None:
    _customer, product, _token = a_sent_quote(house, browser)
    client, uid = browser(house.sales), the_quote().uid
    form = {"product": product.uid, "quantity": "1", "method": "wire", "health": "no"}
    assert client.post(f"/quotes/{uid}/lines", data=form).status_code == 409
    product.unit_cents = 6000
    answer = client.post(f"/quotes/{uid}/version")
    copy = the_quote()
    assert answer.location.endswith(copy.uid) and copy.replaces_uid == uid
    assert [(line.quantity, line.unit_cents) for line in copy.lines] == [(2, 6000)]
    send(client, copy.uid)
    assert the_quote().number == "DEV-2026-000002"
    assert f"/quotes/{uid}" in client.get(f"/quotes/{copy.uid}").text


def test_only_the_sellers_house_reads_a_draft(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    uid = a_draft(browser(house.sales), customer, product)
    assert browser(house.reader).get(f"/quotes/{uid}").status_code == 200
    assert browser(house.reader).post(f"/quotes/{uid}/sending").status_code == 403
    outsider = browser(an_outsider(house))
    assert outsider.get(f"/quotes/{uid}").status_code == 404
    assert outsider.post(f"/quotes/{uid}/sending").status_code == 404


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"valid_until": "2026-11-22"}, "est passé"),
        ({"valid_until": "2026-12-20", "starts_on": "2026-11-01"}, "Le jour de début est passé"),
        ({"valid_until": ""}, "dernier jour"),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_its_field(
    house: House, browser: Browser, head: dict[str, str], said: str
) -> None:
    customer = a_customer(house.reseller)
    answer = browser(house.sales).post(f"/customers/{customer.uid}/quotes", data=head)
    assert answer.status_code == 422 and said in answer.text
    assert the_quote() is None


def test_an_empty_quote_is_not_sent(house: House, browser: Browser) -> None:
    client = browser(house.sales)
    uid = a_draft(client, a_customer(house.reseller))
    answer = client.post(f"/quotes/{uid}/sending")
    assert answer.status_code == 422 and "au moins une offre" in answer.text
    assert the_quote().number == ""


def wish(client: FlaskClient, uid: str, key: str, value: str) -> tuple[int, str]:
    line = line_uid(client.get(f"/quotes/{uid}").text)
    answer = client.post(f"/quote-lines/{line}/conditions", data={"key": key, "value": value})
    return answer.status_code, answer.text


def test_004_01_a_wish_is_a_special_condition_that_shows_what_it_changes_and_binds_the_contract(
    house: House, browser: Browser, at: At
) -> None:
    """004-01, 004-37, 004-42: two months' notice instead of six, seen before it is offered, then lived."""
    customer, product = a_customer(house.reseller, accepted=""), a_flat_product(house)
    client = browser(house.sales)
    uid = a_draft(client, customer, product, quantity=1)
    assert wish(client, uid, NOTICE, "2")[0] == 303
    page = client.get(f"/quotes/{uid}").text.replace("\xa0", " ")
    assert "2 mois au lieu de 6 mois" in page and "004-37" in page
    assert "Dernier jour pour donner congé" in page and "contrat standard" in page
    refused = client.post(f"/quotes/{uid}/sending")
    assert refused.status_code == 422 and "engagent le fournisseur" in refused.text
    assert client.post(f"/quotes/{uid}/agreement").status_code == 403
    operator = browser(house.operator)
    assert "un devis à approuver" in operator.get("/").text
    assert operator.post(f"/quotes/{uid}/agreement").status_code == 303
    token = send(client, uid)
    quote = the_quote()
    have_document(quote.document)
    paper = " ".join(pdf_text(content_of(the_quote().document)).split())
    assert "2 mois au lieu de 6 mois (004-37)" in paper
    assert "Préavis d'un abonnement de 36 mois" in paper.replace("\u2019", "'") and NOTICE not in paper
    offered = browser().get(f"/quote/{token}").text.replace("&#39;", "'")
    assert "Préavis d'un abonnement de 36 mois" in offered and NOTICE not in offered
    accept(browser(), token)
    work()
    (order,) = the_orders()
    assert order.terms.get(NOTICE).value == 2
    assert "DEV-2026-000001" in browser(house.sales).get(f"/orders/{order.uid}").text
    at(noon("2026-11-30"))
    gross = order.proforma.gross_cents
    record_wire(order, received_on=date(2026, 11, 30), amount_cents=gross, reference="V1", by=SYSTEM)
    db.session.commit()
    subscription = db.session.scalars(db.select(Subscription)).one()
    (signed,) = subscription.amendments
    assert (signed.label, signed.document.kind) == ("Devis DEV-2026-000001", "quote")
    assert subscription.terms.get(NOTICE).value == 2
    assert subscription.last_notice_on == date(2029, 9, 30)
    assert NOTICE in browser(house.operator).get(f"/contracts/{subscription.uid}").text


def test_000_03_a_contract_without_special_conditions_refuses_the_wish(
    house: House, browser: Browser
) -> None:
    client = browser(house.sales)
    uid = a_draft(client, a_customer(house.reseller), a_product(house))
    status, page = wish(client, uid, "plan.annual.notice_months", "1")
    assert status == 422 and "ne reconnaît pas de conditions particulières" in page
    assert not the_quote().has_conditions


def test_001_03_conditions_below_the_general_ones_change_nothing_there(
    house: House, browser: Browser
) -> None:
    client = browser(house.sales)
    product = a_product(house, code="WS-A", terms_stack="dropcloud", has_keys=False, name="WeSend")
    uid = a_draft(client, a_customer(house.reseller), product)
    status, page = wish(client, uid, "plan.annual.notice_months", "1")
    assert status == 422 and "001-03" in page


def test_a_change_after_the_providers_agreement_asks_for_it_again(house: House, browser: Browser) -> None:
    client = browser(house.sales)
    uid = a_draft(client, a_customer(house.reseller), a_flat_product(house))
    wish(client, uid, NOTICE, "2")
    browser(house.operator).post(f"/quotes/{uid}/agreement")
    wish(client, uid, NOTICE, "1")
    assert client.post(f"/quotes/{uid}/sending").status_code == 422
    line = line_uid(client.get(f"/quotes/{uid}").text)
    assert client.post(f"/quote-lines/{line}/conditions/{NOTICE}/removal").status_code == 303
    assert client.post(f"/quotes/{uid}/sending").status_code == 303


def test_an_offer_that_is_for_businesses_only_is_not_quoted_to_a_consumer(
    house: House, browser: Browser
) -> None:
    """003-02, 001-06 and the like: the same rules as for an order."""
    customer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None)
    product = a_product(house, code="H", name="Santé", for_health_data=True)
    client = browser(house.sales)
    uid = a_draft(client, customer)
    form = {"product": product.uid, "quantity": "1", "method": "wire", "health": "yes"}
    assert client.post(f"/quotes/{uid}/lines", data=form).status_code == 422
    assert the_quote().lines == []


def test_the_quote_waits_for_the_day_that_it_names(house: House, browser: Browser, at: At) -> None:
    """000-23: kept price, later order."""
    _customer, product, token = a_sent_quote(house, browser, starts_on="2027-01-04")
    accept(browser(), token)
    product.unit_cents = 9000
    work()
    at(noon("2027-01-03"))
    order_due_quotes()
    work()
    assert the_orders() == [] and the_quote().state == QuoteState.ACCEPTED
    at(noon("2027-01-04"))
    order_due_quotes()
    work()
    (order,) = the_orders()
    assert (order.ordered_on, order.unit_cents) == (date(2027, 1, 4), 5988)


def test_000_23_a_day_after_the_kept_price_is_not_offered(house: House, browser: Browser) -> None:
    client = browser(house.sales)
    uid = a_draft(client, a_customer(house.reseller), a_product(house), starts_on="2027-03-01")
    answer = client.post(f"/quotes/{uid}/sending")
    assert answer.status_code == 422 and "000-23" in answer.text


def test_what_refuses_is_told_and_a_person_goes_on(house: House, browser: Browser) -> None:
    """The offer was withdrawn from sale meanwhile: nothing is half ordered, nothing is lost."""
    customer, product = a_customer(house.reseller, accepted=""), a_product(house)
    other = a_product(house, code="NB-SRV", name="NATSO Serveur", unit_cents=9900)
    client = browser(house.sales)
    token = send(client, a_draft(client, customer, product, other))
    other.is_on_sale = False
    accept(browser(), token)
    work()
    quote = the_quote()
    assert the_orders() == [] and quote.state == QuoteState.ACCEPTED
    assert "NATSO Serveur" in quote.held_because
    assert "est plus en vente" in last_mail(quote).body
    client = browser(house.sales)
    assert "NATSO Serveur" in client.get("/").text and f"/quotes/{quote.uid}#held" in client.get("/").text
    assert client.post(f"/quotes/{quote.uid}/execution", data={"reason": ""}).status_code == 422
    stored(other).is_on_sale = True
    db.session.commit()
    again = client.post(f"/quotes/{quote.uid}/execution", data={"reason": "remise en vente"})
    assert again.status_code == 303
    work()
    assert len(the_orders()) == 2 and the_quote().held_because == ""
    assert client.post(f"/quotes/{quote.uid}/execution", data={"reason": "encore"}).status_code == 422


def test_the_default_validity_is_the_issuers_setting(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    finance = browser(house.finance)
    entity = db.session.scalars(db.select(Quote.legal_entity.property.mapper.class_)).one()
    choices = {
        "wire_tolerance_cents": "1",
        "interim_percent": "200",
        "key_grace_days": "14",
        "quote_days": "10",
    }
    assert finance.post(f"/billing/settings/{entity.uid}", data=choices).status_code == 303
    assert 'value="2026-12-03"' in browser(house.sales).get(f"/customers/{customer.uid}/quotes/new").text


def test_000_21_a_dispute_holds_the_orders_until_a_person_gives_a_reason(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)
    invoice = an_invoice(a_subscription(house, product))
    client = browser(house.sales)
    accept(browser(), send(client, a_draft(client, invoice.customer, product, starts_on="2026-12-01")))
    open_dispute(invoice, "quantité fausse", by=house.finance, is_hers=False)
    db.session.commit()
    at(noon("2026-12-01"))
    order_due_quotes()
    work()
    quote = the_quote()
    assert len(the_orders()) == 1 and "litige" in quote.held_because
    order_due_quotes()  # the next day asks nobody twice
    work()
    client = browser(house.sales)
    client.post(f"/quotes/{quote.uid}/execution", data={"reason": "litige presque réglé"})
    work()
    assert len(the_orders()) == 2 and the_quote().state == QuoteState.ORDERED


def test_001_01_a_certificate_that_ended_holds_an_order_for_health_data(
    house: House, browser: Browser, at: At
) -> None:
    customer = a_customer(house.reseller, accepted="", health_data=True)
    product = a_product(
        house, code="H", name="Santé", terms_stack="dropcloud", has_keys=False, for_health_data=True
    )
    a_certificate(house, valid_through=date(2026, 12, 1))
    client = browser(house.sales)
    uid = a_draft(client, customer, starts_on="2026-12-02")
    form = {"product": product.uid, "quantity": "1", "method": "wire", "health": "yes"}
    assert client.post(f"/quotes/{uid}/lines", data=form).status_code == 303
    accept(browser(), send(client, uid))
    at(noon("2026-12-02"))
    order_due_quotes()
    work()
    assert the_orders() == [] and "certificat" in the_quote().held_because


def test_a_price_below_the_resellers_minimum_is_kept_by_a_person_only(house: House, browser: Browser) -> None:
    _customer, product, token = a_sent_quote(house, browser)
    set_wholesale(house.reseller, product, unit_cents=7000, effective_on=date(2026, 11, 23), by=SYSTEM)
    db.session.commit()
    accept(browser(), token)
    work()
    quote = the_quote()
    assert the_orders() == [] and "sous le minimum" in quote.held_because
    browser(house.sales).post(f"/quotes/{quote.uid}/execution", data={"reason": "geste"})
    work()
    assert [row.unit_cents for row in the_orders()] == [5988]


def test_a_customer_reads_her_quotes_and_no_draft(house: House, browser: Browser) -> None:
    customer, product, _token = a_sent_quote(house, browser)
    sent = the_quote().uid
    draft = a_draft(browser(house.sales), customer, product)
    person = a_user(customer.organisation, Role.SIGNATORY)
    person.language = "en"
    db.session.commit()
    client = browser(person)
    page = client.get("/quotes").text
    assert "DEV-2026-000001" in page and draft not in page and "Quote in preparation" not in page
    assert "as soon as it is accepted" in client.get(f"/quotes/{sent}").text
    assert client.get(f"/quotes/{draft}").status_code == 404
    assert client.post(f"/quotes/{sent}/withdrawal", data={"reason": "x"}).status_code == 403


def test_a_signed_mandate_starts_the_contract_with_the_order(house: House, browser: Browser) -> None:
    """By direct debit under a mandate that is signed already: accepted, ordered and running."""
    customer, product = a_customer(house.reseller, accepted=""), a_flat_product(house)
    sign_now(customer, the_entity())
    client = browser(house.sales)
    uid = a_draft(client, customer)
    form = {"product": product.uid, "quantity": "1", "method": "direct_debit", "health": "no"}
    client.post(f"/quotes/{uid}/lines", data=form)
    assert wish(client, uid, NOTICE, "2")[0] == 303
    browser(house.operator).post(f"/quotes/{uid}/agreement")
    accept(browser(), send(client, uid))
    work()
    subscription = db.session.scalars(db.select(Subscription)).one()
    assert subscription.terms.get(NOTICE).value == 2 and subscription.unit_cents == 30000


def test_a_quote_is_found_by_the_end_of_its_number(house: House, browser: Browser) -> None:
    a_sent_quote(house, browser)
    page = browser(house.sales).get("/search?q=000001").text
    assert "DEV-2026-000001" in page and f"/quotes/{the_quote().uid}" in page
