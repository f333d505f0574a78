import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Refused
from portal.sepa.formats.countries import SEPA_IBAN_LENGTHS
from portal.sepa.formats.epc import iban_fault
from portal.sepa.formats.iban import bank_name, in_fours, mask, parse_iban

GOOD = "FR7630006000011234567890189"


@pytest.mark.parametrize(
    "typed",
    [
        "FR76 3000 6000 0112 3456 7890 189",
        "fr7630006000011234567890189",
        "IBAN FR76\u00a03000\u202f6000 0112-3456.7890 189\n",
        "IBAN : FR7630006000011234567890189",
    ],
)
def test_any_spacing_and_case_is_read(typed):
    assert parse_iban(typed) == GOOD


@pytest.mark.parametrize(
    "good", ["MC5811222000010123456789030", "DE89370400440532013000", "GB29NWBK60161331926819"]
)
def test_other_countries_of_the_schemes_are_read(good):
    assert parse_iban(good) == good


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "vide"),
        ("30006000011234567890189", "deux lettres"),
        ("FRé", "deux lettres"),
        ("FR76 3000 6000 0112 3456 7890 18", "27 caractères : il y en a 26"),
        ("FR7630006000011234567890188", "clé de l'IBAN"),
        ("FR0630006000011234567890188", "clé RIB"),
        ("BR1500000000000010932840814P2", "SEPA"),
        ("DE89A70400440532013000", "IBAN"),
    ],
)
def test_each_fault_has_its_sentence(typed, says, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Refused, match=says) as refusal:
        parse_iban(typed)
    assert not typed or typed not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert caplog.text == ""


def test_the_mask_hides_what_makes_it_usable():
    assert mask(GOOD) == "FR76 •••• •••• 0189"
    assert in_fours(GOOD) == "FR76 3000 6000 0112 3456 7890 189"


def test_the_bank_is_only_a_hint():
    assert "Agricole" in bank_name(GOOD).title()
    assert bank_name("FR7699999000011234567890189") is None


def test_lengths_are_those_of_the_iban_register():
    from schwifty import IBAN

    for country, length in SEPA_IBAN_LENGTHS.items():
        assert IBAN.random(country_code=country).length == length


@given(st.integers(4, 26), st.sampled_from("0123456789"))
def test_every_wrong_digit_is_noticed(at, digit):
    changed = GOOD[:at] + digit + GOOD[at + 1 :]
    assert changed == GOOD or iban_fault(changed)
