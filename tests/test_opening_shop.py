"""A provider opens shop on one page: it sees what is missing, tries mail and store, and gives prices."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.blob_stores import store
from portal.catalogue.models import Product
from portal.crypto.secrets import keyring
from portal.db import db
from portal.setup.tries import last_try
from tests.builders import House, work

Browser = Callable[..., FlaskClient]


def test_the_page_of_opening_shop_tries_and_sells(house: House, browser: Browser) -> None:
    operator = browser(house.operator)
    page = operator.get("/setup").text
    assert "Avoir une entité juridique" in page and "Reprendre la suite des factures" in page
    fingerprint = x509.load_pem_x509_certificate(keyring().seal_certificate_pem).fingerprint(hashes.SHA256())
    assert fingerprint.hex() in page and "/verify" in page
    assert operator.post("/setup/mail").status_code == 303
    work()
    tried = last_try(house.operator)
    assert tried is not None and tried.server_answer and tried.recipient == house.operator.email
    assert "boîte locale" in operator.get("/setup").text
    before = set(store().keys())
    assert operator.post("/setup/store").status_code == 303
    assert set(store().keys()) == before and "Écrit, relu et effacé" in operator.get("/setup").text
    for code, typed, status in (
        ("NB-WS", {"price": ""}, 422),
        ("NB-WS", {"price": "0"}, 422),
        ("DB-36", {"price": "300"}, 422),  # without its volume
        ("DB-LINA", {"price": "1", "included_gb": "5"}, 422),  # its certificate has ended
        ("NB-WS", {"price": "59,88"}, 303),
        ("NB-WS", {"price": "59,88"}, 422),  # it is there
        ("none", {"price": "1"}, 404),
    ):
        assert operator.post(f"/setup/offers/{code}", data=typed).status_code == status, (code, typed)
    product = db.session.scalars(select(Product)).one()
    assert (product.unit_cents, product.code, product.is_on_sale) == (5988, "NB-WS", True)
    operator.post(f"/setup/products/{product.uid}/sale")
    assert not db.session.scalars(select(Product)).one().is_on_sale
    assert browser(house.owner).get("/setup").status_code == 403
