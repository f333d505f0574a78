"""Resellers on the screens: recorded, activated with a contract, stopped without stopping their customers."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.resellers.brand import set_support
from portal.resellers.models import LegalEntity, issuer_for
from portal.resellers.reseller import Reseller, ResellerState
from portal.step_in.models import StepInOffer
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import PASSWORD, House, a_customer, a_user, an_outsider, stored
from tests.resellers.test_verbs import A_PDF, ENTITY, counts
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
SUPPORT = {
    "support_email": "aide@port.example",
    "support_phone": "02 98 00 00 00",
    "support_hours": "en semaine",
}
TYPED = {"name": "Port Services", "siren": "732829320", "town": "Brest", **SUPPORT}


def confirmed(client: FlaskClient) -> FlaskClient:
    client.post("/password", data={"password": PASSWORD})
    return client


def named(name: str) -> Reseller:
    rows = db.session.scalars(select(Reseller))
    return next(row for row in rows if row.organisation.name == name)


def her_person(customer: Customer) -> User:
    person = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return person


def test_001_32_a_reseller_sells_from_the_day_that_its_contract_is_uploaded(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    """Recorded by the reseller above, activated by the provider; before that, no order passes."""
    owner, operator = browser(house.owner), confirmed(browser(house.operator))
    answer = owner.post("/resellers", data=TYPED)
    made = named("Port Services")
    page = f"/resellers/{made.uid}"
    assert answer.headers["Location"] == page and made.org_path.startswith(house.reseller.org_path)
    assert owner.post(f"{page}/steps/activate").status_code == 403
    customer, product = a_customer(made.organisation, siren=None), a_product(house)
    form = {"product": product.uid, "quantity": "1", "method": "wire"}
    order = f"/customers/{customer.uid}/orders"
    refused = operator.post(order, data=form)
    assert refused.status_code == 422 and "contrat de revendeur signé" in refused.text
    assert "Contrat de revendeur à faire signer" in operator.get("/").text
    for content, signed_on in ((b"GIF89a", "2026-11-02"), (A_PDF, "2026-11-24")):
        file = {"contract": (io.BytesIO(content), "c.pdf"), "contract_signed_on": signed_on}
        assert operator.post(f"{page}/contract", data=file).status_code == 422
    assert operator.post(f"{page}/steps/activate").status_code == 422
    at(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))  # the day of the signature
    owner, operator = browser(house.owner), confirmed(browser(house.operator))
    file = {"contract": (io.BytesIO(A_PDF), "c.pdf"), "contract_signed_on": "2026-11-24"}
    assert operator.post(f"{page}/contract", data=file).status_code == 303
    assert operator.post(f"{page}/steps/activate").status_code == 303
    assert stored(made).state == ResellerState.ACTIVE
    assert operator.post(order, data=form).status_code == 303
    assert "aide@port.example" in browser(her_person(customer)).get("/guide").text
    assert "aide@port.example" in db.session.scalars(select(Mail).order_by(Mail.id.desc())).first().body
    outsider = browser(an_outsider(house))
    assert outsider.get(page).status_code == 404
    assert outsider.post("/resellers", data={**TYPED, "below": made.organisation.uid}).status_code == 404
    changed = owner.post(f"{page}/identity", data={**TYPED, "name": "Port", "territory": "Mars"})
    assert changed.status_code == 303 and (stored(made).name, made.territory) == ("Port", "")
    assert owner.post(f"{page}/identity", data={**TYPED, "siren": "1"}).status_code == 422
    operator.post(f"{page}/identity", data={**TYPED, "territory": "Bretagne", "notes": "remise de 10 %"})
    assert "remise de 10" in operator.get(page).text and "remise de 10" not in owner.get(page).text
    assert "Port Services" in operator.get("/resellers").text


def test_a_suspended_reseller_is_out_at_once_and_its_customers_go_on(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    space = browser(her_person(customer))
    order = place_order(customer, product, 1, Method.WIRE, by=house.operator)
    set_support(house.provider, SUPPORT, by=house.operator)
    reseller, owner = named("Revendeur"), browser(house.owner)
    assert owner.get("/").status_code == 200
    operator = confirmed(browser(house.operator))
    assert (
        operator.post(f"/resellers/{reseller.uid}/steps/suspend", data={"reason": "impayés"}).status_code
        == 303
    )
    assert owner.get("/").status_code == 303  # to the sign-in
    again = browser(house.owner)
    shown = again.get("/")
    assert shown.status_code == 403 and "Fournisseur" in shown.text and "aide@port.example" in shown.text
    assert again.get("/").status_code == 303  # that session ended too
    form = {"product": product.uid, "quantity": "1", "method": "wire"}
    refused = operator.post(f"/customers/{customer.uid}/orders", data=form)
    assert refused.status_code == 422 and "ne peut plus vendre" in refused.text
    assert browser(an_outsider(house)).get("/").status_code == 200
    for path in ("/", "/subscriptions", "/restore-requests", "/guide"):  # the customer's own
        assert space.get(path).status_code == 200, path
    money = {"amount_cents": order.proforma.gross_cents, "reference": "VIR", "by": house.finance}
    record_wire(order, received_on=order.ordered_on, **money)  # what was ordered is delivered
    db.session.commit()
    key = db.session.scalars(select(ActivationKey)).one().code
    machine = {"key": key, "fingerprint": "ab" * 32, "hostname": "poste"}
    activated = browser().post("/api/v1/activations", json=machine)
    assert activated.status_code in {200, 201}, activated.text
    billed = db.session.scalars(select(LegalEntity)).one()
    refused_at = operator.post(f"/billing/issuers/{customer.organisation.uid}", data={"entity": billed.uid})
    assert refused_at.status_code == 422  # it has an invoice
    operator.post(f"/resellers/{reseller.uid}/steps/resume")
    assert browser(house.owner).get("/").status_code == 200
    assert (
        operator.post(f"/resellers/{reseller.uid}/steps/end", data={}).status_code == 422
    )  # it has a customer
    assert operator.post(f"/resellers/{reseller.uid}/steps/reopen").status_code == 409


def test_customers_of_a_reseller_that_fails_choose_who_serves_them(house: House, browser: Browser) -> None:
    customer, neighbour = a_customer(house.reseller), a_customer(house.other, siren=None)
    a_customer(house.reseller, name="Partie", siren=None).archived_at = clock.now()  # nobody asks her
    space, operator = browser(her_person(customer)), confirmed(browser(house.operator))
    reseller = named("Revendeur")
    step = f"/resellers/{reseller.uid}/steps"
    assert operator.post(f"{step}/default", data={"reason": "liquidation"}).status_code == 303
    offer = db.session.scalars(select(StepInOffer)).one()  # the neighbour's reseller goes on
    assert "step-in/" in db.session.scalars(select(Mail).where(Mail.kind == "step_in/mail_offer")).one().body
    page = f"/step-in/{offer.uid}"
    assert page in space.get("/").text and page not in operator.get("/").text
    assert space.post(f"{page}/wish", data={"wished": "nobody"}).status_code == 422
    assert space.post(f"{page}/wish", data={"wished": "reseller", "words": "Nord"}).status_code == 303
    assert page in operator.get("/").text and "Nord" in operator.get(page).text
    assert browser(her_person(neighbour)).get(page).status_code == 404
    assert operator.post(f"{page}/settlement", data={"outcome": " "}).status_code == 422
    assert operator.post(f"{page}/settlement", data={"outcome": "repris par Nord"}).status_code == 303
    assert "repris par Nord" in space.get(page).text
    operator.post(f"{step}/resume")
    operator.post(f"{step}/default", data={"reason": "encore"})
    operator.post(f"{step}/resume")
    states = list(db.session.scalars(select(StepInOffer.state).order_by(StepInOffer.id)))
    assert states == ["settled", "withdrawn"]


ENTITY_FORM = {**ENTITY, "bank_name": "Banque du Port"}


def test_an_operator_opens_a_second_entity_and_takes_over_its_numbers(house: House, browser: Browser) -> None:
    asked = browser(house.operator, confirmed=False).post("/sepa/entities", data=ENTITY_FORM)
    assert 'name="confirm-password"' in asked.text and "SAUVEGARDE DU PORT" in asked.text
    operator = browser(house.operator)
    wrong = operator.post("/sepa/entities", data={**ENTITY_FORM, "iban": "FR7630006000011234567890188"})
    assert wrong.status_code == 422 and "SAUVEGARDE DU PORT" in wrong.text
    address = operator.post("/sepa/entities", data=ENTITY_FORM).headers["Location"]
    page = operator.get(address)
    assert page.status_code == 200 and "son compte attend une deuxième personne" in page.text
    series = {"prefix": "FA", "year": "2026", "last": "41"}
    assert operator.post(f"{address}/series", data=series).status_code == 303
    assert operator.post(f"{address}/series", data={**series, "last": "x"}).status_code == 422
    assert operator.post(f"{address}/default").status_code == 422, "nobody has agreed to its account"
    assert operator.post(address, data={**ENTITY_FORM, "town": "Morlaix"}).status_code == 303
    shown = operator.get(address).text
    assert "Morlaix" in shown and ">41<" in shown
    assert "Nouvelle entité" in operator.get("/sepa/creditors").text
    counts(stored(db.session.scalars(select(LegalEntity).order_by(LegalEntity.id.desc())).first()), house)
    db.session.commit()
    customer = a_customer(house.reseller)
    chosen = db.session.scalars(select(LegalEntity).where(LegalEntity.mandate_prefix == "NB")).one()
    assert "Qui facture" in operator.get(f"/customers/{customer.uid}").text
    operator.post(f"/billing/issuers/{customer.organisation.uid}", data={"entity": chosen.uid})
    assert issuer_for(customer) == chosen
    reseller = named("Revendeur")
    assert "Qui facture" in operator.get(f"/resellers/{reseller.uid}").text
    answer = operator.post(f"/billing/issuers/{house.reseller.uid}", data={"entity": chosen.uid})
    assert answer.headers["Location"] == f"/resellers/{reseller.uid}"
    assert browser(house.finance).get(address).status_code == 403
