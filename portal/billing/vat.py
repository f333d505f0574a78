"""Which VAT an invoice bears, by the customer's country and status, as a pure function.

Rates are basis points. Categories are those of EN 16931: S (a rate applies), AE (reverse charge), O (outside
the scope of French VAT), E (exempt).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.errors import Refused
from portal.wording import N_

OSS_THRESHOLD_CENTS = 1_000_000  # CGI art. 259 D: 10 000 EUR without VAT in a year
OVERSEAS_RATE_BASIS_POINTS = 850  # CGI art. 296: Guadeloupe, Martinique, Réunion

# Mentions are printed on invoices, which stay in French.
REVERSE_CHARGE = "Autoliquidation"
OUTSIDE_FRANCE_BUSINESS = "TVA non applicable - art. 259-1 du CGI"
OUTSIDE_FRANCE_CONSUMER = "TVA non applicable - art. 259 D du CGI"
NOT_APPLICABLE_OVERSEAS = "TVA non applicable - art. 294-1 du CGI"

FRANCE = frozenset({"FR", "MC"})  # Monaco is French for VAT
OVERSEAS_WITH_VAT = frozenset({"GP", "MQ", "RE"})
OVERSEAS_WITHOUT_VAT = frozenset({"GF", "YT"})
OTHER_EU_STATES = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    }
)


@dataclass(frozen=True)
class Vat:
    """The VAT of an invoice; country is the state whose rate applies, or empty when none does."""

    rate_basis_points: int
    category: str
    mention: str
    clause: str
    country: str


def vat_for(
    country: str,
    *,
    business: bool,
    vat_number_checked: bool,
    outside_eu_declared: bool,
    eu_consumer_sales_cents: int,
    eu_consumer_sales_last_year_cents: int,
    french_rate_basis_points: int,
    foreign_rates: Mapping[str, int],
    registered: bool = False,
    outside_territory: bool = False,
) -> Vat:
    """The VAT rate, category and mention of an electronic service.

    country: ISO code of the customer's country, EL is read as GR. business: a taxable person.
    vat_number_checked: its number was found valid and the proof is kept; without it an EU business is
    treated as a consumer. outside_eu_declared: the customer declared it when ordering; without it French
    VAT applies. eu_consumer_sales_cents: sales to consumers of other EU states this year, this one included,
    without VAT; the other one is last year's total. foreign_rates: standard rates by ISO code. registered:
    the issuer has chosen the VAT of the consumer's state from the first euro on. outside_territory: the
    address lies in a part of a member state that is outside the Union for VAT.
    Raises Refused for a country that is not an ISO code, and for a state whose rate is missing.

    Source: 000-24, 000-31, 000-32, 000-33; L3, L4, CGI art. 259-1, 259 D, 283-2, 294-1, 296.
    """
    code = _code(country)
    french = Vat(french_rate_basis_points, "S", "", "000-24", "FR")
    if code in FRANCE:
        return french
    if code in OVERSEAS_WITH_VAT:
        return Vat(OVERSEAS_RATE_BASIS_POINTS, "S", "", "000-24", code)
    if code in OVERSEAS_WITHOUT_VAT:
        return Vat(0, "O", NOT_APPLICABLE_OVERSEAS, "000-24", "")
    if outside_territory or code not in OTHER_EU_STATES:
        return _outside_eu(business, outside_eu_declared, french_rate_basis_points)
    if business and vat_number_checked:
        return Vat(0, "AE", REVERSE_CHARGE, "000-33", "")
    clause = "000-33" if business else "000-31"
    above = is_above_oss_threshold(eu_consumer_sales_cents, eu_consumer_sales_last_year_cents)
    if registered or above:
        return Vat(_foreign_rate(code, foreign_rates), "S", "", clause, code)
    return Vat(french_rate_basis_points, "S", "", clause, "FR")


def needs_declaration(country: str, *, outside_territory: bool = False) -> bool:
    """Does a sale into this country go without VAT once the customer has declared it? (000-32)

    outside_territory: the address lies in a part of a member state that is outside the Union for VAT.
    """
    return (
        outside_territory
        or _code(country) not in FRANCE | OVERSEAS_WITH_VAT | OVERSEAS_WITHOUT_VAT | OTHER_EU_STATES
    )


def is_sold_into_the_union(country: str, vat: Vat, *, outside_territory: bool = False) -> bool:
    """Does a sale with this VAT count for the yearly threshold of sales to consumers of other member states?

    outside_territory: the address lies in a part of a member state that is outside the Union for VAT.

    Source: CGI art. 259 D.
    """
    return not outside_territory and vat.category == "S" and _code(country) in OTHER_EU_STATES


def is_above_oss_threshold(this_year_cents: int, last_year_cents: int) -> bool:
    """Do sales to consumers of other EU states bear the VAT of their country?

    this_year_cents: without VAT, the sale in question included. last_year_cents: total of last year.

    Source: 000-31; L3, CGI art. 259 D.
    """
    return max(this_year_cents, last_year_cents) > OSS_THRESHOLD_CENTS


def _outside_eu(business: bool, declared: bool, french_rate_basis_points: int) -> Vat:
    if not declared:
        return Vat(french_rate_basis_points, "S", "", "000-32", "FR")
    return Vat(0, "O", OUTSIDE_FRANCE_BUSINESS if business else OUTSIDE_FRANCE_CONSUMER, "000-32", "")


def _code(country: str) -> str:
    code = country.strip().upper()
    if len(code) != 2 or not (code.isascii() and code.isalpha()):
        raise Refused(N_("Le pays « %(country)s » n'est pas un code à deux lettres."), country=country)
    return "GR" if code == "EL" else code


def _foreign_rate(code: str, rates: Mapping[str, int]) -> int:
    if code not in rates:
        raise Refused(
            N_("Le taux de TVA du pays %(country)s n'est pas saisi : la facture ne peut être établie."),
            country=code,
        )
    return rates[code]
