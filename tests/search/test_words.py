"""What is typed and what is kept come to the same form."""

import pytest

from portal.search.keys import above, of_ends, of_numbers
from portal.search.words import address_words, figures_of, sign_of, terms_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("L'Étude du Port", ["l", "etude", "du", "port"]),
        ("732 829 320", ["732829320"]),
        ("732829320 00074", ["73282932000074"]),
        ("01 02 03 04 05", ["0102030405"]),
        ("01.02.03.04.05", ["0102030405"]),
        ("+33 1 02 03 04 05", ["0102030405"]),
        ("+33 (0)1 02 03", ["010203"]),
        ("0033 1 02 03 04 05", ["0102030405"]),
        ("003 312 345", ["003312345"]),  # a SIREN may begin so
        ("martin 732 829 320", ["732829320", "martin"]),
        ("Œuvres 20", ["oeuvres", "20"]),
        ("Compta@Client.example", ["@compta@client.example"]),
        ("@client", ["@client"]),
        ("martin compta@", ["@compta@", "martin"]),
        ("", []),
        ("&", []),
        ("@", []),
        ("\u200f\u202e", []),
        ("\u200fport\u202e", ["port"]),
    ],
)
def test_terms_of_a_typed_text(text: str, terms: list[str]) -> None:
    assert terms_of(text) == terms


def test_terms_are_few() -> None:
    assert len(terms_of(" ".join(f"mot{n}" for n in range(50)))) == 8


def test_numbers_are_read_from_both_ends() -> None:
    assert sign_of("FA-2026-000004") == "fa2026000004"
    assert of_numbers("FA-2026-000004") == ["fa2026000004", "<4000006202af"]
    assert of_ends("0189", None) == ["<9810"]


def test_addresses_and_telephone_numbers() -> None:
    assert address_words("Jean@Client.example") == ["@jean@client.example", "@client.example"]
    assert address_words("") == []
    assert figures_of("+44 20 7946 0958") == "442079460958"
    assert above("/a/b/c/") == "/a/b/"
