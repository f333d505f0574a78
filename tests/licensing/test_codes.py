import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Refused
from portal.licensing.codes import ALPHABET, lookup_digest, make_code, mask, parse

RANDOM = st.binary(min_size=11, max_size=11)


def a_code(seed: int = 0):
    draw = random.Random(seed)
    return make_code(draw.randrange(64), draw.randbytes)


def passes(symbols) -> bool:
    try:
        parse("".join(symbols))
    except Refused:
        return False
    return True


@given(st.integers(0, 63), RANDOM)
def test_a_key_is_read_back(product, drawn):
    code = make_code(product, lambda n: drawn)
    assert parse(code.text) == code
    assert code.product == product
    assert [len(group) for group in code.text.split("-")] == [5, 5, 5, 5]


def test_typing_is_tolerant():
    code = make_code(0, lambda n: bytes(n))
    assert code.text == "00000-00000-00000-00000"
    assert parse("ooooo OOOOO – 00000\n00000") == code
    with_ones = next(c for c in map(a_code, range(500)) if "1" in c.text)
    assert parse(with_ones.text.replace("1", "l").lower()) == with_ones
    assert parse(with_ones.text.replace("1", "I").replace("-", "")) == with_ones


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "20 caractères : il y en a 0"),
        ("ABCDE", "il y en a 5"),
        ("U0000-00000-00000-00000", "n° 1"),
        ("00000-0000é-00000-00000", "n° 10"),
        ("00000-00000-00000-00001", "mal recopiée"),
        ("00000-00000-00000-000ZZ", "mal recopiée"),
    ],
)
def test_each_fault_has_its_sentence(typed, says):
    with pytest.raises(Refused, match=says):
        parse(typed)


@pytest.mark.parametrize("seed", range(10))
def test_every_single_error_is_noticed(seed):
    symbols = list(a_code(seed).text.replace("-", ""))
    for at, right in enumerate(symbols):
        for wrong in ALPHABET:
            if wrong != right:
                assert not passes([*symbols[:at], wrong, *symbols[at + 1 :]])


@pytest.mark.parametrize("seed", range(100))
def test_every_swap_of_two_symbols_is_noticed(seed):
    symbols = list(a_code(seed).text.replace("-", ""))
    for at in range(20):
        for other in range(at + 1, 20):
            if symbols[at] != symbols[other]:
                swapped = symbols.copy()
                swapped[at], swapped[other] = symbols[other], symbols[at]
                assert not passes(swapped)


def test_random_texts_hardly_ever_pass():
    draw = random.Random(1)
    found = sum(passes(draw.choices(ALPHABET, k=20)) for _ in range(5000))
    assert found < 20  # one in 1 021 is expected


def test_the_mask_shows_the_last_group_only():
    code = a_code()
    assert mask(code) == "•••••-•••••-•••••-" + code.text[-5:]


def test_the_digest_depends_on_the_pepper():
    code = a_code()
    assert lookup_digest(code, b"p" * 16) != lookup_digest(code, b"q" * 16)
    assert lookup_digest(parse(code.text.lower()), b"p" * 16) == lookup_digest(code, b"p" * 16)
    with pytest.raises(ValueError, match="pepper"):
        lookup_digest(code, b"short")


def test_wrong_arguments_are_bugs():
    with pytest.raises(ValueError, match="6 bits"):
        make_code(64)
    with pytest.raises(ValueError, match="random"):
        make_code(1, lambda n: b"")
    assert make_code(1) != make_code(1)
