"""Each kind of page, with the worst of names in every record: axe finds nothing, it fits a narrow phone."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser import people
from tests.browser.conftest import OpenPage, live_a_month
from tests.browser.test_accessibility import violations
from tour.instance import Instance
from tour.pages import kind_of, one_of_each

pytestmark = pytest.mark.browser
ROLES = ("operator", "finance", "technician", "owner", "customer")
CLOSED = {"/sign-up", "/status"}  # public pages that a house opens when it wants to
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


def walk(page: Page, seen: dict[str, list[str]]) -> None:
    """Through the pages of whoever is signed in; what nobody has opened before is drawn and judged.

    seen: what is wrong, by kind of page.
    """

    def get(address: str) -> str | None:
        kind = kind_of(address)
        if kind in CLOSED:
            return None
        try:
            answer = page.request.get(address) if kind in seen else page.goto(address)
        except Error:  # a file to take away is no page
            return None
        if answer is None or not (answer.ok and answer.headers["content-type"].startswith("text/html")):
            return None
        if kind not in seen:
            seen[kind] = [f"{address}: {fault}" for fault in (*violations(page), *people.too_wide(page))]
        return answer.text()

    for _each in one_of_each(get):
        pass


@pytest.mark.timeout(700)
def test_axe_finds_nothing_on_any_page_and_each_fits_a_phone_whatever_the_names(
    demonstration: Path, chromium: Browser, sign_in_to: Callable[[Instance, str], Any], open_page: OpenPage
) -> None:
    seen: dict[str, list[str]] = {}
    with Instance(like=demonstration) as portal:
        live_a_month(portal, chromium, sign_in_to(portal, "finance"))
        spoil(portal.data / "portal.db")
        for who in ROLES:
            look = {"viewport": people.NARROW, "color_scheme": "dark", "reduced_motion": "reduce"}
            walk(open_page(who, at=portal, **look), seen)
    wrong = [fault for faults in seen.values() for fault in faults]
    assert wrong == [], "\n".join(wrong)
    assert len(seen) >= FEWEST
