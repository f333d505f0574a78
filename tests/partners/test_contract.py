"""Every operation does what its description says, with data that fits it and with data that does not.

Nothing is left out. ``CONTRACT_SEED`` repeats a run, ``CONTRACT_EXAMPLES`` makes it longer (`make contract`).
"""

import os
import random
from datetime import date
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig

from portal.access import Role
from portal.catalogue.models import Method
from portal.journal import SYSTEM
from portal.licensing.models import keys_of
from portal.partners import views
from portal.partners.description import description
from portal.sepa.models import request_mandate
from portal.subscriptions.models import subscriptions_of
from portal.subscriptions.ordering import place_order, record_wire
from portal.tickets.acts import open_ticket
from portal.tickets.kinds import Source, TicketKind
from tests.builders import House, a_customer, work
from tests.partners.builders import a_token
from tests.subscriptions.builders import a_product

SEED = int(os.environ.get("CONTRACT_SEED") or random.randrange(10**6))
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES") or 6)
# What a description cannot say (a check digit, a rule of a contract) is refused with 422, and a pointer.
CHECKS = {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]}}


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return description()


@pytest.mark.usefixtures("tables")
def test_the_description_is_openapi_3_1_and_everybody_may_read_it(
    app: Flask, document: dict[str, Any]
) -> None:
    assert document["openapi"] == "3.1.0"
    validate(document)
    answer = app.test_client().get("/api/partner/openapi.json")
    assert answer.status_code == 200 and answer.json == document


def test_every_route_is_described_with_its_scope_and_every_write_asks_for_a_key(
    app: Flask, document: dict[str, Any]
) -> None:
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("partner.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    }
    assert set(described) == routes
    for (_path, method), operation in described.items():
        assert operation["summary"] and operation["x-scope"]
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        assert headers == ({"Idempotency-Key", "Prefer"} if method != "get" else set())


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_described(
    app: Flask, house: House, mode: GenerationMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"CONTRACT_SEED={SEED}")  # noqa: T201 - how to repeat it
    monkeypatch.setitem(app.config, "PARTNER_CALLS", 10**9)
    monkeypatch.setattr(views, "GUESSES", 10**9)
    ids = a_sale(house)
    secret = a_token(house.people[Role.OWNER])
    config = SchemathesisConfig.from_dict({"checks": CHECKS})
    schema = schemathesis.openapi.from_wsgi("/api/partner/openapi.json", app, config=config)
    asked = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        asked.add(operation.label)
        _try(operation, mode, secret, ids)
    assert len(asked) == 26


def a_sale(house: House) -> dict[str, str]:
    """One record of every kind."""
    customer, product = a_customer(house.reseller), a_product(house)
    order = place_order(customer, product, 2, Method.WIRE, by=SYSTEM)
    invoice = record_wire(order, received_on=date(2026, 11, 23), amount_cents=11976, reference="W", by=SYSTEM)
    mandate, _link = request_mandate(customer, order.legal_entity, by=SYSTEM)
    told = {"kind": TicketKind.QUESTION, "subject": "Lent", "text": "Lent.", "source": Source.PHONE}
    ticket = open_ticket(customer, **told, by=house.owner)
    work()
    rows = {"customers": customer, "orders": order, "invoices": invoice, "mandates": mandate}
    rows |= {"tickets": ticket, "keys": keys_of(customer)[0], "subscriptions": subscriptions_of(customer)[0]}
    return {name: row.uid for name, row in rows.items()} | {"product": product.uid}


def _try(operation: Any, mode: GenerationMode, secret: str, ids: dict[str, str]) -> None:
    """So many requests of one operation; half of the right ones name records that are there."""
    real = ids.get(operation.path.split("/")[4], "")
    known = {"customer": ids["customers"], "product": ids["product"]}

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode), st.booleans(), st.integers(0, 2**64))
    def one(case: Case, names_known: bool, number: int) -> None:
        if mode == GenerationMode.POSITIVE:
            if operation.method != "get":
                case.headers["Idempotency-Key"] = str(number)
            if names_known:
                case.path_parameters |= {name: real for name in case.path_parameters if real}
                if isinstance(case.body, dict):
                    case.body |= {name: uid for name, uid in known.items() if name in case.body}
        case.call_and_validate(headers={"Authorization": f"Bearer {secret}"})

    one()
