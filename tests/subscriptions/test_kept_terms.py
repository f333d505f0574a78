"""The end of the period and the last day of notice are kept, moved on by the worker and shown in a list."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from flask import current_app
from flask.testing import FlaskClient

from portal import jobs
from portal.db import db
from portal.subscriptions.models import Subscription
from tests.builders import SIRENS, House, stored
from tests.contracts.builders import dobaas, dropcloud, natso, numspot

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def listed(client: FlaskClient, address: str = "/subscriptions?notice_within=ever") -> list[str]:
    return re.findall(r'href="/subscriptions/([a-z2-7]{16})"', client.get(address).text)


def days_of(subscription: Subscription) -> tuple[date | None, date | None]:
    kept = stored(subscription)
    return kept.period_ends_on, kept.last_notice_on


def test_the_worker_moves_both_days_on_when_a_period_is_over(house: House, at: At) -> None:
    yearly, endless = natso(house, siren=SIRENS[0]), numspot(house, siren=SIRENS[1])
    for subscription in (yearly, endless):
        subscription.period_ends_on = subscription.last_notice_on = None
    db.session.commit()
    run_on(at, datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert days_of(yearly) == (date(2027, 1, 15), date(2026, 10, 15))
    assert days_of(endless) == (date(2026, 12, 15), None), "a month ends, and nothing has to be refused"
    run_on(at, datetime(2027, 1, 14, 9, tzinfo=UTC))
    assert days_of(yearly) == (date(2027, 1, 15), date(2026, 10, 15)), "its last day"
    run_on(at, datetime(2027, 1, 15, 9, tzinfo=UTC))
    assert days_of(yearly) == (date(2028, 1, 15), date(2027, 10, 15)), "counted from the anchor"


def run_on(at: At, instant: datetime) -> None:
    at(instant)
    db.session.commit()
    with current_app.app_context():
        jobs.run_periodic()


def test_next_terms_come_first_and_only_those_that_can_be_refused(
    house: House, browser: Browser, at: At
) -> None:
    client = browser(house.owner)
    starts = {dobaas: date(2026, 2, 28), natso: date(2026, 2, 28), dropcloud: date(2026, 3, 20)}
    made = [
        make(house, started_on=start, siren=siren)
        for (make, start), siren in zip(starts.items(), SIRENS, strict=False)
    ]
    for subscription in made:
        subscription.period_ends_on = subscription.last_notice_on = None
    db.session.commit()
    run_on(at, datetime(2026, 11, 23, 9, tzinfo=UTC))
    order = [made[1], made[2], made[0]]
    assert [days_of(each)[1] for each in order] == [date(2026, 11, 28), date(2026, 12, 5), date(2028, 8, 28)]
    assert listed(client) == [each.uid for each in order]
    page = client.get("/subscriptions?notice_within=ever").text
    for each in order:
        assert f'datetime="{each.last_notice_on}"' in page and f'datetime="{each.period_ends_on}"' in page
    at(datetime(2026, 11, 29, 9, tzinfo=UTC))
    late = [each.uid for each in order[1:]]
    assert listed(browser(house.owner)) == late, "the day before was the last one for the first"
    at(datetime(2026, 11, 23, 9, tzinfo=UTC))
    sent = {"sent_on": "2026-11-23", "reason": "none"}
    first = order[0]
    assert client.post(f"/subscriptions/{first.uid}/termination", data=sent).status_code == 303
    assert listed(client) == [each.uid for each in order[1:]], "whoever has left is not asked again"
    assert listed(client, "/subscriptions") == [each.uid for each in reversed(made)], "the newest first"
