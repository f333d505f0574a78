"""Keys in number: asked for on a page, issued by the worker, read by who may."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient

from portal.db import db
from portal.journal import SYSTEM, timeline
from portal.licensing.codes import parse
from portal.licensing.lots import KeyLot, LotState
from portal.licensing.models import ActivationKey
from portal.licensing.stock import StockKey
from portal.resellers.reseller import Reseller
from portal.subscriptions.key_lots import split_keys
from tests.builders import House, an_outsider, stored, work
from tests.stocks.builders import a_pool, a_stock, an_order, keys_of, paid
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


def _reseller(house: House) -> str:
    query = db.select(Reseller.uid).where(Reseller.organisation_id == house.reseller.id)
    return str(db.session.scalars(query).one())


def _asked(house: House, client: FlaskClient, **values: object) -> object:
    form = {"reseller": _reseller(house), "product": a_product(house).uid, "number": "1200", "seats": "2"}
    return client.post("/key-stock/lots", data={**form, "once": "abcdefghij234567", **values})


def test_a_lot_is_asked_for_on_a_page_issued_and_taken_away_as_a_file(house: House, browser: Browser) -> None:
    window = browser(house.owner)
    assert "Émettre ces clés" in window.get("/key-stock/lots/new").text
    answers = [_asked(house, window), window.get("/key-stock/lots/abcdefghij234567")]
    assert answers[0].location == "/key-stock/lots/abcdefghij234567"
    assert "0 clés sur 1" in answers[1].text.replace("\u202f", " ")
    work()
    lot = db.session.scalars(db.select(KeyLot)).one()
    assert (lot.state, lot.issued) == (LotState.DONE, 1200)
    places = list(db.session.scalars(db.select(StockKey.place).order_by(StockKey.place)))
    assert places == list(range(1, 1201))
    file = window.post("/key-stock/lots/abcdefghij234567/file")
    head, *rows = csv.reader(io.StringIO(file.text.removeprefix("\ufeff")), delimiter=";")
    assert head[0] == "Clé" and len({row[0] for row in rows}) == 1200
    assert {parse(row[0]).product for row in rows} == {3} and {row[1] for row in rows} == {"2"}
    assert "take_keys" in {event.what for event in timeline(lot)}
    assert browser(house.sales).post("/key-stock/lots/abcdefghij234567/file").status_code == 403
    assert browser(house.sales).get("/key-stock/lots/abcdefghij234567").status_code == 200


def test_a_form_sent_twice_asks_for_one_lot(house: House, browser: Browser) -> None:
    product, window = a_product(house), browser(house.sales)
    form = {"reseller": _reseller(house), "product": product.uid, "number": "3", "seats": "1"}
    for _ in range(2):
        answer = window.post("/key-stock/lots", data={**form, "once": "abcdefghij234567"})
        assert answer.status_code == 303
    work()
    assert len(db.session.scalars(db.select(StockKey)).all()) == 3


def test_a_number_beyond_the_limit_is_refused_beside_its_field(house: House, browser: Browser) -> None:
    answer = _asked(house, browser(house.owner), number="10001")
    assert answer.status_code == 422 and "Entre 1 et 10" in answer.text and 'value="10001"' in answer.text
    assert db.session.scalars(db.select(KeyLot)).all() == []


def test_another_resellers_lot_is_a_missing_lot(house: House, browser: Browser) -> None:
    lot = a_stock(house, a_product(house))
    outsider = browser(an_outsider(house))
    assert outsider.get(f"/key-stock/lots/{lot.uid}").status_code == 404
    assert outsider.post(f"/key-stock/lots/{lot.uid}/file").status_code == 404
    assert lot.uid not in outsider.get("/key-stock").text
    assert outsider.post("/key-stock/lots", data={"reseller": _reseller(house)}).status_code == 422


def test_000_58_a_contract_split_into_many_keys_never_has_more_seats_than_it_pays(
    house: House, browser: Browser, at: At
) -> None:
    order = an_order(house, a_product(house), 5)
    contract = paid(order)
    at(NOON)
    window, address = browser(house.owner), f"/subscriptions/{contract.uid}/keys"
    assert "Il reste 5 postes libres" in window.get(address).text
    assert window.post(address, data={"number": "6", "seats": "1", "source": "new"}).status_code == 422
    (first,) = keys_of(order)
    machine = {"key": first.code, "fingerprint": "m1"}
    assert browser().post("/api/v1/activations", json=machine).status_code == 201
    answer = window.post(address, data={"number": "4", "seats": "1", "source": "new"})
    work()
    keys = keys_of(order)
    assert [key.seats for key in keys] == [1, 1, 1, 1, 1]
    assert {key.valid_through for key in keys} == {first.valid_through}
    assert "4 clés sur 4" in window.get(answer.location).text
    assert "Lot du" in window.get(f"/subscriptions/{contract.uid}").text
    refused = browser().post("/api/v1/activations", json={"key": first.code, "fingerprint": "m2"})
    assert refused.json["error"]["code"] == "NO_SEAT_LEFT"
    granted = browser().post("/api/v1/activations", json={"key": keys[1].code, "fingerprint": "m2"})
    assert granted.status_code == 201


def test_what_cannot_be_issued_any_more_is_not_and_says_why(house: House) -> None:
    order = an_order(house, a_product(house), 5)
    lot = split_keys(paid(order), 3, 1, by=SYSTEM)
    (key,) = keys_of(order)
    key.hold(by=SYSTEM)
    work()
    lot = stored(lot)
    assert (lot.state, lot.issued) == (LotState.STOPPED, 0) and "paiement" in lot.problem
    assert [key.seats for key in keys_of(order)] == [5]


def test_000_10_a_lot_is_not_taken_away_while_its_payment_is_missing(house: House, browser: Browser) -> None:
    order = an_order(house, a_product(house), 5)
    lot = split_keys(paid(order), 3, 1, by=SYSTEM)
    work()
    window = browser(house.owner)
    assert window.post(f"/key-stock/lots/{lot.uid}/file").status_code == 200
    for key in keys_of(order):
        key.hold(by=SYSTEM)
    db.session.commit()
    refused = window.post(f"/key-stock/lots/{lot.uid}/file")
    assert refused.status_code == 422 and keys_of(order)[1].code not in refused.text


def test_the_way_to_a_lot_is_sent_again_to_who_asks(house: House, browser: Browser) -> None:
    lot = a_stock(house, a_product(house))
    assert browser(house.sales).post(f"/key-stock/lots/{lot.uid}/mail").status_code == 303
    latest = timeline(lot)[0]
    assert (latest.what, latest.details["to"]) == ("send_again", house.sales.email)


def test_an_offer_of_another_vendor_has_no_keys_of_ours(house: House, browser: Browser) -> None:
    product = a_product(house)
    a_pool(house, product)
    assert product.name not in browser(house.owner).get("/key-stock/lots/new").text
    contract = paid(an_order(house, product, 1))
    address = f"/subscriptions/{contract.uid}/keys"
    assert browser(house.owner).post(address, data={"number": "1", "seats": "1"}).status_code == 422
    assert db.session.scalars(db.select(ActivationKey)).all() == []
