"""The forms of a provider who ends a contract, and the duty of a day."""

import re
from collections.abc import Callable
from datetime import date, datetime

from flask.testing import FlaskClient

from portal.db import EVERYTHING, db, set_scope
from portal.endings.jobs import begin_the_day
from portal.endings.models import ProviderEnding
from portal.mail import Mail
from portal.subscriptions.giving_back import give_back_unused
from portal.subscriptions.models import Subscription
from tests.builders import stored, work
from tests.dunning.builders import noon

At = Callable[[datetime], None]


def live(at: At, day: date) -> None:
    at(noon(day))
    set_scope(EVERYTHING)
    begin_the_day()
    give_back_unused()
    work()


def begin(client: FlaskClient, row: Subscription, cause: str, **more: str) -> ProviderEnding:
    """Looks first, and sends what the page then offers."""
    asked = {"cause": cause, "facts": "Faits constatés.", **more}
    page = client.get(f"/subscriptions/{row.uid}/ending", query_string=asked).text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert form.get("cause") == cause, page
    answer = client.post(f"/subscriptions/{row.uid}/ending", data=form)
    assert answer.status_code == 303, answer.text
    return the_ending(row)


def the_ending(row: Subscription) -> ProviderEnding:
    query = db.select(ProviderEnding).where(ProviderEnding.subscription_id == row.id)
    return stored(db.session.scalars(query.order_by(ProviderEnding.id.desc())).first())  # type: ignore[type-var]


def letters() -> list[str]:
    rows = db.session.scalars(db.select(Mail).where(Mail.kind.startswith("endings/")).order_by(Mail.id))
    return [row.kind.removeprefix("endings/mail_") for row in rows]
