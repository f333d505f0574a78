"""What a partner's system reads and writes: the same figures and rules as the pages, and no row more."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts.models import Organisation, User
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail
from portal.partners.replays import PartnerAnswer, forget
from portal.subscriptions.models import Order
from portal.terms.shipped import find_stack
from portal.tickets.models import Ticket
from tests.builders import House, a_customer, an_outsider, work
from tests.counting import statements
from tests.partners.builders import Partner, a_body, a_token
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]


def count(model: Any) -> int:
    set_scope(EVERYTHING)
    return db.session.scalar(select(func.count(model.id))) or 0


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json", answer.text
    return [each.get("pointer") or each["parameter"] for each in answer.json["errors"]]


@pytest.fixture
def sales(app: Flask, house: House) -> Partner:
    return Partner(app, a_token(house.sales))


def pay(browser: Browser, house: House, number: int) -> None:
    """Finance notes the wire of the only order."""
    order = db.session.scalars(select(Order)).one()
    typed = {
        "received_on": "2026-11-23",
        "amount": f"{number / 100:.2f}".replace(".", ","),
        "reference": "W1",
    }
    assert browser(house.finance).post(f"/orders/{order.uid}/payment", data=typed).status_code == 303


def test_a_sale_from_the_customer_to_the_keys_and_the_invoice(
    app: Flask, house: House, sales: Partner, browser: Browser
) -> None:
    product = a_product(house)
    made = sales.post("/customers", a_body(partner_reference="C-17"))
    assert made.status_code == 201, made.text
    uid = made.json["uid"]
    assert made.headers["Location"].endswith(f"/customers/{uid}")
    assert made.json["contacts"]["signatory"]["email"] == "lea@garage.example"
    (offer,) = sales.get(f"/customers/{uid}/offers").json["data"]
    assert offer["product"] == product.uid and offer["unit_price"] == {"cents": 5988, "currency": "EUR"}
    wish = {"customer": uid, "product": product.uid, "quantity": 2}
    refused = sales.post("/orders", wish)
    assert pointers(refused) == ["#/accepted"] and offer["terms_accepted"] is False
    customer = db.session.scalars(select(Customer)).one()
    customer.accept(find_stack("natso"), by=SYSTEM, address="127.0.0.1")
    order = sales.post("/orders", wish)
    assert order.status_code == 201, order.text
    assert order.json["gross"]["cents"] == 2 * 5988 and order.json["proforma"].startswith("PF-")
    page = browser(house.sales).get(f"/orders/{order.json['uid']}").text
    assert order.json["number"] in page
    assert sales.get("/keys").json["data"] == []
    pay(browser, house, 2 * 5988)
    work()
    (key,) = sales.get("/keys", customer=uid).json["data"]
    assert (key["seats"] == 2 and key["masked"].count("•")) or "…" in key["masked"]
    (invoice,) = sales.get("/invoices", customer=uid).json["data"]
    detail = sales.get(f"/invoices/{invoice['uid']}").json
    assert detail["open"]["cents"] == 0 and detail["gross"]["cents"] == 2 * 5988
    paper = sales.client.get(detail["pdf"], headers=sales.headers)
    assert paper.data.startswith(b"%PDF-") and paper.mimetype == "application/pdf"
    (subscription,) = sales.get("/subscriptions", customer=uid).json["data"]
    assert sales.get(f"/subscriptions/{subscription['uid']}").json["gross"]["cents"] == 2 * 5988
    (usage,) = sales.get("/usage", month="2026-11").json["data"]
    assert usage["partner_reference"] == "C-17"
    (line,) = usage["lines"]
    assert (line["quantity"], line["from_day"], line["through_day"]) == (2, "2026-11-23", "2026-11-30")
    assert sales.get("/usage", month="2026-10").json["data"] == []


def test_the_journal_names_the_person_and_her_token(app: Flask, house: House, sales: Partner) -> None:
    uid = sales.post("/customers", a_body()).json["uid"]
    line = db.session.scalars(select(JournalEntry).where(JournalEntry.subject_uid == uid)).first()
    assert line is not None and line.by_label == f"{house.sales.name} · CRM"
    assert line.by_user_id == house.sales.id
    told = Partner(app, a_token(house.owner)).get("/events", record=uid).json["data"]
    assert [each["what"] for each in told] == ["onboard"] and told[0]["by"].endswith("CRM")


def test_each_wrong_field_has_its_pointer_in_the_language_asked(
    app: Flask, house: House, sales: Partner
) -> None:
    body = a_body(siren="123456789", colour="red", quantity=2)
    assert set(pointers(sales.post("/customers", body))) == {"#/colour", "#/quantity"}
    body = a_body(siren="123456789", address={"street": "x", "postcode": "7", "town": "Paris"})
    body["contacts"]["billing"]["email"] = "not an address"
    answer = sales.post("/customers", body)
    assert set(pointers(answer)) == {"#/siren", "#/address/postcode", "#/contacts/billing/email"}
    assert "Ce SIREN n'existe pas" in answer.text.replace("\u2019", "'")
    english = Partner(app, sales.headers["Authorization"].partition(" ")[2], "en")
    assert (
        "SIREN" in english.post("/customers", body).text
        and "existe" not in english.post("/customers", body).text
    )
    assert pointers(sales.post("/customers", a_body(terms="nothing"))) == ["#/terms"]
    assert count(Customer) == 0


def test_a_customer_is_changed_as_on_her_page(app: Flask, house: House, sales: Partner) -> None:
    customer = a_customer(house.reseller)
    path = f"/customers/{customer.uid}"
    changed = sales.post(path, {"partner_reference": "C-9", "address": {"town": "Lyon"}}, method="PATCH")
    assert changed.status_code == 200, changed.text
    assert changed.json["address"]["town"] == "Lyon" and changed.json["name"] == "Boulangerie Martin"
    assert [row["uid"] for row in sales.get("/customers", partner_reference="C-9").json["data"]] == [
        customer.uid
    ]
    renamed = sales.post(path, {"name": "Autre nom", "why": "new"}, method="PATCH")
    assert pointers(renamed) == ["#/paper"]
    assert sales.get(path).json["name"] == "Boulangerie Martin"


def test_the_same_write_twice_is_done_once(
    app: Flask, house: House, sales: Partner, at: Callable[[datetime], None]
) -> None:
    first, again = (
        sales.post("/customers", a_body(), key="one"),
        sales.post("/customers", a_body(), key="one"),
    )
    assert first.status_code == again.status_code == 201 and first.json == again.json
    assert (
        again.headers["Idempotent-Replay"] == "true"
        and again.headers["Location"] == first.headers["Location"]
    )
    other = sales.post("/customers", a_body(name="Autre"), key="one")
    assert other.status_code == 422 and other.json["code"] == "key_reused"
    assert sales.post("/customers", a_body(), key="two").status_code == 422, "the SIREN is known"
    colleague = Partner(app, a_token(house.owner))
    assert colleague.post("/customers", a_body(name="Autre", siren="552100554"), key="one").status_code == 201
    row = db.session.scalars(select(PartnerAnswer).order_by(PartnerAnswer.id)).first()
    assert row is not None and "Garage" not in row.body_sealed and "Garage" in row.body
    at(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    new = sales.post("/customers", a_body(name="Nouveau", siren="775670417"), key="one")
    assert new.status_code == 201 and "Idempotent-Replay" not in new.headers, (
        "a day later it is another write"
    )
    at(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    forget()
    db.session.commit()
    assert count(PartnerAnswer) == 0


def test_a_refused_write_may_be_set_right_under_its_key(house: House, sales: Partner) -> None:
    assert sales.post("/customers", a_body(siren="1"), key="one").status_code == 422
    assert sales.post("/customers", a_body(), key="one").status_code == 201


def test_a_write_without_a_key_is_refused(house: House, sales: Partner) -> None:
    for key in ({}, {"Idempotency-Key": "é"}, {"Idempotency-Key": "x" * 65}):
        answer = sales.client.post("/api/partner/v1/customers", json=a_body(), headers=sales.headers | key)
        assert answer.status_code == 400 and answer.json["code"] == "key_missing"


def test_a_dry_run_prices_and_keeps_nothing(house: House, sales: Partner) -> None:
    product, customer = a_product(house), a_customer(house.reseller)
    before = [count(model) for model in (Order, Mail, JournalEntry, PartnerAnswer)]
    wish = {"customer": customer.uid, "product": product.uid, "quantity": 3}
    tried = sales.post("/orders", wish, Prefer="dry-run")
    assert tried.status_code == 200 and tried.headers["Preference-Applied"] == "dry-run"
    assert tried.json["gross"]["cents"] == 3 * 5988 and "Location" not in tried.headers
    assert [count(model) for model in (Order, Mail, JournalEntry, PartnerAnswer)] == before
    assert sales.post("/orders", wish).json["number"] == tried.json["number"], "the number was given back"
    assert pointers(sales.post("/orders", wish | {"quantity": 0}, Prefer="dry-run")) == ["#/quantity"]


def test_a_dry_run_of_a_customer_leaves_no_link_no_account_and_no_mail(house: House, sales: Partner) -> None:
    kinds = (Customer, Mail, JournalEntry, PartnerAnswer, User, Organisation)
    before = [count(kind) for kind in kinds]
    body = a_body(terms="natso", invite_signatory=True)
    assert sales.post("/customers", body, Prefer="dry-run").status_code == 200
    assert [count(kind) for kind in kinds] == before
    assert sales.post("/customers", body).status_code == 201 and count(User) == before[4] + 1


def test_a_page_of_twenty_costs_as_many_statements_as_one_customer(house: House, sales: Partner) -> None:
    for number in range(21):
        a_customer(house.reseller, name=f"Client {number}", siren=None, accepted="")
    assert sales.get("/customers", limit=1).status_code == 200  # counted, and noted that it was used
    with statements() as told:
        page = sales.get("/customers", limit=20).json
    assert len(page["data"]) == 20 and page["data"][0]["contacts"]["billing"]["email"]
    assert [line.partition("FROM ")[2].split()[0] for line in told] == [
        "partner_token",
        "customer",
        "contact",
        "legal_entity",  # who invoices them
        "organisation",
    ]
    with statements() as told:
        assert sales.get(f"/customers/{page['data'][0]['uid']}").json == page["data"][0]
    assert len(told) == 5


def test_pages_are_stable_while_rows_are_added_and_cursors_are_ones_own(
    app: Flask, house: House, sales: Partner
) -> None:
    names = [f"Client {number}" for number in range(5)]
    for name in names:
        a_customer(house.reseller, name=name, siren=None, accepted="")
    page = sales.get("/customers", limit=2).json
    seen = [row["name"] for row in page["data"]]
    cursor = page["next_cursor"]
    a_customer(house.reseller, name="Client 5", siren=None, accepted="")
    while page["next_cursor"]:
        page = sales.get("/customers", limit=2, cursor=page["next_cursor"]).json
        seen += [row["name"] for row in page["data"]]
    assert seen == [*names, "Client 5"]
    stranger = Partner(app, a_token(an_outsider(house)))
    assert stranger.get("/customers").json == {"data": [], "next_cursor": None}
    for other in (stranger.get("/customers", cursor=cursor), sales.get("/orders", cursor=cursor)):
        assert pointers(other) == ["cursor"]
    for wrong in ("x", cursor[:-2], "9" * 400):
        assert pointers(sales.get("/customers", cursor=wrong)) == ["cursor"]


def test_a_token_may_no_more_than_its_scopes_and_its_person(app: Flask, house: House) -> None:
    narrow = Partner(app, a_token(house.sales, ["customers:read"]))
    assert narrow.get("/customers").status_code == 200
    refused = narrow.get("/orders")
    assert (
        refused.status_code == 403
        and refused.json["code"] == "not_in_scope"
        and "orders:read" in refused.text
    )
    assert narrow.post("/customers", a_body()).status_code == 403
    assert Partner(app, a_token(house.support)).get("/invoices").status_code == 200
    assert Partner(app, a_token(house.support)).get("/events").status_code == 403


def test_rows_of_another_tree_are_missing_rows(app: Flask, house: House, sales: Partner) -> None:
    product, customer = a_product(house), a_customer(house.reseller)
    sales.post("/orders", {"customer": customer.uid, "product": product.uid})
    order = db.session.scalars(select(Order)).one().uid
    stranger, missing = Partner(app, a_token(an_outsider(house))), "a" * 16
    for kind, uid in (("customers", customer.uid), ("orders", order)):
        real, none = stranger.get(f"/{kind}/{uid}"), stranger.get(f"/{kind}/{missing}")
        assert real.status_code == none.status_code == 404 and real.data == none.data
    for field in ("customer",):
        real = stranger.post("/orders", {field: customer.uid, "product": product.uid})
        none = stranger.post("/orders", {field: missing, "product": product.uid})
        assert real.status_code == none.status_code == 422 and real.data == none.data
    assert pointers(stranger.get("/orders", customer=customer.uid)) == ["customer"]


def test_a_ticket_is_opened_for_a_contact_who_was_called_back_and_is_answered(
    app: Flask, house: House
) -> None:
    customer = a_customer(house.reseller)
    partner = Partner(app, a_token(house.support))
    body = {"customer": customer.uid, "contact": "technical", "identity_checked": False, "kind": "question"}
    body |= {"subject": "Lent", "text": "La sauvegarde est lente."}
    assert pointers(partner.post("/tickets", body)) == ["#/identity_checked"]
    ticket = partner.post("/tickets", body | {"identity_checked": True})
    assert ticket.status_code == 201, ticket.text
    path = f"/tickets/{ticket.json['uid']}"
    answered = partner.post(f"{path}/answers", {"text": "Nous regardons.\nMerci."})
    assert [each["side"] for each in answered.json["messages"]] == ["house", "house"]
    assert answered.json["answered_at"] == "2026-11-23T09:00:00Z"
    assert partner.get("/tickets", customer=customer.uid).json["data"][0]["state"] == "ticket_answered"
    assert count(Ticket) == 1


BODIES = [
    ("[" * 100_000, 400),
    ('{"name":' * 20_000, 400),
    ("9" * 5000, 400),
    ('{"name": NaN}', 400),
    ("", 400),
    ("[]", 422),
    ('"x"', 422),
    ('{"name": "a\\u0000b"}', 422),
    ('{"name": "\\ud800"}', 422),
    ('{"na\\ud800me": 1}', 422),
    ('{"health_data": "yes"}', 422),
    ('{"a": ' + '{"a": ' * 30 + "1" + "}" * 31, 422),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_no_body_breaks_it(sales: Partner, body: str, status: int) -> None:
    headers = sales.headers | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = sales.client.post("/api/partner/v1/customers", data=body, headers=headers)
    assert answer.status_code == status and answer.mimetype == "application/problem+json"


def test_five_megabytes_and_another_kind_of_body_are_refused(sales: Partner) -> None:
    url, headers = "/api/partner/v1/customers", sales.headers | {"Idempotency-Key": "k"}
    large = sales.client.post(
        url, data=b"x" * 5_000_000, headers=headers | {"Content-Type": "application/json"}
    )
    assert large.status_code == 413 and large.json["code"] == "http_413"
    form = sales.client.post(url, data={"name": "x"}, headers=headers)
    assert form.status_code == 415 and form.json["code"] == "not_json"


@pytest.mark.parametrize(
    ("quantity", "said"),
    [(int("9" * 400), "#/quantity"), ("2", "#/quantity"), (1.5, "#/quantity"), (None, "#/quantity")],
)
def test_odd_numbers_are_refused_at_their_field(sales: Partner, quantity: Any, said: str) -> None:
    answer = sales.post("/orders", {"customer": "a" * 16, "product": "a" * 16, "quantity": quantity})
    assert pointers(answer) == [said]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "9999-99", "", "2026-12", "-001-01", "2026-1\u0661"])
def test_a_month_that_is_none_is_refused(sales: Partner, month: str) -> None:
    assert pointers(sales.get("/usage", month=month)) == ["month"]


def test_a_parameter_that_is_unknown_or_comes_twice_is_refused(sales: Partner) -> None:
    assert pointers(sales.get("/customers", colour="red")) == ["colour"]
    assert pointers(sales.client.get("/api/partner/v1/customers?limit=1&limit=2", headers=sales.headers)) == [
        "limit"
    ]
    assert pointers(sales.get("/customers", limit="0")) == ["limit"]


def test_a_token_that_asks_too_often_is_told_when_to_come_back(
    app: Flask, sales: Partner, monkeypatch: pytest.MonkeyPatch, at: Callable[[datetime], None]
) -> None:
    monkeypatch.setitem(app.config, "PARTNER_CALLS", 3)
    first = sales.get("/customers")
    assert first.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    assert first.headers["RateLimit"] == '"token";r=2;t=60'
    answers = [sales.get("/customers") for _number in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "60" and answers[-1].json["code"] == "too_many"
    at(datetime(2026, 11, 23, 9, 1, tzinfo=UTC))
    assert sales.get("/customers").status_code == 200


def test_an_address_that_guesses_tokens_is_slowed_down(app: Flask, sales: Partner) -> None:
    wrong = Partner(app, "prt_nothing")
    assert {wrong.get("/customers").status_code for _number in range(60)} == {401}
    assert wrong.get("/customers").status_code == 429
    assert sales.get("/customers").status_code == 200


def test_a_cookie_opens_nothing_here_and_another_address_is_a_problem_too(
    house: House, browser: Browser, sales: Partner
) -> None:
    assert browser(house.owner).get("/api/partner/v1/customers").status_code == 401
    lost = sales.get("/nothing")
    assert lost.status_code == 404 and lost.mimetype == "application/problem+json"
    wrong = sales.client.delete("/api/partner/v1/customers", headers=sales.headers)
    assert (
        wrong.status_code == 405
        and wrong.mimetype == "application/problem+json"
        and "GET" in wrong.headers["Allow"]
    )


def test_a_mandate_shows_its_state_and_never_a_whole_account(app: Flask, house: House) -> None:
    from portal.resellers.models import issuer_for
    from portal.sepa.models import request_mandate
    from tests.builders import IBAN

    customer = a_customer(house.reseller)
    request_mandate(customer, issuer_for(customer), by=SYSTEM)
    db.session.commit()
    answer = Partner(app, a_token(house.owner)).get("/mandates")
    assert answer.json["data"][0]["state"] == "sent" and IBAN not in answer.text
