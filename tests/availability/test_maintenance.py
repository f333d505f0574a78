"""Maintenance is told to who has the services, and left out of the downtime only where told in time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.availability.models import Outage
from portal.availability.months import months_of_subscription
from portal.availability.planned import PlannedWork
from portal.db import db
from portal.mail import Mail
from tests.availability.builders import NOVEMBER, a_cloud
from tests.builders import an_outsider, stored, work
from tests.contracts.builders import dropcloud, natso

PARIS = ZoneInfo("Europe/Paris")


def paris(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=PARIS)


def typed(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


def window(start: datetime, hours: int = 4, **values: str) -> dict[str, str]:
    return {"starts_at": typed(start), "ends_at": typed(start + timedelta(hours=hours)), **values}


def announce(client, service: str, start: datetime, **values: str):
    data = window(start, services=service, words="Mise à jour des baies", **values)
    return client.post("/planned-work", data=data)


def works() -> list[PlannedWork]:
    return list(db.session.scalars(select(PlannedWork).order_by(PlannedWork.id)))


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == f"availability/{kind}").order_by(Mail.id)))


@pytest.mark.parametrize(
    ("clause", "make", "service"),
    [("000-48", natso, "natso:service"), ("001-33", dropcloud, "dropcloud:access")],
)
def test_000_48_001_33_maintenance_is_told_by_mail_eight_hours_before(
    house, browser, at, clause, make, service
):
    row = make(house)
    a_cloud(house, name="Autre", siren=None)
    at(paris(23, 10))
    client = browser(house.technician)
    assert client.get("/planned-work/new").status_code == 200
    late = announce(client, service, paris(23, 17, 59))
    assert late.status_code == 422 and clause in late.text  # one minute too late
    assert announce(client, service, paris(23, 18)).status_code == 303
    work()
    mail = mails("mail_planned")[0]
    assert len(mails("mail_planned")) == 1 and mail.sent_at == paris(23, 10)  # to her alone
    assert mail.organisation_id == row.customer.organisation_id
    page = client.get(f"/planned-work/{works()[0].uid}").text
    assert "à temps" in page and row.customer.name in page and "pas à temps" not in page
    for person, status in ((house.auditor, 200), (an_outsider(house), 403)):
        assert browser(person).get(f"/planned-work/{works()[0].uid}").status_code == status
    assert announce(browser(house.finance), service, paris(24, 18)).status_code == 403


def outage(client, start: datetime, end: datetime, service: str = "numspot:region", **values: str):
    data = {"services": service, "starts_at": typed(start), "ends_at": typed(end), "cause": "incident"}
    return client.post("/availability/outages", data={**data, "words": "Baie arrêtée", **values})


def region(row):
    return next(m for m in months_of_subscription(row, NOVEMBER) if m.promise.service == "region")


def test_003_26_only_maintenance_announced_two_days_before_is_left_out_of_the_downtime(house, browser, at):
    row = a_cloud(house)
    at(paris(20, 23, 59))
    client = browser(house.technician)
    assert announce(client, "numspot:region", paris(22, 0)).status_code == 303  # two calendar days
    work()
    at(paris(21, 0, 1))
    client = browser(house.technician)
    refused = announce(client, "numspot:region", paris(22, 12))
    assert refused.status_code == 422 and "003-26" in refused.text
    assert announce(client, "numspot:region", paris(22, 12), late="y").status_code == 303
    work()
    at(paris(23, 10))
    client = browser(house.technician)
    assert outage(client, paris(22, 1), paris(22, 2)).status_code == 303  # inside the first window
    assert outage(client, paris(22, 1, 30), paris(22, 2)).status_code == 303  # twice: counted once
    assert outage(client, paris(22, 12), paris(22, 13)).status_code == 303  # inside the late one
    assert outage(client, paris(22, 20), paris(22, 21), cause="emergency").status_code == 303
    month = region(row)
    assert (month.counted, month.excluded) == (60, 120)
    over = 22 * 24 * 60  # no probe looked: the days of the month that are over are the period
    assert month.percent == 100 * (over - month.counted) / over
    page = client.get(f"/service-levels/{row.uid}?month=2026-11").text
    assert "60 min (120 décomptées)" in " ".join(page.split())
    assert client.get("/availability/2026-11?contract=numspot").status_code == 200


def test_a_window_whose_mail_left_too_late_counts_for_that_customer_alone(house, browser, at):
    early, late = a_cloud(house), a_cloud(house, name="Tard", siren=None)
    at(paris(18, 10))
    client = browser(house.technician)
    announce(client, "numspot:region", paris(22, 0))
    work()
    mail = next(m for m in mails("mail_planned") if m.organisation_id == late.customer.organisation_id)
    mail.sent_at = paris(21, 9)  # the relay was away
    db.session.commit()
    at(paris(23, 10))
    outage(browser(house.technician), paris(22, 1), paris(22, 2))
    assert (region(early).counted, region(late).counted) == (0, 60)


def test_a_moved_window_is_told_anew_and_one_called_off_is_told_to_whom_it_was_told(house, browser, at):
    row = a_cloud(house)
    at(paris(18, 10))
    client = browser(house.technician)
    announce(client, "numspot:region", paris(22, 0))
    work()
    page = f"/planned-work/{works()[0].uid}"
    assert client.post(f"{page}/move", data=window(paris(25, 0))).status_code == 422  # without a reason
    assert client.post(f"{page}/move", data=window(paris(25, 0), why="pièce en retard")).status_code == 303
    work()
    assert [m.subject.split()[1] for m in mails("mail_planned")] == ["le", "déplacée"]
    at(paris(23, 10))
    outage(browser(house.technician), paris(22, 1), paris(22, 2))
    assert region(row).counted == 60  # the first window counts no more
    client = browser(house.technician)
    assert client.post(f"{page}/cancellation", data={"why": "inutile"}).status_code == 303
    work()
    assert len(mails("mail_called_off")) == 1 and stored(works()[0]).state == "planned_called_off"
    assert client.post(f"{page}/cancellation", data={"why": "inutile"}).status_code in (409, 422)


def test_bad_spans_are_refused_beside_their_field(house, browser, at):
    at(paris(23, 10))
    client = browser(house.technician)
    backwards = outage(client, paris(22, 2), paris(22, 1))
    assert backwards.status_code == 422 and "La fin vient après le début" in backwards.text
    assert outage(client, paris(24, 2), paris(24, 3)).status_code == 422  # to come
    assert outage(client, paris(22, 1), paris(22, 2), service="").status_code == 422
    mixed = {"services": ["numspot:region", "dropcloud:access"], "starts_at": "x", "words": "", "cause": "?"}
    assert client.post("/availability/outages", data=mixed).status_code == 422
    assert db.session.scalars(select(Outage)).all() == []
    assert announce(client, "numspot:region", paris(22, 2)).status_code == 422  # it is over
