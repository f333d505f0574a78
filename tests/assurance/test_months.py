"""Once a month, machines and vaults in one paper: for the customer, and for her reseller about all hers."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.assurance.months import BackupMonth
from portal.backups.models import Machine
from portal.blobs import content_of
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail, MailState
from tests.backups.reporting import a_body, a_watched_machine, post
from tests.builders import House, a_user, work
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
FIRST = datetime(2026, 12, 1, 9, tzinfo=UTC)


def mails(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(Mail).where(Mail.kind == f"assurance/{kind}")))


def live(at: At, day: datetime) -> None:
    at(day)
    for _twice in range(2):
        set_scope(EVERYTHING)
        jobs.run_periodic()
        work()
    set_scope(EVERYTHING)


def watched(house: House, browser: Browser) -> tuple[Machine, FlaskClient]:
    """A machine with one good run in November, and its customer signed in."""
    machine, token = a_watched_machine(house)
    machine.created_at = datetime(2026, 11, 20, tzinfo=UTC)
    person = a_user(machine.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert post(browser(), token, a_body()).status_code in (200, 201, 202)
    return machine, browser(person)


def test_a_month_is_told_once_to_the_customer_and_to_her_reseller(
    house: House, browser: Browser, at: At
) -> None:
    machine, client = watched(house, browser)
    live(at, FIRST)
    reports = list(db.session.scalars(select(BackupMonth).order_by(BackupMonth.id)))
    assert {one.name for one in reports} == {machine.customer.name, house.reseller.name}
    for one in reports:
        text = text_of(content_of(one.document)).replace("\n", " ")
        assert "novembre 2026" in text and "Manquantes" in text
    (mail,) = mails("mail_month")
    assert (
        mail.attachments and "/backup-reports" in mail.body and "bonnes : 1" in mail.body.replace("\xa0", " ")
    )
    people = [one.recipient for one in mails("mail_month_staff")]
    assert people and len(people) == len(set(people)), "one mail a person"
    page = browser(house.owner).get("/backup-reports").text
    assert all(one.document.uid in page for one in reports)
    assert house.reseller.name not in client.get("/backup-reports").text, "the customer sees her own"


def test_who_said_no_reads_it_on_the_page_alone(house: House, browser: Browser, at: At) -> None:
    machine, client = watched(house, browser)
    assert client.post("/backup-reports/choice", data={"wanted": ""}).status_code == 303
    assert "ne vient pas par e-mail" in client.get("/backup-reports").text
    house.owner.declined = ["months"]
    db.session.commit()
    live(at, FIRST)
    assert not mails("mail_month") and len(mails("mail_month_staff")) >= 1
    own = next(one for one in mails("mail_month_staff") if one.recipient == house.owner.email)
    assert own.state == MailState.DECLINED
    assert db.session.scalar(select(BackupMonth.id).where(BackupMonth.subject_uid == machine.customer.uid))
    assert browser(house.owner).post("/backup-reports/choice", data={"wanted": "yes"}).status_code == 404
