"""The public page of services: off unless switched on, and no customer is named."""

from datetime import date, timedelta

from portal import clock
from portal.availability.models import Cause, enter_outage
from portal.availability.planned import plan_work
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.hosts import set_host
from tests.availability.builders import a_cloud, noon


def an_outage(house, words, ends=True, customer=None, days=1):
    start = clock.now() - timedelta(days=days)
    enter_outage(
        house.provider,
        "numspot",
        ["region"],
        starts_at=start,
        ends_at=start + timedelta(hours=1) if ends else None,
        cause=Cause.INCIDENT,
        words=words,
        customer=customer,
        by=SYSTEM,
    )
    db.session.commit()


def test_it_is_off_until_switched_on_and_tells_what_is_under_way_and_ninety_days(house, browser, at):
    row = a_cloud(house)
    at(noon(date(2026, 11, 20)))
    stranger, operator = browser(), browser(house.operator)
    assert stranger.get("/status").status_code == 404
    assert operator.post("/status-page", data={"is_on": "y"}).status_code == 422  # it would show nothing
    assert operator.post("/status-page", data={"is_on": "y", "contracts": "numspot"}).status_code == 303
    assert "interrompu" not in stranger.get("/status").text
    an_outage(house, "Baie arrêtée", ends=False)
    an_outage(house, "Vieille panne", days=80)
    an_outage(house, "Trop vieille", days=100)
    an_outage(house, "Chez une seule", customer=row.customer)
    start = clock.now() + timedelta(days=3)
    plan_work(house.provider, "numspot", ["zone"], start, start + timedelta(hours=1), "Bascule", by=SYSTEM)
    db.session.commit()
    page = stranger.get("/status").text
    assert "interrompu" in page and "Baie arrêtée" in page and "Vieille panne" in page and "Bascule" in page
    assert "Trop vieille" not in page and "Chez une seule" not in page and row.customer.name not in page
    assert "<script" in page and "hx-" not in page  # only the shell's own script, and nothing needs it
    assert operator.post("/status-page", data={"contracts": "numspot"}).status_code == 303
    assert stranger.get("/status").status_code == 404


def test_a_reseller_shows_it_at_the_host_of_its_brand(house, browser, at):
    an_outage(house, "Baie arrêtée", ends=False)
    set_host(house.reseller, "sauvegarde.exemple.fr", by=SYSTEM)
    db.session.commit()
    brand = {"base_url": "http://sauvegarde.exemple.fr"}
    assert browser().get("/status", **brand).status_code == 404
    owner = browser(house.owner)
    assert owner.post("/status-page", data={"is_on": "y", "contracts": "numspot"}).status_code == 303
    assert browser(house.sales).get("/status-page").status_code == 403
    assert "Baie arrêtée" in browser().get("/status", **brand).text
    assert browser().get("/status").status_code == 404  # the provider's own is another one
