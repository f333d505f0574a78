"""A notice counts from the hour of our own mail server, and can be kept as it left."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

from flask.testing import FlaskClient

from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail, MailState
from tests.builders import House, an_outsider, stored, work
from tests.contracts.builders import numspot
from tests.endings.days import begin
from tests.subscriptions.test_orders import an_order, pay

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]
WRITTEN = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def test_003_42_a_notice_has_the_hour_of_our_server_and_a_faithful_copy(
    house: House, browser: Browser, at: At
) -> None:
    """Written at ten, gone at half past: half past counts, whatever the other side's server says."""
    row = numspot(house, started_on=date(2026, 11, 1), billed_before=date(2027, 1, 1))
    at(WRITTEN)
    begin(browser(house.operator), row, "breach")
    set_scope(EVERYTHING)
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "endings/mail_warning")).one()
    client, where = browser(house.operator), f"/mails/{mail.uid}"
    assert "Copie fidèle" not in client.get(where).text
    assert client.get(f"{where}/copy").status_code == 422, "it has not left"
    at(WRITTEN + timedelta(minutes=30))
    work()
    set_scope(EVERYTHING)
    assert stored(mail).state == MailState.SENT
    client = browser(house.operator)
    page = client.get(where).text
    assert "Notification faite le" in page and "10:30" in page and "003-42" in page
    answer = client.get(f"{where}/copy")
    assert answer.status_code == 200 and answer.content_type == "message/rfc822"
    copy = message_from_bytes(answer.data, policy=policy.default)
    assert (copy["Message-ID"], copy["To"]) == (mail.message_id, mail.recipient)
    assert copy["X-Accepted-At"] == "2026-12-01T09:30:00+00:00" and copy["X-Relay-Answer"]
    body = copy.get_body(("plain",))
    assert body is not None and body.get_content().split() == mail.body.split()
    assert browser(an_outsider(house)).get(f"{where}/copy").status_code in (403, 404)


def test_a_mail_that_carries_keys_or_links_has_no_copy(house: House, browser: Browser) -> None:
    pay(an_order(house))
    work()
    set_scope(EVERYTHING)
    mail = db.session.scalars(db.select(Mail).order_by(Mail.id)).first()
    assert mail is not None and mail.sent_at is not None
    assert browser(house.operator).get(f"/mails/{mail.uid}/copy").status_code == 422
