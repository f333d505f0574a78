"""A customer with a mandate at each stage, and the signer's way through the pages."""

import re
from datetime import date
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.sepa.formats.values import Address, Scheme
from portal.sepa.models import Batch, Collection, Mandate, freeze_batches, plan_collection, request_mandate
from portal.sepa.signing.documents import freeze_shown, sign_mandate
from tests.builders import House, a_customer

IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "FR1420041010050500013M02606"
SWISS_IBAN = "CH9300762011623852957"
ACCOUNT = {
    "iban": "fr76 3000 6000 0112 3456 7890 189",
    "holder": "Boulangerie Martin",
    "street": "3 rue du Four",
    "postcode": "75006",
    "town": "Paris",
    "country": "FR",
}
VISITOR = {"ip": "192.0.2.7", "user_agent": "test", "language": "fr"}


def the_entity() -> LegalEntity:
    """The one that invoices."""
    return db.session.scalars(select(LegalEntity).where(LegalEntity.is_open)).one()


def freeze_batch(entity: LegalEntity, scheme: Scheme, through: date, by: Any) -> Batch:
    """The first, and mostly the only one, of a freeze."""
    return freeze_batches(entity, scheme, through, by)[0]


def a_mandate(house: House, customer: Customer | None = None, **values: Any) -> tuple[Mandate, str]:
    """Sent, not signed; and the token of its link."""
    customer = customer or a_customer(house.reseller)
    mandate, token = request_mandate(customer, the_entity(), by=SYSTEM, **values)
    db.session.commit()
    return mandate, token


def a_signed_mandate(
    house: House, customer: Customer | None = None, iban: str = IBAN, **values: Any
) -> Mandate:
    mandate, _token = a_mandate(house, customer, **values)
    address = Address(street="3 rue du Four", postcode="75006", town="Paris", country="FR")
    mandate.enter_account(iban=iban, name=mandate.debtor_name, address=address, visitor=VISITOR)
    freeze_shown(mandate)
    mandate.signer_name, mandate.signer_role = "Camille Martin", "gérante"
    mandate.signer_email = "contact@client.example"
    assert mandate.link
    sign_mandate(mandate, mandate.link, VISITOR)
    db.session.commit()
    return mandate


def a_collection(mandate: Mandate, **values: Any) -> Collection:
    defaults: dict[str, Any] = dict(
        amount_cents=12345,
        reference="FA-2026-000123",
        source_uid=f"invoice-{clock.now().timestamp()}",
        remittance="Facture FA-2026-000123",
        notice_days=14,
        by=SYSTEM,
    )
    row = plan_collection(mandate, **{**defaults, **values})
    db.session.commit()
    return row


def last_mail(about: Any) -> Mail:
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.subject_uid == about.uid).order_by(Mail.id.desc())
    return db.session.scalars(query).first()


def code_in_mail(mandate: Mandate) -> str:
    return "".join(re.search(r"^    (\d{3}) (\d{3})$", last_mail(mandate).body, re.M).groups())


def shown_on(page: str) -> str:
    return re.search(r'name="shown"[^>]*value="([0-9a-f]{64})"', page).group(1)


def consent(client: FlaskClient, token: str, **changes: str) -> dict[str, str]:
    shown = shown_on(client.get(f"/sign/{token}/mandate").text)
    values = {
        "shown": shown,
        "authorise": "y",
        "entitled": "y",
        "signer_name": "Camille Martin",
        "signer_role": "gérante",
    }
    return {name: value for name, value in (values | changes).items() if value}


def said_after(client: FlaskClient, answer: Any) -> str:
    """The page that a refused entry goes back to, where it is said what is wrong."""
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200 and 'role="alert"' in page.text
    return page.text.replace("\u00a0", " ")


def go_to_code(client: FlaskClient, token: str) -> None:
    assert client.post(f"/sign/{token}/account", data=ACCOUNT).status_code == 303
    assert client.post(f"/sign/{token}/code", data=consent(client, token)).status_code == 303
