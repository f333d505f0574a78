"""A VAT number that a person has looked up counts as checked, with who, where, when and the proof."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.customers.models import Customer
from portal.customers.vat_checks import CheckState, VatCheck, has_checked_number
from portal.db import db
from portal.registers import VatAnswer
from tests.builders import House, a_customer, stored
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of

Browser = Callable[..., FlaskClient]
NUMBER = "BE0403019261"
FORM = {"on": "2026-11-23", "place": "vies", "consultation": "WAPIAAAAW1"}


def belgian(house: House) -> Customer:
    return a_customer(house.reseller, country="BE", postcode="1000", siren=None, vat_number=NUMBER)


def test_000_33_a_number_looked_up_by_hand_takes_the_vat_off_from_then_on(
    house: House, browser: Browser
) -> None:
    customer, product = belgian(house), a_product(house)
    finance, sales = browser(house.finance), browser(house.sales)
    asked = {"product": product.uid, "quantity": "1", "method": "wire"}
    orders, address = f"/customers/{customer.uid}/orders", f"/customers/{customer.uid}/vat-note"
    assert "TVA 20 % 9,98 €" in text_of(sales.get(f"{orders}/new", query_string=asked).text)
    first = sales.post(orders, data=asked).location
    assert "jamais vérifié" in text_of(sales.get(first).text) and address not in sales.get(first).text
    assert address in finance.get(f"/customers/{customer.uid}").text
    assert finance.get(address).status_code == 200 and sales.get(address).status_code == 403
    for wrong in (
        {"on": "2026-11-24"},
        {"on": "2026-11-22"},
        {"on": ""},
        {"place": "ailleurs"},
        {"consultation": " "},
        {"consultation": "x" * 41},
        {"copy": (io.BytesIO(b"bonjour"), "x.pdf")},
    ):
        assert finance.post(address, data=FORM | wrong).status_code == 422, wrong
    assert db.session.scalars(db.select(VatCheck)).all() == [] and not has_checked_number(stored(customer))
    assert finance.post(address, data=FORM).status_code == 303
    assert has_checked_number(stored(customer))
    assert "Autoliquidation" in text_of(sales.get(f"{orders}/new", query_string=asked).text)
    second = sales.post(orders, data=asked).location
    shown = text_of(sales.get(second).text)
    assert "Autoliquidation" in shown and "page VIES de la Commission européenne" in shown
    assert "WAPIAAAAW1" in shown and house.finance.name in shown
    page = text_of(sales.get(f"/customers/{customer.uid}").text)
    assert "Numéro de TVA vérifié à la main" in page and "page VIES" in page
    assert "TVA 20 % 9,98 €" in text_of(sales.get(first).text), "what was ordered before stays"
    customer.vat_number = "BE0428759497"
    db.session.commit()
    assert not has_checked_number(stored(customer)), "another number is not checked by that"


def test_a_copy_is_proof_enough_and_the_answer_of_a_register_comes_first(
    house: House, browser: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, finance = belgian(house), browser(house.finance)
    address, picture = f"/customers/{customer.uid}/vat-note", (io.BytesIO(a_picture()), "vies.png")
    answer = finance.post(address, data=FORM | {"consultation": "", "copy": picture, "place": "tax_office"})
    assert answer.status_code == 303
    noted = VatCheck.of(stored(customer))
    assert noted is not None and noted.document is not None and noted.state == CheckState.VALID
    assert finance.get(f"/documents/{noted.document.uid}").mimetype == "image/png"
    monkeypatch.setitem(app.config, "VIES_URL", "https://vies.example/")
    asked = VatCheck(organisation=customer.organisation, customer_id=customer.id, number=NUMBER)
    asked.state = CheckState.SILENT
    db.session.add(asked)
    db.session.commit()
    assert has_checked_number(stored(customer)), "a register that is silent says nothing"
    asked.answer(VatAnswer(is_valid=False, name="", address="", consultation="", said={}), "FR63451600977")
    db.session.commit()
    assert not has_checked_number(stored(customer))
    refused = finance.post(address, data=FORM)
    assert refused.status_code == 422 and "sa réponse qui compte" in refused.text
    french = a_customer(house.reseller, name="Autre", siren=None, vat_number="FR44732829320")
    refused = finance.post(f"/customers/{french.uid}/vat-note", data=FORM)
    assert refused.status_code == 422 and "autres États" in refused.text


def a_picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    return out.getvalue()
