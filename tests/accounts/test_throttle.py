"""Who guesses is slowed down; her victim, her office and next month's people are not."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask.testing import FlaskClient

from portal.accounts.throttle import note_failure, seconds_blocked
from portal.db import db
from tests.builders import PASSWORD, House, a_user, stored
from tests.conftest import MONDAY

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
HERE = "127.0.0.1"


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> int:
    return client.post("/login", data={"email": email, "password": password}).status_code


def test_an_old_block_and_one_mistake_close_no_office(house: House, browser: Browser, at: At) -> None:
    """A block of January stands at 33; in November a colleague mistypes once."""
    at(MONDAY - timedelta(days=300))
    for number in range(33):
        note_failure(f"somebody{number}@ouest.example", HERE)
    db.session.commit()
    assert sign_in(browser(), house.owner.email) == 429
    at(MONDAY)
    assert sign_in(browser(), house.support.email, "wrong") == 422
    assert sign_in(browser(), house.owner.email) == 303


def test_one_persons_mistakes_close_no_office(house: House, browser: Browser, at: At) -> None:
    moment = MONDAY
    for _ in range(40):  # whenever she may, all day long
        moment += timedelta(seconds=seconds_blocked(house.support.email, HERE) + 1)
        at(moment)
        note_failure(house.support.email, HERE)
        assert seconds_blocked("anybody@ouest.example", HERE) == 0
    assert seconds_blocked(house.support.email, HERE) > 120


def test_a_known_device_answers_for_itself(house: House, browser: Browser, at: At) -> None:
    hers, elsewhere = browser(), browser()
    assert sign_in(hers, house.owner.email) == 303
    for _ in range(5):
        assert sign_in(elsewhere, house.owner.email, "wrong") == 422
    assert sign_in(elsewhere, house.owner.email) == 429
    assert sign_in(hers, house.owner.email) == 303  # what others try makes her not wait
    for _ in range(5):
        assert sign_in(hers, house.owner.email, "wrong") == 422
    assert sign_in(hers, house.owner.email) == 429  # her own mistakes do
    colleague = a_user(house.reseller, house.sales.role, "Zoé")
    colleague.email = "zoe@ouest.example"
    db.session.commit()
    assert sign_in(hers, "zoe@ouest.example") == 303
    forged = browser()
    forged.set_cookie("device", "WyJ4IixbIg.x")
    assert sign_in(forged, house.sales.email) == 303


def test_who_tries_every_quarter_of_an_hour_keeps_nobody_out(house: House, browser: Browser, at: At) -> None:
    moment = MONDAY
    for _ in range(30):
        at(moment)
        note_failure(house.owner.email, "203.0.113.9")
        moment += timedelta(minutes=15)
    at(moment - timedelta(minutes=14))
    assert sign_in(browser(), stored(house.owner).email) == 303
