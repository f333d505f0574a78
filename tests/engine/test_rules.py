"""Files due, reports and growth: the articles and their borders."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.engine.rules import build_report, incidents_to_mail, needs_review, needs_review_daily
from portal.errors import Refused

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIZES = st.integers(0, 10**15)
LIMITS = st.integers(0, 10_000)


@pytest.mark.parametrize(("changed", "review"), [(0, False), (49, False), (50, False), (51, True)])
def test_002_05_above_five_percent_the_contract_is_reviewed(changed: int, review: bool) -> None:
    assert needs_review(changed, 1_000, 500) is review


def test_002_05_an_empty_last_backup_compares_with_nothing() -> None:
    assert not needs_review(1_000, 0, 500)


@pytest.mark.parametrize(
    ("changed", "days", "review"), [(20, 1, False), (21, 1, True), (140, 7, False), (141, 7, True)]
)
def test_004_07_above_a_fifth_of_a_percent_a_day_the_contract_is_reviewed(
    changed: int, days: int, review: bool
) -> None:
    assert needs_review_daily(changed, 10_000, 20, days) is review


@pytest.mark.parametrize("days", [0, -1])
def test_004_07_a_daily_rate_needs_a_day(days: int) -> None:
    with pytest.raises(Refused, match="un jour au moins"):
        needs_review_daily(1, 1, 20, days)


def test_002_05_004_07_the_limit_is_that_of_the_pinned_version() -> None:
    """A10: 1 % in a day is fine for 002-05 and too much for 004-07."""
    assert not needs_review(100, 10_000, 500)
    assert needs_review_daily(100, 10_000, 20, 1)


@given(SIZES, SIZES, LIMITS)
def test_002_05_more_change_never_ends_a_review(changed: int, base: int, limit: int) -> None:
    if needs_review(changed, base, limit):
        assert needs_review(changed + 1, base, limit)
    else:
        assert not needs_review(changed, base, limit + 1)


@given(SIZES, SIZES, LIMITS, st.integers(1, 60))
def test_004_07_more_days_never_start_a_review(changed: int, base: int, limit: int, days: int) -> None:
    assert needs_review_daily(changed, base, limit, 1) is needs_review(changed, base, limit)
    if not needs_review_daily(changed, base, limit, days):
        assert not needs_review_daily(changed, base, limit, days + 1)


def test_000_44_every_incident_is_mailed_once() -> None:
    assert incidents_to_mail(["a", "b", "c"], {"b"}) == ["a", "c"]
    assert incidents_to_mail(["a", "a"], set()) == ["a"]
    assert incidents_to_mail(["a"], {"a"}) == []


def test_000_45_a_report_has_volume_files_and_incidents_for_who_wants_it() -> None:
    report = build_report(wanted=True, stored_bytes=1_234, files=56, incidents=["disque plein"])
    assert report is not None
    assert (report.stored_bytes, report.files, report.incidents) == (1_234, 56, ("disque plein",))
    assert build_report(wanted=False, stored_bytes=1_234, files=56, incidents=["disque plein"]) is None
