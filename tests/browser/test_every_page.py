"""Each kind of page that anybody reaches by links: axe finds nothing, and it fits a phone in the dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import people
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import violations
from tour.pages import one_of_each

pytestmark = pytest.mark.browser
ROLES = ("operator", "finance", "technician", "owner", "customer")
FEWEST = 60  # kinds of pages; were there fewer, the walk would have missed some


def kinds(page: Page) -> Iterator[tuple[str, str]]:
    """The pages of whoever is signed in, read without drawing them."""

    def get(address: str) -> str | None:
        answer = page.request.get(address)
        is_page = answer.status == 200 and answer.headers["content-type"].startswith("text/html")
        return answer.text() if is_page else None

    return one_of_each(get)


@pytest.mark.timeout(400)
def test_axe_finds_nothing_on_any_page_and_each_fits_a_phone(history: None, open_page: OpenPage) -> None:
    seen: set[str] = set()
    wrong: dict[str, list[str]] = {}
    for who in ROLES:
        page = open_page(who, viewport=people.PHONE, color_scheme="dark", reduced_motion="reduce")
        for kind, address in list(kinds(page)):
            if kind in seen:
                continue
            seen.add(kind)
            page.goto(address)
            if found := [*violations(page), *people.too_wide(page)]:
                wrong[f"{who} {address}"] = found
    assert wrong == {}, "\n".join(f"{page}: {found}" for page, found in wrong.items())
    assert len(seen) >= FEWEST
