"""Countries of addresses: their names, the shape of their postcodes, and the French territories among them.

Territories have codes of their own in ISO 3166 and other VAT than the mainland, and write « France » all the
same: their postcodes tell.
"""

import re

from flask_babel import get_locale
from stdnum.eu import vat as eu_vat
from wtforms import SelectChoice

POSTCODES = {  # (shape, example)
    "FR": (r"\d{5}", "75006"),
    "GP": (r"971\d{2}", "97110"),
    "MQ": (r"972\d{2}", "97200"),
    "GF": (r"973\d{2}", "97300"),
    "RE": (r"974\d{2}", "97400"),
    "PM": (r"975\d{2}", "97500"),
    "YT": (r"976\d{2}", "97600"),
    "BL": (r"97133|977\d{2}", "97133"),
    "MF": (r"97150|978\d{2}", "97150"),
    "WF": (r"986\d{2}", "98600"),
    "PF": (r"987\d{2}", "98714"),
    "NC": (r"988\d{2}", "98800"),
    "MC": (r"980\d{2}", "98000"),
    "BE": (r"\d{4}", "1000"),
    "LU": (r"\d{4}", "1111"),
    "CH": (r"\d{4}", "1200"),
    "AT": (r"\d{4}", "1010"),
    "NL": (r"\d{4} ?[A-Za-z]{2}", "1012 AB"),
    "PT": (r"\d{4}-?\d{3}", "1000-001"),
    "DE": (r"\d{5}", "10115"),
    "ES": (r"\d{5}", "28001"),
    "IT": (r"\d{5}", "00118"),
}
_TERRITORIES = ("BL", "MF", "GP", "MQ", "GF", "RE", "PM", "YT", "WF", "PF", "NC", "MC")  # the narrowest first
_WITH_SIREN = frozenset({"FR", "GP", "MQ", "GF", "RE", "PM", "YT", "BL", "MF"})
_NEAR = ("FR", "BE", "CH", "LU", "MC", "GP", "MQ", "GF", "RE", "YT")
_NO_COUNTRY = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])


def countries() -> list[SelectChoice]:
    """Every country and territory of ISO 3166 by its name in the reader's language, the usual ones first."""
    names = {
        code: name
        for code, name in get_locale().territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }
    others = sorted((name, code) for code, name in names.items() if code not in _NEAR)
    usual = [SelectChoice(code, names[code]) for code in _NEAR]
    return usual + [SelectChoice(code, name) for name, code in others]


def territory_of(country: str, postcode: str) -> str:
    """The country of an address: a French one with the postcode of a territory, or of Monaco, lies there."""
    if country != "FR":
        return country
    found = (code for code in _TERRITORIES if re.fullmatch(POSTCODES[code][0], postcode))
    return next(found, country)


def has_siren(country: str) -> bool:
    """Are businesses of this country entered in the French register of companies?"""
    return country in _WITH_SIREN


def is_european_vat(number: str) -> bool:
    """Does the number begin like one of a member state (or of Northern Ireland), France aside?"""
    prefix = number[:2].lower()
    return prefix in {*eu_vat.MEMBER_STATES, "el"} and prefix != "fr"


def has_vat_shape(number: str) -> bool:
    """Has a number of a member state the signs and the check digits that this state gives them?"""
    return bool(eu_vat.is_valid(number))
