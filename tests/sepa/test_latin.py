import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sepa.formats.latin import has_letters, to_latin


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("Boulangerie Dupont", "Boulangerie Dupont"),
        ("Œuvre, cœur, ÆSIR, Straße", "OEuvre, coeur, AESIR, Strasse"),
        ("L’été à Nîmes", "L'ete a Nimes"),
        ("A\u00a0B\u202fC\tD\n", "A B C D"),
        ("  a   b  ", "a b"),
        ("a&b_c@d<e>", "a+b-c(at)d.e."),
        ("½ €", "1/2 EUR"),
        ("Łódź Þór Đà", "Lodz THor Da"),
        ("Ελλάς", "....."),
        ("", ""),
    ],
)
def test_texts_keep_their_sense(text, latin):
    assert to_latin(text) == latin


@given(st.text())
def test_nothing_else_ever_comes_out(text):
    latin = to_latin(text)
    assert re.fullmatch(r"[A-Za-z0-9/\-?:().,'+ ]*", latin)
    assert to_latin(latin) == latin


def test_a_text_without_letters_is_noticed():
    assert has_letters("A1")
    assert not has_letters("... /")
