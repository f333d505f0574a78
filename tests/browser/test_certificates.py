"""Health data are ordered under a certificate only: refused, entered from its paper, ordered."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.certificates.builders import a_paper
from tour.instance import Instance

pytestmark = pytest.mark.browser
CUSTOMER = "Cabinet comptable de la Gare"  # who has accepted Do'BaaS
OFFER = "Do'BaaS LINA, données de santé"


@pytest.fixture
def own(demonstration: Path) -> Iterator[Instance]:
    """No other test finds the certificate, the offer or the order."""
    with Instance(like=demonstration) as place:
        yield place


def test_health_data_are_ordered_once_the_operator_has_entered_the_certificate(
    own: Instance, open_page: OpenPage
) -> None:
    sales = open_page("sales", at=own)
    sales.goto("/customers?q=cabinet+comptable+gare")
    sales.get_by_role("link", name=CUSTOMER, exact=True).click()
    sales.wait_for_url("**/customers/*")
    ordering = f"{sales.url}/orders/new?health=yes"
    sales.goto(ordering)
    expect(sales.locator(".choice")).to_have_count(0)
    expect(sales.get_by_text("Aucune offre n'est ouverte à ce client.")).to_be_visible()

    operator = open_page("operator", at=own, expected=("422",))
    offer = "/setup/offers/DB-LINA"
    operator.goto(offer)
    operator.get_by_label("Prix unitaire").fill("400")
    operator.get_by_label("Volume compris").fill("1000")
    operator.get_by_role("button", name="Mettre en vente").click()
    expect(operator.locator("main")).to_contain_text("certificat")

    operator.goto("/certificates/new")
    operator.get_by_label("Numéro", exact=True).fill("90001")
    operator.get_by_label("Délivré par").fill("Organisme certificateur")
    operator.get_by_label("Version du référentiel").fill("2")
    operator.get_by_label("Périmètre").fill("Activités 1 à 6")
    operator.get_by_label("Premier jour").fill(f"{date.today() - timedelta(30)}")
    operator.get_by_label("Dernier jour, compris").fill(f"{date.today() + timedelta(700)}")
    operator.get_by_label("Do'BaaS").check()
    operator.get_by_label("Certificat, en PDF").set_input_files(
        {"name": "hds.pdf", "mimeType": "application/pdf", "buffer": a_paper()}
    )
    operator.get_by_role("button", name="Enregistrer").click()
    operator.wait_for_url("**/certificates/*")
    operator.goto(offer)
    operator.get_by_label("Prix unitaire").fill("400")
    operator.get_by_label("Volume compris").fill("1000")
    operator.get_by_role("button", name="Mettre en vente").click()
    expect(operator.get_by_text(f"{OFFER} est en vente.")).to_be_visible()

    sales.goto(ordering)
    sales.locator(".choice", has_text=OFFER).click()
    sales.get_by_role("button", name="Commander : 1 ×").click()
    expect(sales.get_by_text("oui, écrit sur la commande")).to_be_visible()

    neighbour = open_page("sales of the north", at=own, expected=("404",))
    for address in (ordering, sales.url):
        answer = neighbour.goto(address)
        assert answer is not None and answer.status == 404, address
