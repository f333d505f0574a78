"""A notice of termination that came by registered letter: the day of its posting counts."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from portal.customers.models import CustomerKind
from portal.db import db
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.termination_letters import TerminationLetter
from tests.builders import House, an_outsider, stored
from tests.contracts.builders import dropcloud, natso
from tests.dunning.test_ladder import a_scan

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def note(client: FlaskClient, row: Subscription, **form: object) -> tuple[int, str]:
    answer = client.post(f"/subscriptions/{row.uid}/termination/letter", data=form)
    return answer.status_code, answer.text.replace("&#39;", "'")


def test_000_55_a_letter_posted_on_the_last_day_ends_the_contract_whenever_it_arrives(
    house: House, browser: Browser, at: At
) -> None:
    row = natso(house)  # since 15 January 2026; three months before 15 January 2027
    late = natso_again(house, row)
    at(datetime(2026, 10, 20, 9, tzinfo=UTC))
    client, address = browser(house.owner), f"/subscriptions/{row.uid}/termination"
    assert f"{address}/letter" in client.get(address).text
    letter = {"posted_on": "2026-10-15", "received_on": "2026-10-19", "tracking": "1A 1", "reason": "none"}
    for wrong, sentence in (
        ({"first_presented_on": "2026-10-14", "received_on": "2026-10-19"}, "présentée avant son envoi"),
        ({"received_on": "2026-10-21"}, "à venir"),
        ({"received_on": "2026-10-14"}, "reçue après"),
        ({"tracking": ""}, "numéro du recommandé"),
    ):
        status, text = note(client, row, **(letter | wrong))
        assert status == 422 and sentence in text, wrong
    assert stored(row).state == SubscriptionState.ACTIVE
    assert note(client, row, **letter, scan=a_scan())[0] == 303
    assert (stored(row).notified_on, row.ends_on) == (date(2026, 10, 15), date(2027, 1, 15))
    assert note(client, late, **letter | {"posted_on": "2026-10-16"})[0] == 303
    assert stored(late).ends_on == date(2028, 1, 15), "a day too late for the period"
    assert note(client, row, **letter)[0] == 422, "there is one letter"
    page = client.get(f"/subscriptions/{row.uid}").text
    assert "1A 1" in page and "Lettre de résiliation" in page
    assert db.session.scalars(db.select(TerminationLetter)).first() is not None
    assert note(browser(house.reader), late)[0] == 403
    assert note(browser(an_outsider(house)), late)[0] == 404


def natso_again(house: House, row: Subscription) -> Subscription:
    from tests.contracts.builders import a_subscription

    values = {"name": "Autre", "siren": "404833048", "billed_before": date(2027, 1, 15)}
    return a_subscription(house, row.product, **values)


def test_001_15_a_business_is_asked_for_the_letter_and_a_consumer_is_not(
    house: House, browser: Browser, at: At
) -> None:
    row = dropcloud(house)
    hers = consumer_of(house, row)
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    client = browser(house.owner)
    for each in (row, hers):
        form = {"sent_on": "2026-11-24", "reason": "none"}
        assert client.post(f"/subscriptions/{each.uid}/termination", data=form).status_code == 303
    page = client.get(f"/subscriptions/{row.uid}").text
    assert "pas encore notée" in page and "001-15" in page
    assert "pas encore notée" not in client.get(f"/subscriptions/{hers.uid}").text
    ends_on = stored(row).ends_on
    at(datetime(2026, 11, 27, 9, tzinfo=UTC))
    client = browser(house.owner)
    letter = {"posted_on": "2026-11-24", "received_on": "2026-11-26", "tracking": "1A 2", "reason": "none"}
    assert note(client, row, **letter)[0] == 303
    assert stored(row).ends_on == ends_on
    assert "pas encore notée" not in client.get(f"/subscriptions/{row.uid}").text


def consumer_of(house: House, row: Subscription) -> Subscription:
    from tests.contracts.builders import a_subscription

    return a_subscription(house, row.product, name="Camille", siren=None, kind=CustomerKind.CONSUMER)
