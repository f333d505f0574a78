"""The register of processing activities: written by what the portal does, dated as soon as it says more."""

from datetime import datetime
from html import unescape
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.db import EVERYTHING, db, set_scope
from portal.privacy.jobs import keep_registers
from portal.privacy.processing import ProcessingEntry, ProcessingVersion
from tests.privacy.builders import a_processor

PARIS = ZoneInfo("Europe/Paris")
ROOM = "/privacy/processing"
TYPED = {
    "role": "controller",
    "name": "Candidatures",
    "purpose": "Recruter",
    "persons": "Candidats",
    "data": "CV",
    "retention": "Deux ans",
    "measures": "Armoire fermée",
}


def noon(*day: int) -> datetime:
    return datetime(*day, 12, tzinfo=PARIS)


def versions() -> list[ProcessingVersion]:
    set_scope(EVERYTHING)
    keep_registers()
    db.session.commit()
    return list(db.session.scalars(select(ProcessingVersion).order_by(ProcessingVersion.number)))


def test_001_37_the_register_is_written_by_the_portal_and_a_version_kept_when_it_says_more(
    house, browser, at
):
    at(noon(2026, 11, 30))
    assert [each.number for each in versions()] == [1]
    at(noon(2026, 12, 1))
    assert len(versions()) == 1  # it says the same
    a_processor(house.provider).country = "US"
    db.session.commit()
    at(noon(2026, 12, 2))
    assert [each.made_on.isoformat() for each in versions()] == ["2026-11-30", "2026-12-02"]
    client = browser(house.operator)
    page = unescape(client.get(ROOM).text)
    assert "Prélèvements et mandats" in page and "14 mois depuis" in page and "CMF L133-24" in page
    assert "Hébergeur SA" in page and "États-Unis" in page  # a transfer out of the EEA
    assert browser(house.owner).get(ROOM).status_code == 403


def test_the_house_adds_lines_and_notes_and_a_version_stays_as_it_was(house, browser, at):
    at(noon(2026, 11, 30))
    (first,) = versions()
    client = browser(house.operator)
    assert client.post(f"{ROOM}/entries", data={**TYPED, "purpose": ""}).status_code == 422
    assert client.post(f"{ROOM}/entries", data=TYPED).status_code == 303
    assert client.post(f"{ROOM}/notes/invoices", data={"note": "Expert-comptable"}).status_code == 303
    assert client.post(f"{ROOM}/notes/nothing", data={"note": "x"}).status_code == 422
    assert client.post(f"{ROOM}/versions").status_code == 303
    _first, second = versions()
    before = client.get(f"{ROOM}/versions/{first.uid}/file.csv").text
    after = client.get(f"{ROOM}/versions/{second.uid}/file.csv").text
    assert "Candidatures" not in before and "Candidatures" in after and "Expert-comptable" in after
    pdf = client.get(f"{ROOM}/versions/{second.uid}/file.pdf").data
    assert pdf.startswith(b"%PDF") and pdf == client.get(f"{ROOM}/versions/{second.uid}/file.pdf").data
    row = db.session.scalars(select(ProcessingEntry).where(ProcessingEntry.code == "")).one()
    assert client.post(f"{ROOM}/entries/{row.uid}/end").status_code == 303
    assert "Candidatures" not in client.get(ROOM).text and len(versions()) == 3
