"""Two brands on one machine, side by side: each host has its own name, logo and colour, in light and dark."""

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import people
from tour.instance import Instance

pytestmark = pytest.mark.browser
BRANDS = (("Revendeur Ouest", "ouest", "#0b6b5c"), ("Revendeur Nord", "nord", "#7a1fa2"))


@pytest.fixture
def own(demonstration: Path) -> Iterator[Instance]:
    """Mails of the shared portal go on to lead to its own address."""
    with Instance(like=demonstration) as place:
        yield place


def a_logo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 24), colour).save(out, "PNG")
    return out.getvalue()


def accent_of(page: Page) -> str:
    probe = "getComputedStyle(document.querySelector('main a')).color"
    return str(page.evaluate(probe))


def test_two_brands_have_each_their_host_and_neither_sees_the_other(own: Instance, chromium: Browser) -> None:
    operator = chromium.new_context(base_url=own.url, locale="fr-FR").new_page()
    operator.goto("/login")
    people.sign_in(operator, "operator")
    pages = {}
    for name, host, accent in BRANDS:
        operator.goto("/resellers")
        operator.get_by_role("link", name=name, exact=True).first.click()
        pages[host] = operator.url
        operator.get_by_role("link", name="Marque", exact=True).click()
        operator.get_by_label("Nom affiché").fill(f"Sauvegarde {host}")
        operator.get_by_label("Couleur").fill(accent)
        operator.get_by_label("Nom d'hôte").fill(f"{host}.localhost")
        logo = {"name": "logo.png", "mimeType": "image/png", "buffer": a_logo(accent)}
        operator.locator("#logo").set_input_files(logo)
        operator.get_by_role("button", name="Enregistrer la marque").click()
        expect(operator.get_by_text(f"{host}.localhost").first).to_be_visible()
    operator.context.close()
    port = own.url.rpartition(":")[2]
    seen: dict[str, set[str]] = {}
    for _name, host, _accent in BRANDS:
        page = chromium.new_context(base_url=f"http://{host}.localhost:{port}", locale="fr-FR").new_page()
        page.goto("/login")
        logo = page.get_by_role("img", name=f"Sauvegarde {host}")
        expect(logo).to_be_visible()
        assert logo.evaluate("image => image.naturalWidth") == 64
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            seen.setdefault(host, set()).add(accent_of(page))
        if host == "ouest":
            own_page, theirs = (urlsplit(pages[each]).path for each in ("ouest", "nord"))
            people.sign_in(page, "owner")
            page.goto(f"{own_page}/brand")
            expect(page.get_by_label("Nom d'hôte")).to_have_count(0)  # the provider's to give
            page.get_by_label("Nom affiché").fill("Ouest & Cie")
            page.get_by_role("button", name="Enregistrer la marque").click()
            expect(page.get_by_role("img", name="Ouest & Cie").first).to_be_visible()
            for path in (theirs, f"{theirs}/brand"):
                answer = page.goto(path)
                assert answer is not None and answer.status == 404
        page.context.close()
    assert len(seen["ouest"] | seen["nord"]) == 4  # a colour of its own at each host, light and dark
