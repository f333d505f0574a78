"""What a customer says of her services: reservations and claims, from her space, in time or late."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.access import Role
from portal.availability.claims import ServiceClaim
from portal.availability.credits import ServiceCredit
from portal.db import db
from tests.availability.builders import EXAMPLE, a_cloud, measures, noon, the_day
from tests.builders import a_user, an_outsider, stored
from tests.contracts.builders import natso

PARIS = ZoneInfo("Europe/Paris")
END = datetime(2026, 11, 10, 12, tzinfo=PARIS)


def her(row):
    person = a_user(row.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return person


def reserve(client, row, end=END, **values):
    data = {"services": "object_storage", "starts_at": f"{end - timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    data |= {"ends_at": f"{end:%Y-%m-%dT%H:%M}", "words": "relevé de la sonde", **values}
    return client.post(f"/service-levels/{row.uid}/reservations", data=data)


def claims() -> list[ServiceClaim]:
    return list(db.session.scalars(select(ServiceClaim).order_by(ServiceClaim.id)))


def test_003_13_a_reservation_is_in_time_for_forty_eight_hours_and_said_to_be_late_after(house, browser, at):
    row = a_cloud(house)
    person, outsider = her(row), an_outsider(house, Role.OWNER)
    at(END + timedelta(hours=48))
    client = browser(person)
    page = client.get(f"/service-levels/{row.uid}?month=2026-11").text
    assert "48 heures" in page and "003-13" in page
    assert reserve(client, row, words=" ").status_code == 422
    assert reserve(client, row, services="inconnu").status_code == 422
    assert reserve(client, row, starts_at="2026-11-10T13:00").status_code == 422  # ends before it starts
    assert claims() == []
    assert reserve(client, row).status_code == 303
    at(END + timedelta(hours=48, minutes=1))
    client = browser(person)
    assert reserve(client, row).status_code == 303
    shown = client.get(f"/service-levels/{row.uid}?month=2026-11").text
    assert "le service est accepté définitivement" in shown
    assert [bool(each.late) for each in claims()] == [False, True]
    assert browser(outsider).get(f"/service-levels/{row.uid}").status_code == 404
    assert reserve(browser(outsider), row).status_code == 404
    # Staff may say when a letter came; it waits on the day's list until somebody has read it.
    told = reserve(browser(house.operator), row, told_at="2026-11-11T08:00")
    assert told.status_code == 303 and not claims()[2].late
    technician = browser(house.technician)
    assert claims()[0].number in technician.get("/").text
    assert technician.post(f"/service-levels/{row.uid}/seen?month=2026-11").status_code == 303
    assert claims()[0].number not in technician.get("/").text


def test_003_29_penalties_are_claimed_within_five_days_with_calculation_and_reservations(house, browser, at):
    row = a_cloud(house)
    person, address = her(row), f"/service-levels/{row.uid}/claims?month=2026-11"
    at(END + timedelta(hours=1))
    reserve(browser(person), row)
    at(noon(date(2026, 11, 30)))
    measures(browser(house.technician), EXAMPLE)
    at(noon(date(2026, 12, 5)))
    the_day()
    credit = db.session.scalars(select(ServiceCredit)).one()
    assert credit.working["claimed"] is False and credit.working["reservations"] == [claims()[0].number]
    client = browser(person)
    assert client.post(address, data={"calculation": ""}).status_code == 422
    assert client.post(address, data={"calculation": "2,07 points"}).status_code == 303
    assert stored(credit).working["claimed"] is True
    assert "oui" in browser(house.operator).get(f"/credits-due/{credit.uid}").text
    at(noon(date(2026, 12, 6)))
    client = browser(person)
    assert client.post(address, data={"calculation": "2,07 points"}).status_code == 303
    assert [bool(each.late) for each in claims()] == [False, False, True]
    assert (
        "Le délai pour réclamer les pénalités est passé"
        in client.get(f"/service-levels/{row.uid}?month=2026-11").text
    )


def test_a_claim_without_a_reservation_and_one_of_a_contract_without_penalties_are_refused(
    house, browser, at
):
    row, other = a_cloud(house), natso(house, name="Autre", siren=None)
    at(noon(date(2026, 12, 2)))
    client, data = browser(house.operator), {"calculation": "x"}
    refused = client.post(f"/service-levels/{row.uid}/claims?month=2026-11", data=data)
    assert refused.status_code == 422 and "références des réserves" in refused.text
    refused = client.post(f"/service-levels/{other.uid}/claims?month=2026-11", data=data)
    assert refused.status_code == 422 and "ne prévoit ni réserve ni pénalité" in refused.text
    assert claims() == []
