"""Parts of member states outside the Union for VAT: by country, postcode and day, from a dated file."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "vat_territories.toml"


@dataclass(frozen=True)
class Territory:
    """One of them; postcodes: a regular expression of a whole one; until: its last (Paris) day, if any."""

    name: str
    country: str
    postcodes: str
    valid_from: date
    source: str
    until: date | None = None


@cache
def territories() -> tuple[Territory, ...]:
    """Raises ValueError for a line that is not whole."""
    rows = tomllib.loads(_FILE.read_text())["territory"]
    found = [
        Territory(r["name"], r["country"], r["postcodes"], r["from"], r["source"], r.get("until"))
        for r in rows
    ]
    if any(type(each.valid_from) is not date or not each.source for each in found):
        raise ValueError(f"{_FILE.name} : ligne mal formée")
    return tuple(found)


def territory_at(country: str, postcode: str, on: date) -> Territory | None:
    """The territory of an address, which is no part of the Union for VAT; None for the rest of the world.

    country: ISO code, EL is read as GR. postcode: as typed, with or without the country's letters before.

    Source: 000-32; L4, directive 2006/112/EC art. 6.
    """
    code = "GR" if country == "EL" else country
    own = re.sub(rf"^(?:{code}|EL|FIN|AX|E|D|I)[\s-]+", "", postcode.strip().upper())
    for each in territories():
        counts = each.valid_from <= on and (each.until is None or on <= each.until)
        if counts and each.country == code and re.fullmatch(each.postcodes, own):
            return each
    return None
