"""How long a customer may claim or reserve, and what the law keeps open."""

from datetime import date, datetime, timedelta

import pytest

from portal.deadlines import PARIS
from portal.errors import Refused
from portal.incidents.claims import (
    ClaimFlag,
    check_credit_claim,
    check_reservation,
    claim_flag,
    conformity_claim_until,
    credit_claim_until,
    damage_claim_until,
    reservation_until,
)

START = datetime(2026, 11, 23, 9, tzinfo=PARIS)
END = datetime(2026, 11, 23, 11, tzinfo=PARIS)


@pytest.mark.parametrize("clause", ["000-49", "001-34"])
@pytest.mark.parametrize(
    ("known_on", "last_on"),
    [
        (date(2026, 11, 23), date(2026, 11, 25)),
        (date(2026, 11, 20), date(2026, 11, 24)),  # Friday: Monday and Tuesday
        (date(2026, 11, 10), date(2026, 11, 13)),  # 11 November is closed
    ],
)
def test_000_49_and_001_34_a_damage_claim_has_two_full_business_days(
    clause: str, known_on: date, last_on: date
) -> None:
    assert damage_claim_until(known_on, 48, 24) == last_on, clause


def test_000_30_a_professional_has_one_week_and_a_consumer_the_legal_guarantee() -> None:
    assert conformity_claim_until(date(2026, 11, 23), 1, consumer=False) == date(2026, 11, 30)
    assert conformity_claim_until(date(2026, 11, 23), 1, consumer=True) is None


def test_003_13_a_reservation_comes_within_48_hours_with_its_evidence() -> None:
    last = datetime(2026, 11, 25, 11, tzinfo=PARIS)
    assert reservation_until(END, 48) == last
    check_reservation(START, END, "relevé de sonde", last, 48)
    check_reservation(END, END, "relevé de sonde", last, 48)
    with pytest.raises(Refused, match="définitivement"):
        check_reservation(START, END, "relevé de sonde", last + timedelta(seconds=1), 48)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "evidence"),
    [(None, END, "relevé"), (START, None, "relevé"), (START, END, " "), (END, START, "relevé")],
)
def test_003_13_a_reservation_without_its_hours_or_evidence_is_refused(
    starts_at: datetime | None, ends_at: datetime | None, evidence: str
) -> None:
    with pytest.raises(Refused, match="justificatif"):
        check_reservation(starts_at, ends_at, evidence, END, 48)


def test_003_29_penalties_are_claimed_within_5_calendar_days() -> None:
    assert credit_claim_until(date(2026, 11, 30), 5) == date(2026, 12, 5)  # a Saturday
    given = {"calculation": "99,9 - 98,1", "reservations": ["R-12"]}
    check_credit_claim(date(2026, 12, 5), date(2026, 11, 30), 5, **given)
    with pytest.raises(Refused, match="renoncé"):
        check_credit_claim(date(2026, 12, 6), date(2026, 11, 30), 5, **given)


@pytest.mark.parametrize(("calculation", "reservations"), [("", ["R-12"]), ("99,9 - 98,1", []), ("x", [" "])])
def test_003_28_a_claim_needs_its_calculation_and_a_reservation(
    calculation: str, reservations: list[str]
) -> None:
    with pytest.raises(Refused, match="références"):
        check_credit_claim(
            date(2026, 12, 1), date(2026, 11, 30), 5, calculation=calculation, reservations=reservations
        )


@pytest.mark.parametrize(
    ("claimed_on", "consumer", "flag"),
    [
        (date(2026, 8, 28), False, ClaimFlag.IN_TIME),  # event on 28 February
        (date(2026, 8, 29), False, ClaimFlag.KEPT_BY_LAW),
        (date(2027, 2, 28), False, ClaimFlag.KEPT_BY_LAW),
        (date(2027, 3, 1), False, ClaimFlag.TO_BE_JUDGED),
        (date(2027, 3, 1), True, ClaimFlag.KEPT_BY_LAW),
        (date(2026, 8, 1), True, ClaimFlag.IN_TIME),
    ],
)
def test_004_27_a_claim_past_6_months_is_flagged_and_never_rejected(
    claimed_on: date, consumer: bool, flag: ClaimFlag
) -> None:
    event = date(2026, 2, 28)
    assert claim_flag(event, claimed_on, 6, consumer=consumer) == flag
