"""A reseller that bills its customers itself says what the transfers on its own account pay."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.billing.credit_models import Refund
from portal.billing.models import Payment
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity
from portal.wires.models import IncomingTransfer, WireState
from tests.builders import House, a_user, stored, work
from tests.sepa.raw_bank_files import camt
from tests.wholesale.test_own_month import ITS_IBAN, its_issuer, of, the_providers
from tests.wholesale.test_own_refunds import an_invoice, billed_by
from tests.wires.builders import wire

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
LATER = datetime(2026, 12, 8, 9, tzinfo=UTC)


def came_in(client: FlaskClient, entity: LegalEntity, *entries: str, iban: str) -> list[IncomingTransfer]:
    """What a statement tells of the account of an entity, once the worker has read it."""
    data = camt((iban, list(entries)), message=f"M{entity.id}")
    form = {"entity": entity.uid, "file": (io.BytesIO(data), "releve.xml")}
    answer = client.post("/sepa/returns", data=form)
    assert answer.status_code == 303, answer.text
    work()
    return of(IncomingTransfer, entity)


def test_a_reseller_says_what_its_transfers_pay_gives_a_surplus_back_and_leaves_what_is_not_its(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    theirs = an_invoice(billed_by(provider, house, "Garage", 2), provider)
    hers = an_invoice(billed_by(own, house, "Boulangerie", 3), own)
    at(LATER)
    accountant, finance = browser(house.accountant), browser(house.finance)
    unclear = wire(12_500, "MERCI", payer="INCONNU", reference="V1")
    stray = wire(700, "TROMPÉ", payer="AUTRE", reference="V2")
    row, other = came_in(accountant, own, unclear, stray, iban=ITS_IBAN)
    (foreign,) = came_in(finance, provider, wire(12_000, "MERCI", reference="V3"), iban=provider.iban or "")
    listed = accountant.get("/wires").text
    assert row.uid in listed and foreign.uid not in listed
    assert "V3" not in accountant.get("/lists/wires/file.csv").text
    assert f"/wires/{row.uid}" in accountant.get("/").text, "it waits in her day"
    assert f"/wires/{row.uid}" in finance.get("/").text and f"/wires/{foreign.uid}" in finance.get("/").text
    assert "/wires" in accountant.get("/sepa/returns").text
    page = accountant.get(f"/wires/{row.uid}?q=Boulangerie").text
    assert hers.number in page and "/bank-door" not in accountant.get("/sepa/returns").text
    found = accountant.get(f"/wires/{row.uid}?q=Garage").text
    assert theirs.uid not in found
    path = f"/wires/{row.uid}/booking"
    assert accountant.post(path, data={"whole": f"invoice:{theirs.uid}"}).status_code == 422
    assert accountant.post(path, data={}).status_code == 422
    assert accountant.post(path, data={"whole": f"invoice:{hers.uid}"}).status_code == 303
    assert stored(hers).state == "paid" and stored(theirs).state == "issued"
    set_scope(EVERYTHING)
    (refund,) = of(Refund, own)
    assert refund.cents == 500, "the surplus is owed back, and hers to pay"
    assert accountant.get(f"/refunds/{refund.uid}").status_code == 200

    assert accountant.post(f"/wires/{other.uid}/dismissal", data={"note": ""}).status_code == 422
    assert accountant.post(f"/wires/{other.uid}/dismissal", data={"note": "pas à nous"}).status_code == 303
    assert stored(other).state == WireState.DISMISSED
    assert accountant.post(f"/wires/{other.uid}/return").status_code == 303
    assert stored(other).state == WireState.WAITING
    for method, at_ in (("get", ""), ("post", "/booking"), ("post", "/dismissal"), ("post", "/return")):
        assert getattr(accountant, method)(f"/wires/{foreign.uid}{at_}").status_code == 404


def test_a_payment_noted_by_mistake_frees_the_transfer_again_for_who_runs_the_issuer(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    theirs = an_invoice(billed_by(provider, house, "Garage", 2), provider)
    hers = an_invoice(billed_by(own, house, "Boulangerie", 3), own)
    at(LATER)
    accountant, finance = browser(house.accountant), browser(house.finance)
    wires = [
        came_in(
            client, entity, wire(12_000, invoice.number, reference=f"V{entity.id}"), iban=entity.iban or ""
        )
        for client, entity, invoice in ((accountant, own, hers), (finance, provider, theirs))
    ]
    assert [stored(each).state for (each,) in wires] == [WireState.BOOKED, WireState.BOOKED]
    page = accountant.get(f"/billing/invoices/{hers.uid}").text
    assert f"/wires/{wires[0][0].uid}" in page and "/reversal" in page
    page = accountant.get(f"/billing/invoices/{theirs.uid}").text
    assert "/wires/" not in page and "/reversal" not in page
    for entity, status in ((provider, 404), (own, 303)):
        (payment,) = of(Payment, entity)
        see = accountant.get(f"/billing/payments/{payment.uid}/reversal")
        assert see.status_code == (404 if status == 404 else 200)
        answer = accountant.post(f"/billing/payments/{payment.uid}/reversal", data={"reason": "erreur"})
        assert answer.status_code == status
    assert [stored(each).state for (each,) in wires] == [WireState.WAITING, WireState.BOOKED]
    assert stored(hers).state == "issued"


@pytest.mark.usefixtures("no_badges")
def test_transfers_are_for_who_runs_the_month_of_a_house_with_an_issuer(
    house: House, browser: Browser
) -> None:
    its_issuer(house.reseller)
    stranger = a_user(house.other, Role.OWNER, "outsider")
    db.session.commit()
    for role in (Role.SALES, Role.SUPPORT, Role.READER):
        assert browser(house.people[role]).get("/wires").status_code == 403
    assert browser(stranger).get("/wires").status_code == 404
    assert browser(house.operator).get("/wires").status_code == 200
