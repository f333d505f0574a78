"""An invoiced amount over its days: earned and deferred always come to what was invoiced."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.books.rules import Credited, Spread, Stretch, allocate, earned_cents, spread
from portal.deadlines import add_months, end_of_month

days = st.dates(date(2023, 1, 1), date(2031, 12, 31))
cents = st.integers(0, 10_000_000)


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """One period, or several of a bulk purchase, or another length less what it replaces."""
    found = []
    for _each in range(draw(st.integers(1, 4))):
        start, months = draw(days), draw(st.sampled_from([1, 3, 12, 36]))
        found.append(Stretch(draw(st.integers(1, 1_000_000)), start, add_months(start, months)))
    first = found[0]
    if draw(st.booleans()):
        back = draw(st.integers(1, max(first.cents // 2, 1)))
        found.append(Stretch(-back, first.starts_on, add_months(first.starts_on, 1)))
    return found


@given(cents, stretches(), cents, cents, cents, days)
def test_earned_and_deferred_are_what_was_invoiced_less_what_was_credited(
    net: int, own: list[Stretch], evenly: int, unused: int, at_once: int, on: date
) -> None:
    evenly = min(evenly, net)
    unused = min(unused, net - evenly)
    found = spread(net, own, Credited(evenly, unused, at_once), on)
    assert found.earned + found.deferred == net - evenly - unused - at_once
    after = max(each.ends_on for each in own)
    assert spread(net, own, Credited(evenly, unused, at_once), after).deferred == 0


@given(cents, days, st.sampled_from([1, 12, 36]))
def test_over_all_ends_of_months_the_earned_parts_come_to_the_whole(
    net: int, start: date, months: int
) -> None:
    end, parts, before, on = add_months(start, months), [], 0, end_of_month(start)
    while before < net or on < end:
        now = spread(net, [Stretch(1, start, end)], Credited(), on).earned
        assert now >= before, "nothing earned is taken back"
        parts.append(now - before)
        before, on = now, end_of_month(on + timedelta(1))
        if on > add_months(end, 3):
            break
    assert sum(parts) == net


@given(st.integers(-10_000, 10_000), st.lists(st.integers(1, 500), min_size=1, max_size=9))
def test_shares_by_weight_come_to_the_whole_and_miss_theirs_by_less_than_a_cent(
    total: int, weights: list[int]
) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part * sum(weights) - total * weight) < sum(weights)
        for part, weight in zip(parts, weights, strict=True)
    )


def test_the_largest_remainder_takes_the_cent() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(100, [10, 26, 64]) == [10, 26, 64]
    assert allocate(10, [1, 2, 3]) == [2, 3, 5]  # 1,67 and 3,33 and 5,00
    assert allocate(60, [120, -60]) == [120, -60]
    assert allocate(5, [1, -1]) == [5, 0]


def test_a_year_with_a_29_february_by_hand() -> None:
    """366,00 € from 15 March 2027 to 14 March 2028: 366 days, one euro a day.

    Until 31 December 2027: March 17, April 30, May 31, June 30, July 31, August 31, September 30, October 31,
    November 30, December 31: 292 days. Until 29 February 2028: 31 and 29 more, 352; 14 March is the last.
    """
    start, end = date(2027, 3, 15), date(2028, 3, 15)
    assert (end - start).days == 366
    for on, euros in (
        (date(2027, 3, 14), 0),
        (date(2027, 3, 15), 1),
        (date(2027, 12, 31), 292),
        (date(2028, 2, 28), 351),
        (date(2028, 2, 29), 352),
        (date(2028, 3, 14), 366),
    ):
        assert earned_cents(36_600, start, end, on) == euros * 100, on
    own = [Stretch(1, start, end)]
    half = Credited(evenly=18_300)
    assert spread(36_600, own, half, date(2027, 12, 31)) == Spread(14_600, 3_700)
    # It ends on 1 January 2028 and 74,00 € come back: all that is left is earned, one day later or now.
    ended = Credited(unused=7_400)
    assert spread(36_600, own, ended, date(2027, 12, 31)) == Spread(29_200, 0)
    credit = Credited(at_once=1_000)
    assert spread(36_600, own, credit, date(2027, 12, 31)) == Spread(28_200, 7_400)
