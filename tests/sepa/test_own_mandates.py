"""A customer reads which account pays, and asks for another one or for the link again; who signs gets it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.models import User
from portal.db import db
from portal.mail import Mail
from portal.sepa.models import Mandate
from tests.builders import House, a_customer, a_user, stored
from tests.sepa.people import a_mandate, a_signed_mandate

Browser = Callable[..., FlaskClient]


def hers(mandate: Mandate, role: Role) -> User:
    person = a_user(mandate.customer.organisation, role)
    db.session.commit()
    return person


def sent(kind: str) -> list[str]:
    query = db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)
    return [mail.recipient for mail in db.session.scalars(query)]


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SIGNATORY, Role.BILLING])
def test_another_account_is_asked_of_who_signs(house: House, browser: Browser, role: Role) -> None:
    mandate = a_signed_mandate(house)
    client = browser(hers(mandate, role))
    page = client.get("/my-mandates").text
    assert mandate.rum in page and mandate.iban_masked in page and "30006000011" not in page
    assert "contact@client.example" in page and "un autre compte" in page
    assert client.post(f"/my-mandates/{mandate.uid}/account").status_code == 303
    assert sent("sepa/mail_account") == ["contact@client.example"]
    assert stored(mandate).iban_masked in client.get("/my-mandates").text  # nothing has changed


def test_the_link_of_an_unsigned_mandate_is_sent_again(house: House, browser: Browser) -> None:
    mandate, _token = a_mandate(house)
    client = browser(hers(mandate, Role.CUSTOMER))
    assert "Recevoir de nouveau le lien" in client.get("/my-mandates").text
    before = len(sent("sepa/mail_sign"))
    assert client.post(f"/my-mandates/{mandate.uid}/link").status_code == 303
    assert len(sent("sepa/mail_sign")) == before + 1
    assert client.post(f"/my-mandates/{mandate.uid}/account").status_code == 422


def test_the_mandates_of_others_are_not_there(house: House, browser: Browser) -> None:
    mandate = a_signed_mandate(house)
    neighbour = a_customer(house.reseller, name="Voisin", siren=None)
    person = a_user(neighbour.organisation, Role.CUSTOMER)
    db.session.commit()
    client = browser(person)
    page = client.get("/my-mandates").text
    assert mandate.rum not in page and "pas de mandat" in page
    for deed in ("account", "link"):
        assert client.post(f"/my-mandates/{mandate.uid}/{deed}").status_code == 404
    technician = browser(hers(mandate, Role.TECHNICAL))
    assert technician.get("/my-mandates").status_code == 403
    assert browser(house.owner).get("/my-mandates").status_code == 403
