"""VAT by country and status, at the borders of the threshold and of what was proved."""

import pytest

from portal.billing.vat import (
    NOT_APPLICABLE_OVERSEAS,
    OTHER_EU_STATES,
    OUTSIDE_FRANCE_BUSINESS,
    OUTSIDE_FRANCE_CONSUMER,
    REVERSE_CHARGE,
    Vat,
    is_above_oss_threshold,
    vat_for,
)
from portal.errors import Refused


def vat(
    country: str,
    *,
    business: bool = False,
    number: bool = False,
    declared: bool = False,
    sales: int = 0,
    last_year: int = 0,
    rates: dict[str, int] | None = None,
) -> Vat:
    return vat_for(
        country,
        business=business,
        vat_number_checked=number,
        outside_eu_declared=declared,
        eu_consumer_sales_cents=sales,
        eu_consumer_sales_last_year_cents=last_year,
        french_rate_basis_points=2000,
        foreign_rates={"DE": 1900} if rates is None else rates,
    )


FRENCH = Vat(2000, "S", "", "000-24", "FR")


@pytest.mark.parametrize("business", [True, False])
@pytest.mark.parametrize("country", ["FR", "fr", "MC"])
def test_000_24_france_and_monaco_pay_french_vat(country: str, business: bool) -> None:
    assert vat(country, business=business, number=True, declared=True, sales=10**9) == FRENCH


@pytest.mark.parametrize("sales", [0, 1_000_000])
def test_000_31_an_eu_consumer_pays_french_vat_up_to_10000_euros(sales: int) -> None:
    assert vat("DE", sales=sales) == Vat(2000, "S", "", "000-31", "FR")


def test_000_31_above_10000_euros_the_law_wants_the_customers_rate() -> None:
    german = Vat(1900, "S", "", "000-31", "DE")
    assert vat("DE", sales=1_000_001) == german
    assert vat("DE", sales=0, last_year=1_000_001) == german
    assert [is_above_oss_threshold(cents, 0) for cents in (999_999, 1_000_000, 1_000_001)] == [
        False,
        False,
        True,
    ]


def test_000_31_a_missing_foreign_rate_is_refused() -> None:
    with pytest.raises(Refused, match="ES"):
        vat("ES", sales=1_000_001)
    assert vat("ES", sales=1_000_000).rate_basis_points == 2000


@pytest.mark.parametrize(
    ("business", "mention"), [(True, OUTSIDE_FRANCE_BUSINESS), (False, OUTSIDE_FRANCE_CONSUMER)]
)
def test_000_32_a_declared_customer_outside_the_eu_pays_no_vat(business: bool, mention: str) -> None:
    for country in ("CH", "US", "GB", "NC"):
        assert vat(country, business=business, declared=True) == Vat(0, "O", mention, "000-32", "")


def test_000_32_without_a_declaration_french_vat_applies() -> None:
    assert vat("CH") == vat("CH", business=True) == Vat(2000, "S", "", "000-32", "FR")


def test_000_32_a_declaration_does_not_take_an_eu_customer_out() -> None:
    assert vat("DE", declared=True).rate_basis_points == 2000


def test_000_33_a_checked_number_reverses_the_charge() -> None:
    assert vat("DE", business=True, number=True) == Vat(0, "AE", REVERSE_CHARGE, "000-33", "")
    assert vat("EL", business=True, number=True, sales=10**9).category == "AE"


def test_000_33_a_business_without_a_checked_number_is_treated_as_a_consumer() -> None:
    assert vat("DE", business=True) == Vat(2000, "S", "", "000-33", "FR")
    assert vat("DE", business=True, sales=1_000_001) == Vat(1900, "S", "", "000-33", "DE")
    assert vat("DE", number=True) == Vat(2000, "S", "", "000-31", "FR")  # a person's number proves nothing


def test_000_31_greece_has_one_rate_under_its_two_codes() -> None:
    assert vat("EL", sales=2_000_000, rates={"GR": 2400}) == Vat(2400, "S", "", "000-31", "GR")


@pytest.mark.parametrize("country", ["GP", "MQ", "RE"])
def test_000_24_three_overseas_departments_pay_8_and_a_half_percent(country: str) -> None:
    assert vat(country) == Vat(850, "S", "", "000-24", country)


@pytest.mark.parametrize("country", ["GF", "YT"])
def test_000_24_guiana_and_mayotte_pay_none(country: str) -> None:
    assert vat(country, business=True) == Vat(0, "O", NOT_APPLICABLE_OVERSEAS, "000-24", "")


@pytest.mark.parametrize("country", ["", "F", "FRA", "1A", "ÉÉ", "Allemagne"])
def test_000_24_a_country_without_a_code_is_refused(country: str) -> None:
    with pytest.raises(Refused, match="deux lettres"):
        vat(country)


def test_000_33_the_union_has_26_states_besides_france() -> None:
    assert len(OTHER_EU_STATES) == 26
    assert not OTHER_EU_STATES & {"FR", "MC", "GB", "XI", "CH", "NO"}
