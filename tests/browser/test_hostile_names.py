"""With the worst of names in every record, no page is wider than a phone."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import people
from tests.browser.test_every_page import kinds
from tour.instance import Instance

pytestmark = pytest.mark.browser
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


@pytest.mark.timeout(300)
def test_no_page_is_wider_than_a_phone_whatever_the_names(
    demonstration: Path, chromium: Browser, sign_in_to: Callable[[Instance, str], Any]
) -> None:
    wide: dict[str, list[str]] = {}
    seen: set[str] = set()
    with Instance(like=demonstration) as portal:
        spoil(portal.data / "portal.db")
        for who in ("operator", "finance", "owner", "customer"):
            context = chromium.new_context(
                base_url=portal.url,
                storage_state=sign_in_to(portal, who),
                locale="fr-FR",
                viewport=people.PHONE,
            )
            page = context.new_page()
            for kind, address in list(kinds(page)):
                if kind not in seen and not kind.startswith("/guide"):
                    seen.add(kind)
                    page.goto(address)
                    if found := people.too_wide(page):
                        wide[f"{who} {address}"] = found[:3]
            context.close()
    assert len(seen) >= 50
    assert wide == {}, "\n".join(f"{page}: {found}" for page, found in wide.items())
