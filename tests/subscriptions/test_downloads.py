"""The key's mail leads to the page where the software is downloaded, in the reader's language."""

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.catalogue.models import Method, Product
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user, an_outsider, stored
from tests.licensing.test_machines import ask
from tests.subscriptions.builders import a_flat_product, a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
DIGEST = "ab" * 32
TYPED = {
    "installers": f"Windows 10 et 11 ; https://get.example/win.exe ; {DIGEST.upper()}\n\nmacOS;https://get.example/mac.pkg;{DIGEST}",
    "setup_fr": "Lancez l'installateur.\nTapez la clé.",
    "setup_en": "Run the installer.",
}


def on_sale(house: House, browser: Browser) -> Product:
    product = a_product(house)
    path = f"/setup/products/{product.uid}/downloads"
    operator = browser(house.operator)
    assert path in operator.get("/setup").text
    assert operator.post(path, data=TYPED).status_code == 303
    assert "https://get.example/mac.pkg" in operator.get(path).text
    return product


def sold(house: House, product: Product, quantity: int = 2) -> tuple[ActivationKey, Mail]:
    order = place_order(a_customer(house.reseller), product, quantity, Method.WIRE, by=SYSTEM)
    cents = quantity * 5988
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=cents, reference="V", by=SYSTEM)
    db.session.commit()
    set_scope(EVERYTHING)
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "subscriptions/mail_paid")).one()
    return db.session.scalars(db.select(ActivationKey)).one(), mail


def test_000_15_000_19_the_keys_mail_leads_to_the_installers(house: House, browser: Browser, at: At) -> None:
    at(datetime.fromisoformat("2026-11-23T10:00:00+00:00"))
    key, mail = sold(house, on_sale(house, browser))
    assert key.code in mail.body
    address = re.search(r"https?://\S+", mail.body).group()  # type: ignore[union-attr]
    assert address.endswith("/key"), "it opens without an account"
    stranger = browser()
    assert stranger.get("/key").status_code == 200
    page = stranger.post("/key", data={"key": key.code}).text
    assert 'href="https://get.example/win.exe"' in page and DIGEST in page and DIGEST.upper() not in page
    assert "Lancez l'installateur." in unescape(page) and "Run the installer." not in page
    assert stranger.post("/language", data={"language": "en", "next": "/key"}).status_code == 303
    assert "Run the installer." in stranger.post("/key", data={"key": key.code}).text
    customer = a_user(key.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert "https://get.example/mac.pkg" in browser(customer).get(f"/keys/{key.uid}").text
    assert f"/keys/{key.uid}#downloads" in browser(customer).get(f"/orders/{order_of(key)}").text
    assert browser(an_outsider(house)).get(f"/keys/{key.uid}").status_code == 404


def order_of(key: ActivationKey) -> str:
    return stored(key).source_uid  # type: ignore[return-value]


def test_000_58_the_archive_copy_is_downloaded_and_takes_no_seat(house: House, browser: Browser) -> None:
    key, _mail = sold(house, on_sale(house, browser), quantity=1)
    assert ask(browser(), "activations", key, "m1").status_code == 201
    page = unescape(browser().post("/key", data={"key": key.code}).text)
    assert "garder 1 copie de sauvegarde ou d'archive" in page and "000-58" in page
    assert "https://get.example/win.exe" in page, "all seats are taken, and the copy can be fetched"
    assert ask(browser(), "activations", key, "m2").json["error"]["code"] == "NO_SEAT_LEFT", "never activated"
    assert stored(key).seats_used == 1
    key.revoke(by=SYSTEM)
    db.session.commit()
    assert "get.example" not in browser().post("/key", data={"key": key.code}).text


def test_an_offer_without_installers_keeps_the_mail_as_it_was(house: House, browser: Browser) -> None:
    _key, mail = sold(house, a_product(house))
    assert "/subscriptions/" in mail.body and "/key" not in mail.body


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Windows ; https://get.example/w.exe", "Ligne 1 : écrivez"),
        (f"\nWindows ; http://get.example/w.exe ; {DIGEST}", "Ligne 2 : une adresse https"),
        (f"Windows ; javascript:alert(1) ; {DIGEST}", "Ligne 1 : une adresse https"),
        (f"Windows ; https://[x ; {DIGEST}", "Ligne 1 : une adresse https"),
        ("Windows ; https://get.example/w.exe ; abc", "64 chiffres"),
        (f"A;https://a.example;{DIGEST}\nA;https://b.example;{DIGEST}", "Ligne 2 : ce système y est déjà"),
        ("\n".join(f"S{n};https://a.example;{DIGEST}" for n in range(21)), "20 installateurs au plus"),
    ],
)
def test_a_wrong_line_is_named_beside_the_field_and_nothing_is_kept(
    house: House, browser: Browser, typed: str, said: str
) -> None:
    product = a_product(house)
    path = f"/setup/products/{product.uid}/downloads"
    answer = browser(house.operator).post(path, data=TYPED | {"installers": typed})
    page = unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")
    assert answer.status_code == 422 and said in page and "Run the installer." in page
    assert stored(product).installers == []
    assert browser(house.owner).post(path, data=TYPED).status_code == 403


def test_000_43_002_06_systems_and_sources_of_the_contract_are_read_where_one_buys_and_installs(
    house: House, browser: Browser
) -> None:
    product, volume = a_product(house), a_flat_product(house)
    key, _mail = sold(house, product)
    customer = key.customer
    owner = browser(house.owner)
    form = f"/customers/{customer.uid}/orders/new?quantity=1&product="
    page = owner.get(form + product.uid).text
    assert ("Windows Server 2012" in page, "000-43" in page) == (True, True)
    page = owner.get(form + volume.uid).text
    assert "instantanés de machines virtuelles" in page
    assert "Mac OS X 10.5+" in owner.get(f"/keys/{key.uid}").text
