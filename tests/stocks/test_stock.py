"""A reseller's stock: nobody's keys until they are assigned, back while never activated."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from portal.db import db
from portal.journal import timeline
from portal.licensing.stock import StockKey, StockState
from portal.mail import mails_about
from tests.builders import House, an_outsider, stored
from tests.stocks.builders import a_stock, an_order, keys_of, paid
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
NOON = datetime(2026, 11, 25, 11, tzinfo=UTC)


def _states() -> list[str]:
    return sorted(str(state) for state in db.session.scalars(db.select(StockKey.state)))


def _stock_keys() -> list[StockKey]:
    return list(db.session.scalars(db.select(StockKey).order_by(StockKey.place)))


def test_000_10_a_key_of_the_stock_is_unknown_to_machines_until_its_order_is_paid(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)
    order, code = an_order(house, product, 3), ""
    a_stock(house, product, 3)
    code = _stock_keys()[0].code
    machine = {"key": code, "fingerprint": "m1"}
    assert browser().post("/api/v1/activations", json=machine).json["error"]["code"] == "NOT_FOUND"
    window, address = browser(house.sales), f"/orders/{order.uid}/stock"
    assert "Servir depuis le stock" in window.get(f"/orders/{order.uid}").text
    assert "3 libres dans le stock" in window.get(address).text
    assert window.post(address, data={"number": "4", "seats": "1"}).status_code == 422
    assert window.post(address, data={"number": "2", "seats": "1"}).status_code == 303
    assert _states() == ["stock_free", "stock_reserved", "stock_reserved"]
    assert "2 clés du stock attendent" in window.get(f"/orders/{order.uid}").text
    assert browser().post("/api/v1/activations", json=machine).json["error"]["code"] == "NOT_FOUND"
    at(NOON)
    contract = paid(order)
    keys = keys_of(order)
    assert [(key.seats, key.origin[:6]) for key in keys] == [(1, "stock:"), (1, "stock:"), (1, "")]
    assert contract.started_on == date(2026, 11, 25)
    assert {key.valid_through for key in keys} == {date(2027, 11, 24)}, "its period begins when it is paid"
    assert keys[0].code == code
    assert browser().post("/api/v1/activations", json=machine).status_code == 201
    body = mails_about(order)[0].body
    assert all(key.code in body for key in keys)


def test_the_keys_of_a_cancelled_order_are_free_again(house: House, browser: Browser) -> None:
    product = a_product(house)
    order = an_order(house, product, 2)
    a_stock(house, product, 2)
    window = browser(house.sales)
    window.post(f"/orders/{order.uid}/stock", data={"number": "2", "seats": "1"})
    assert window.post(f"/orders/{order.uid}/cancellation").status_code == 303
    assert _states() == ["stock_free", "stock_free"]


def test_000_58_keys_of_the_stock_take_the_seats_of_a_running_contract_and_give_them_back(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)
    contract = paid(order := an_order(house, product, 5))
    lot = a_stock(house, product, 3, 2)
    at(NOON)
    window, address = browser(house.sales), f"/subscriptions/{contract.uid}/keys"
    wanted = {"source": "stock", "number": "2", "seats": "2"}
    assert window.post(address, data={**wanted, "seats": "3"}).status_code == 422
    assert window.post(address, data=wanted).status_code == 303
    own, first, second = keys_of(order)
    assert [own.seats, first.seats, second.seats] == [1, 2, 2]
    assert first.valid_through == own.valid_through
    window.post(address, data={**wanted, "number": "1"})
    assert _states() == ["stock_assigned", "stock_assigned", "stock_free"], "one seat is left"
    used, unused = (row for row in _stock_keys() if row.state == StockState.ASSIGNED)
    machine = {"key": used.code, "fingerprint": "m1"}
    assert browser().post("/api/v1/activations", json=machine).status_code == 201
    back = f"/key-stock/lots/{lot.uid}/keys"
    assert window.post(f"{back}/{used.uid}/return").status_code == 422, "it was activated"
    read, address = unused.code, f"{back}/{unused.uid}/return"
    outsider = browser(an_outsider(house))
    assert outsider.post(address).status_code == 404
    assert window.post(address).status_code == 303
    unused = stored(unused)
    assert unused.state == StockState.FREE and unused.code != read, "whom it was assigned to has read it"
    assert [key.seats for key in keys_of(order) if key.revoked_at is None] == [3, 2]
    gone = browser().post("/api/v1/activations", json={"key": read, "fingerprint": "m2"})
    assert gone.json["error"]["code"] == "REVOKED"
    assert {"assign", "give_back"} <= {event.what for event in timeline(unused)}
    assert window.post(address).status_code == 422, "it is in the stock already"


def test_the_only_key_of_a_running_contract_does_not_go_back(house: House, browser: Browser) -> None:
    product = a_product(house)
    order = an_order(house, product, 2)
    lot = a_stock(house, product, 2)
    window = browser(house.sales)
    window.post(f"/orders/{order.uid}/stock", data={"number": "2", "seats": "1"})
    paid(order)
    row = _stock_keys()[0]
    assert [key.origin[:6] for key in keys_of(order)] == ["stock:", "stock:"]
    answer = window.post(f"/key-stock/lots/{lot.uid}/keys/{row.uid}/return")
    assert answer.status_code == 422 and stored(row).state == StockState.ASSIGNED


def test_a_stock_below_its_threshold_is_work_of_the_day_for_its_own_house(
    house: House, browser: Browser
) -> None:
    product = a_product(house)
    a_stock(house, product, 2)
    window = browser(house.owner)
    low = {"product": product.uid, "least": "3"}
    assert "stock.low" not in str(window.get("/today.json").json)
    assert window.post("/key-stock/level", data=low).status_code == 303
    line = next(each for each in window.get("/today.json").json["todo"] if each["kind"] == "stock.low")
    assert "2 clés libres" in line["what"]
    assert "au-dessous de 3" in window.get("/key-stock").text
    assert "stock.low" not in str(browser(an_outsider(house)).get("/today.json").json)
    assert browser(house.operator).post("/key-stock/level", data=low).status_code == 422
    a_stock(house, product, 1)
    assert "stock.low" not in str(window.get("/today.json").json), "three are three"


def test_another_resellers_stock_serves_nobody_here(house: House, browser: Browser) -> None:
    product = a_product(house)
    order = an_order(house, product, 2)
    a_stock(house, product, 2)
    other = browser(an_outsider(house))
    assert other.get(f"/orders/{order.uid}/stock").status_code == 404
    assert other.post(f"/orders/{order.uid}/stock", data={"number": "1", "seats": "1"}).status_code == 404
    assert _states() == ["stock_free", "stock_free"]


def test_000_19_the_keys_of_an_order_are_sent_again_to_who_installs_them_but_not_while_held(
    house: House, browser: Browser
) -> None:
    order = an_order(house, a_product(house), 2)
    window = browser(house.sales)
    assert window.post(f"/orders/{order.uid}/keys-again").status_code == 422, "nothing is paid"
    paid(order)
    assert "Renvoyer les clés" in window.get(f"/orders/{order.uid}").text
    assert window.post(f"/orders/{order.uid}/keys-again").status_code == 303
    (key,) = keys_of(order)
    mail = mails_about(order)[0]
    assert key.code in mail.body and "de nouveau" in mail.body
    assert "keys_again" in {event.what for event in timeline(order)}
    key.hold(by=house.owner)
    db.session.commit()
    assert window.post(f"/orders/{order.uid}/keys-again").status_code == 422
    assert browser(an_outsider(house)).post(f"/orders/{order.uid}/keys-again").status_code == 404
    reader = browser(house.reader)
    assert reader.post(f"/orders/{order.uid}/keys-again").status_code == 403
    assert reader.get("/key-stock").status_code == 403
