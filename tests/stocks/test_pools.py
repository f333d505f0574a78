"""Another vendor's keys: brought in by file, given once, waited for in turn, never given again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from portal import jobs
from portal.changes.pool_keys import follow_quantity
from portal.customers.models import CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import LicenseRefused, find_key
from portal.licensing.pools import KeyPool, PoolKey
from portal.mail import mails_about
from portal.subscriptions.pool_waits import PoolWait
from portal.subscriptions.withdrawal import withdraw
from tests.builders import House, an_outsider, stored, work
from tests.stocks.builders import a_pool, a_stock, an_order, fill, keys_of, paid
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
NEXT = datetime(2026, 11, 26, 11, tzinfo=UTC)


def _states() -> list[str]:
    return [str(state) for state in db.session.scalars(db.select(PoolKey.state).order_by(PoolKey.id))]


def test_000_04_an_order_gets_keys_of_its_pool_which_activate_nothing_here(
    house: House, browser: Browser, at: At
) -> None:
    product, window = a_product(house), browser(house.operator)
    answer = window.post("/key-pools", data={"product": product.uid})
    assert window.post("/key-pools", data={"product": product.uid}).status_code == 422, "it has one"
    pool = db.session.scalars(db.select(KeyPool)).one()
    assert answer.location == f"/key-pools/{pool.uid}"
    filled = fill(window, pool, "\ufeffClé\r\nAAAA-1111\r\n\r\nBBBB-2222\r\nCCCC-3333\r\n")
    assert filled.status_code == 303
    assert "AAAA" not in str(db.session.execute(db.text("select code_sealed from pool_key")).all())
    at(NEXT)
    window = browser(house.operator)
    order = an_order(house, product, 2)
    paid(order)
    keys = keys_of(order)
    assert [(key.code, key.seats, key.is_foreign) for key in keys] == [
        ("AAAA-1111", 1, True),
        ("BBBB-2222", 1, True),
    ]
    assert _states() == ["pool_given", "pool_given", "pool_free"]
    body = mails_about(order)[0].body
    assert "AAAA-1111" in body and "BBBB-2222" in body and "son éditeur" in body
    asked = {"key": "AAAA-1111", "fingerprint": "m1"}
    assert browser().post("/api/v1/activations", json=asked).status_code == 422
    page = window.get(f"/keys/{keys[0].uid}").text
    assert "d'un autre éditeur" in page.replace("’", "'") and "Machine sans réseau" not in page
    assert "1111" in page and "AAAA" not in page
    shown = window.get(f"/key-pools/{pool.uid}").text
    assert "••••1111" in shown and "AAAA" not in shown
    again = window.post(f"/orders/{order.uid}/keys-again")
    assert again.status_code == 303 and "AAAA-1111" in mails_about(order)[0].body


def test_an_offer_whose_keys_are_in_stock_gets_no_pool(house: House, browser: Browser) -> None:
    product = a_product(house)
    a_stock(house, product, 1)
    answer = browser(house.operator).post("/key-pools", data={"product": product.uid})
    assert answer.status_code == 422 and "en stock" in answer.text
    assert db.session.scalars(db.select(KeyPool)).all() == []


def test_another_vendors_key_of_our_shape_is_unknown_to_the_api(house: House, browser: Browser) -> None:
    product, other = a_product(house), a_product(house, code="X", name="X")
    a_stock(house, product, 1)
    code = "00000-00000-00000-00000"  # its check symbols are right
    a_pool(house, other, browser(house.operator), code)
    paid(an_order(house, other, 1))
    with pytest.raises(LicenseRefused) as refused:
        find_key(code)
    assert refused.value.code == "NOT_FOUND"


def test_000_10_an_order_waits_visibly_for_an_empty_pool_and_goes_on_by_itself(
    house: House, browser: Browser, at: At
) -> None:
    product, window = a_product(house), browser(house.operator)
    pool = a_pool(house, product, window, "AAAA-1111")
    first = an_order(house, product, 2)
    second = an_order(house, product, 1, name="Second client", siren=None)
    paid(first)
    paid(second)
    assert keys_of(first) == keys_of(second) == [], "whoever came first is served first"
    assert _states() == ["pool_free"]
    owner = browser(house.owner)
    assert "attend une clé de son éditeur" in owner.get(f"/orders/{first.uid}").text
    assert "dès que son éditeur" in mails_about(first)[0].body
    assert str(owner.get("/today.json").json).count("pool.waits") == 2
    assert "pool.waits" not in str(browser(an_outsider(house)).get("/today.json").json)
    assert "Second client" in window.get(f"/key-pools/{pool.uid}").text
    at(NEXT)
    window = browser(house.operator)
    fill(window, pool, "Clé\nBBBB-2222")
    work()
    assert [key.code for key in keys_of(first)] == ["AAAA-1111", "BBBB-2222"]
    assert keys_of(second) == []
    mail = mails_about(first)[0]
    assert "AAAA-1111" in mail.body and "BBBB-2222" in mail.body
    fill(window, pool, "Clé\nCCCC-3333\nDDDD-4444")
    work()
    assert [key.code for key in keys_of(second)] == ["CCCC-3333"]
    assert [key.valid_through.isoformat() for key in keys_of(second)] == ["2027-11-22"]
    assert _states() == ["pool_given"] * 3 + ["pool_free"]


def test_the_day_serves_what_a_lost_task_did_not(house: House, browser: Browser, at: At) -> None:
    product = a_product(house)
    pool = a_pool(house, product)
    order = an_order(house, product, 1)
    paid(order)
    fill(browser(house.operator), pool, "Clé\nAAAA-1111")
    db.session.execute(db.delete(jobs.Task).where(jobs.Task.kind == "keys.serve_pool"))
    db.session.commit()
    at(NEXT + timedelta(1))
    jobs.run_periodic()
    set_scope(EVERYTHING)
    work()
    assert len(keys_of(order)) == 1 and "AAAA-1111" in mails_about(order)[0].body


def test_a_withdrawn_key_is_marked_and_never_given_again(house: House, browser: Browser, at: At) -> None:
    product = a_product(house)
    pool = a_pool(house, product, browser(house.operator), "AAAA-1111")
    order = an_order(house, product, 1)
    contract = paid(order)
    (key,) = keys_of(order)
    key.revoke(by=SYSTEM)
    db.session.commit()
    assert _states() == ["pool_withdrawn"] and contract is not None
    later = an_order(house, product, 1, name="Plus tard", siren=None)
    paid(later)
    assert keys_of(later) == []
    at(NEXT)
    window = browser(house.operator)
    refused = fill(window, pool, "Clé\nAAAA-1111")
    assert refused.status_code == 422 and "déjà ici" in refused.text
    assert "retirée" in window.get(f"/key-pools/{pool.uid}").text
    assert "retirée" in window.get(f"/keys/{key.uid}").text


def test_what_is_withdrawn_from_waits_no_more(house: House, browser: Browser) -> None:
    product = a_product(house)
    pool = a_pool(house, product)
    contract = paid(an_order(house, product, 1))
    wait = db.session.scalars(db.select(PoolWait)).one()
    contract.customer.kind = CustomerKind.CONSUMER
    db.session.commit()
    withdraw(contract, by=SYSTEM)
    db.session.commit()
    fill(browser(house.operator), pool, "Clé\nAAAA-1111")
    work()
    assert stored(wait).state == "pool_dropped" and _states() == ["pool_free"]


def test_a_wrong_file_is_told_line_by_line_and_takes_nothing(house: House, browser: Browser) -> None:
    product, window = a_product(house), browser(house.operator)
    pool = a_pool(house, product, window, "HERE-0000")
    lines = ["Clé", "AAAA-1111", "BBBB;2222", "AAAA-1111", "", "HERE-0000", "K" * 81]
    refused = fill(window, pool, "\n".join(lines))
    assert refused.status_code == 422
    for told in (
        "ligne 3 : 2 colonnes au lieu d'une",
        "ligne 4 : la même clé qu'à la ligne 2",
        "ligne 6 : cette clé est déjà ici",
        "ligne 7 : une clé a 80 caractères",
    ):
        assert told in refused.text.replace("&#39;", "'").replace("\u00a0", " ").replace("’", "'"), told
    assert _states() == ["pool_free"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "vide"),
        (b"AAAA\nBBBB", "titre de la seule colonne"),
        ("Clé;Client\nA;B".encode(), "titre de la seule colonne"),
        ("Clé\n".encode(), "pas de clé"),
        (b"Cl\xe9\nA", "UTF-8"),
        ("Clé\n".encode() + b"\n".join(b"K-%d" % n for n in range(10_001)), "10 000"),
    ],
)
def test_what_is_no_file_of_keys_is_refused_whole(
    house: House, browser: Browser, text: bytes, told: str
) -> None:
    pool = a_pool(house, a_product(house))
    form = {"file": (BytesIO(text), "cles.csv")}
    answer = browser(house.operator).post(f"/key-pools/{pool.uid}/keys", data=form)
    assert answer.status_code == 422
    assert told in answer.text.replace("\u202f", " ").replace("\u00a0", " ")
    assert _states() == []


def test_a_low_pool_is_work_of_the_day_for_the_operator_alone(house: House, browser: Browser) -> None:
    product, window = a_product(house), browser(house.operator)
    pool = a_pool(house, product, window, "AAAA-1111")
    assert window.post(f"/key-pools/{pool.uid}/level", data={"least": "2"}).status_code == 303
    assert "Réserve de clés basse" in str(window.get("/today.json").json)
    assert "pool.low" not in str(browser(house.owner).get("/today.json").json)
    for path in ("", f"/{pool.uid}"):
        assert browser(house.owner).get(f"/key-pools{path}").status_code == 403
    fill(window, pool, "Key\nBBBB-2222")
    assert "pool.low" not in str(window.get("/today.json").json)


def test_000_58_more_units_take_more_keys_and_fewer_withdraw_the_latest(
    house: House, browser: Browser
) -> None:

    product = a_product(house)
    pool = a_pool(house, product, browser(house.operator), "A-1", "B-2", "C-3")
    contract = paid(order := an_order(house, product, 2))
    for quantity, states in (
        (3, ["pool_given"] * 3),
        (1, ["pool_given", "pool_withdrawn", "pool_withdrawn"]),
        (2, ["pool_given", "pool_withdrawn", "pool_withdrawn"]),
    ):
        contract.quantity = quantity
        in_force = [key for key in keys_of(order) if key.revoked_at is None]
        follow_quantity(pool, contract, in_force, by=SYSTEM)
        db.session.commit()
        assert _states() == states
    assert db.session.scalars(db.select(PoolWait.quantity)).one() == 1
    fill(browser(house.operator), pool, "Clé\nD-4")
    work()
    assert sorted(key.code for key in keys_of(order) if key.revoked_at is None) == ["A-1", "D-4"]
