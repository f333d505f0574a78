"""Each kind of page, with the worst of names in every record: axe finds nothing, it fits a narrow phone."""

import sqlite3
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import people
from tests.browser.conftest import OpenPage, live_a_month
from tests.browser.test_accessibility import violations
from tour.instance import Instance
from tour.pages import kind_of, one_of_each

pytestmark = pytest.mark.browser
OTHERS = ("finance", "technician", "owner", "customer")
SHARES = {"half": 0, "other half": 1, "others": None}  # of the operator's pages, and what she does not see
FEWEST = 25  # kinds of pages in a share; were there fewer, the walk would have missed some


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


def walk(
    page: Page, known: Collection[str], half: int | None = None, *, look: bool = True
) -> dict[str, list[str]]:
    """Every page of whoever is signed in, by its kind: what is wrong with those that are looked at.

    known: kinds that are only read for their links, as is all that lies in the other half, or look forbids.
    """
    found: dict[str, list[str]] = {}

    def get(address: str) -> str | None:
        answer = page.request.get(address)  # read first: what is no page is not opened
        if answer.status != 200 or not answer.headers["content-type"].startswith("text/html"):
            return None
        kind = kind_of(address)
        if look and kind not in known and half in (None, zlib.crc32(kind.encode()) % 2):
            page.goto(address)
            found[kind] = [*violations(page), *people.too_wide(page)]
        return answer.text()

    return {kind: found.get(kind, []) for kind, _address in one_of_each(get)}


@pytest.mark.timeout(700)
@pytest.mark.parametrize("share", SHARES)
def test_axe_finds_nothing_on_any_page_and_each_fits_a_phone_whatever_the_names(
    share: str,
    demonstration: Path,
    chromium: Browser,
    sign_in_to: Callable[[Instance, str], Any],
    open_page: OpenPage,
) -> None:
    half = SHARES[share]
    wrong: dict[str, list[str]] = {}
    with Instance(like=demonstration) as portal:
        live_a_month(portal, chromium, sign_in_to(portal, "finance"))
        spoil(portal.data / "portal.db")

        def look_as(who: str, **how: Any) -> set[str]:
            narrow = {"viewport": people.NARROW, "color_scheme": "dark", "reduced_motion": "reduce"}
            seen = walk(open_page(who, at=portal, **narrow), **how)
            wrong.update({f"{who} {kind}": found for kind, found in seen.items() if found})
            return set(seen)

        known = look_as("operator", known=(), half=half, look=half is not None)
        more = set(known)
        for who in OTHERS if half is None else ():
            more |= look_as(who, known=more)
    assert wrong == {}, "\n".join(f"{page}: {found}" for page, found in wrong.items())
    assert len(more if half is not None else more - known) >= FEWEST
