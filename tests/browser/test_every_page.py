"""Each kind of page, with the worst of names in every record: axe finds nothing, it fits a narrow phone."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import people
from tests.browser.conftest import OpenPage, live_a_month
from tests.browser.test_accessibility import violations
from tour.instance import Instance
from tour.pages import one_of_each

pytestmark = pytest.mark.browser
ROLES = ("operator", "finance", "technician", "owner", "customer")
FEWEST = 60  # kinds of pages; were there fewer, the walk would have missed some


LONG = "W" * 66
MAIL = f"{'m' * 60}@{'d' * 60}.example"
# Text that people type, by table; the demonstration of this test alone is changed.
HOSTILE = {
    "customer": {"name": LONG, "street": LONG, "town": "W" * 35},
    "contact": {"name": LONG, "email": MAIL, "phone": "0" * 30},
    "vault": {"name": "V" * 80},
    "organisation": {"name": LONG},
    "machine": {"hostname": "h" * 60},
    "product": {"name": "P" * 70},
    "customer_order": {"product_name": "P" * 70},
    "subscription": {"product_name": "P" * 70},
    "mandate": {"debtor_name": LONG, "town": "W" * 35},
    "mail": {"subject": "S" * 78, "recipient": MAIL},
}


def spoil(database: Path) -> None:
    """Each row with its number at the end, so that what must differ differs."""
    with sqlite3.connect(database) as connection:
        for table, columns in HOSTILE.items():
            known = {row[1] for row in connection.execute(f"pragma table_info({table})")}
            for column, text in columns.items():
                if column in known:
                    connection.execute(f"update {table} set {column} = ? || id", (text,))
    connection.close()


def kinds(page: Page) -> Iterator[tuple[str, str]]:
    """The pages of whoever is signed in, read without drawing them."""

    def get(address: str) -> str | None:
        answer = page.request.get(address)
        is_page = answer.status == 200 and answer.headers["content-type"].startswith("text/html")
        return answer.text() if is_page else None

    return one_of_each(get)


@pytest.mark.timeout(700)
def test_axe_finds_nothing_on_any_page_and_each_fits_a_phone_whatever_the_names(
    demonstration: Path, chromium: Browser, sign_in_to: Callable[[Instance, str], Any], open_page: OpenPage
) -> None:
    seen: set[str] = set()
    wrong: dict[str, list[str]] = {}
    with Instance(like=demonstration) as portal:
        live_a_month(portal, chromium, sign_in_to(portal, "finance"))
        spoil(portal.data / "portal.db")
        for who in ROLES:
            look = {"viewport": people.NARROW, "color_scheme": "dark", "reduced_motion": "reduce"}
            page = open_page(who, at=portal, **look)
            for kind, address in list(kinds(page)):
                if kind in seen:
                    continue
                seen.add(kind)
                page.goto(address)
                if found := [*violations(page), *people.too_wide(page)]:
                    wrong[f"{who} {address}"] = found
    assert wrong == {}, "\n".join(f"{page}: {found}" for page, found in wrong.items())
    assert len(seen) >= FEWEST
