from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Refused
from portal.money import euros, line_net_cents, parse_euros, split_gross, vat_of

CENTS = st.integers(-(10**11), 10**11)
RATES = st.sampled_from([0, 210, 550, 850, 1000, 1900, 2000])


def test_9_99_with_vat_is_8_33_and_1_66():
    assert split_gross(999, 2000) == (833, 166)
    assert vat_of(833, 2000) == 167  # why a price with VAT is split by difference


def test_vat_is_rounded_once_on_the_sum():
    lines = [line_net_cents(1, 3)] * 3  # 3 x 0.03
    assert vat_of(sum(lines), 2000) == 2
    assert sum(vat_of(line, 2000) for line in lines) == 3


@pytest.mark.parametrize(
    ("quantity", "unit", "net"),
    [(3, 1000, 3000), (Decimal("1.5"), 333, 500), (Decimal("0.5"), 1, 1), (Decimal("-0.5"), 1, -1)],
)
def test_a_line_is_rounded_half_up(quantity, unit, net):
    assert line_net_cents(quantity, unit) == net


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1 234,50", 123450),
        ("1\u00a0234,50", 123450),
        ("1\u202f234\u202f567,5 €", 123456750),
        ("12.5", 1250),
        ("12", 1200),
        ("12,", 1200),
        ("0,01 EUR", 1),
        (" 1234 ", 123400),
    ],
)
def test_amounts_are_read_as_typed_in_france(typed, cents):
    assert parse_euros(typed) == cents


@pytest.mark.parametrize(
    "typed", ["", "abc", "1,234", "1.234,50", "1,234.50", "1 23", "12 3,0", "-5", "1e3", "٣", "12,5,0", "NaN"]
)
def test_doubtful_amounts_are_refused(typed):
    with pytest.raises(Refused):
        parse_euros(typed)


def test_a_negative_amount_is_accepted_on_demand():
    assert parse_euros("-5,10", negative=True) == -510


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: line_net_cents(1.5, 100),
        lambda: line_net_cents(1, 1.0),
        lambda: vat_of(1.0, 2000),
        lambda: euros(0.1),
        lambda: parse_euros(12.5),
        lambda: split_gross(True, 2000),
    ],
)
def test_floats_never_enter(wrong):
    with pytest.raises(TypeError):
        wrong()


@pytest.mark.parametrize("rate", [20.0, -1, 10_000, True])
def test_a_rate_is_basis_points(rate):
    with pytest.raises(ValueError, match="basis points"):
        vat_of(100, rate)


@given(CENTS, RATES)
def test_net_and_vat_always_give_the_gross_price(gross, rate):
    net, vat = split_gross(gross, rate)
    assert net + vat == gross
    assert abs(vat - vat_of(net, rate)) <= 1


@given(CENTS, RATES)
def test_a_credit_note_is_the_opposite_of_its_invoice(net, rate):
    assert vat_of(-net, rate) == -vat_of(net, rate)
    assert split_gross(-net, rate) == tuple(-part for part in split_gross(net, rate))


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 10**6)), max_size=30), RATES)
def test_the_vat_of_a_sum_is_within_half_a_cent(lines, rate):
    net = sum(line_net_cents(quantity, unit) for quantity, unit in lines)
    assert net == sum(quantity * unit for quantity, unit in lines)
    assert abs(vat_of(net, rate) - Decimal(net) * rate / 10_000) <= Decimal("0.5")


@given(CENTS)
def test_what_is_printed_can_be_typed_again(cents):
    assert parse_euros(str(euros(cents)).replace(".", ","), negative=True) == cents
    assert euros(cents).as_tuple().exponent == -2
