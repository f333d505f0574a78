"""Document versions made from those that ship, with a few values changed."""

import hashlib
import re
from datetime import date

from portal import clock
from portal.db import db
from portal.journal import SYSTEM
from portal.terms.models import TermsVersion, read_upload, upload
from portal.terms.shipped import bundled, bundled_text
from tests.builders import House

# A value that the shipped document does not have.
SALES_EMAIL = (
    '"contact.sales_email" = { unit = "text", value = "x@y.example", clause = "000-40", article = "12.1" }'
)


def a_text(code: str, version: str, *extra: str, without: str = "") -> str:
    """The shipped text under another version name; ``extra`` are further lines of [values]."""
    text = bundled_text(code).replace(f'version = "{code}-2026"', f'version = "{version}"', 1)
    sha = hashlib.sha256(version.encode()).hexdigest()
    text = re.sub(r'^sha256 = "[0-9a-f]{64}"', f'sha256 = "{sha}"', text, count=1, flags=re.M)
    if without:
        text = re.sub(rf'^"{re.escape(without)}" = .*\n', "", text, flags=re.M)
    return "\n".join([text.rstrip("\n"), *extra]) + "\n"


def a_draft(
    house: House, code: str = "000", version: str = "", *extra: str, without: str = ""
) -> TermsVersion:
    version = version or f"{code}-2027"
    text = a_text(code, version, *extra, without=without)
    row = upload(read_upload(f"{version}.toml", text), text, owner=house.provider, by=SYSTEM)
    db.session.commit()
    return row


def a_published(
    house: House, effective_on: date, code: str = "000", version: str = "", *extra: str, without: str = ""
) -> TermsVersion:
    row = a_draft(house, code, version, *extra, without=without)
    notice = bundled(code).values.get("terms.publication_days")
    assert clock.today() < effective_on
    row.publish(effective_on=effective_on, notice_days=notice.value if notice else 1, by=SYSTEM)
    db.session.commit()
    return row
