"""The worked examples of the clause table."""

from datetime import date

import pytest

from portal.reversibility.rules import (
    contractual_erasure_on,
    delivery_due_on,
    held_until,
    may_erase,
    request_closes_on,
    silent_acceptance_on,
)


def test_001_50_request_on_18_december():
    assert delivery_due_on(date(2026, 12, 18), business_days=15) == date(2027, 1, 12)


def test_001_51_silence_after_a_copy_on_12_january():
    assert silent_acceptance_on(date(2027, 1, 12), 15) == date(2027, 2, 2)


def test_002_23_end_on_24_december():
    assert contractual_erasure_on(date(2026, 12, 24), business_days=10) == date(2027, 1, 11)


def test_004_30_letter_received_on_21_november():
    assert delivery_due_on(date(2026, 11, 21), days=60) == date(2027, 1, 20)


def test_001_49_the_window_is_thirty_days():
    assert request_closes_on(date(2026, 11, 20), 30) == date(2026, 12, 20)


def test_a5_a_request_on_day_28_holds_the_erasure_until_its_validation():
    plain = contractual_erasure_on(date(2026, 11, 20), days=30, window_days=30)
    assert plain == date(2026, 12, 20)
    assert held_until(plain, date(2027, 2, 2)) == date(2027, 2, 2)


def test_a4_the_window_of_the_request_holds_the_erasure():
    assert contractual_erasure_on(date(2026, 12, 24), business_days=10, window_days=30) == date(2027, 1, 23)


@pytest.mark.parametrize(
    ("on", "accepted", "now", "held", "expected"),
    [
        (date(2027, 2, 1), True, False, date(2027, 2, 2), False),
        (date(2027, 2, 2), True, False, date(2027, 2, 2), True),
        (date(2026, 12, 1), True, True, date(2027, 2, 2), True),
        (date(2027, 6, 1), False, True, date(2027, 2, 2), False),
        (date(2027, 6, 1), False, False, None, False),
        (date(2027, 6, 1), True, False, None, False),
        (date(2027, 6, 1), True, True, None, True),
    ],
)
def test_an_erasure_is_held(on, accepted, now, held, expected):
    assert may_erase(on, accepted=accepted, asked_now=now, held_until_on=held) is expected
