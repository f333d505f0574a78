"""Versions, acceptances, notices and ranks: what the articles say, and its borders."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Refused
from portal.terms.rules import (
    PublishedVersion,
    amended_at,
    check_publication,
    check_refusal,
    last_publication_day,
    membership_accepted_at,
    notified_at,
    official_address,
    subject_answer_due_on,
    version_on,
)
from portal.terms.shipped import bundled
from portal.terms.stack import make_stack

FIRST = PublishedVersion("2024", "aa", date(2024, 1, 1), date(2024, 1, 1))
SECOND = PublishedVersion("2026", "bb", date(2026, 11, 1), date(2026, 11, 16))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS = timedelta(seconds=1)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("on", "version"),
    [(date(2026, 11, 15), "2024"), (date(2026, 11, 16), "2026"), (date(2030, 1, 1), "2026")],
)
def test_000_01_the_version_on_line_on_the_day_of_the_order_applies(on: date, version: str) -> None:
    assert version_on([SECOND, FIRST], on).version == version
    assert version_on([FIRST, SECOND], on).version == version


def test_000_01_001_02_no_version_in_force_is_refused() -> None:
    with pytest.raises(Refused, match="en vigueur"):
        version_on([FIRST, SECOND], date(2023, 12, 31))
    with pytest.raises(Refused, match="en vigueur"):
        version_on([], date(2026, 1, 1))


def test_000_01_a_version_that_was_not_yet_on_line_does_not_apply() -> None:
    backdated = PublishedVersion("antidatée", "cc", date(2026, 12, 1), date(2025, 1, 1))
    assert version_on([FIRST, backdated], date(2026, 11, 30)) == FIRST
    assert version_on([FIRST, backdated], date(2026, 12, 1)) == backdated


def test_000_01_two_versions_of_one_day_are_refused() -> None:
    twin = PublishedVersion("2026 bis", "dd", date(2026, 11, 1), date(2026, 11, 16))
    with pytest.raises(Refused, match="même jour"):
        version_on([FIRST, SECOND, twin], date(2026, 11, 21))
    assert version_on([FIRST, SECOND, twin], date(2026, 11, 15)) == FIRST


def test_001_09_a_membership_is_accepted_at_the_last_of_three_conditions() -> None:
    form, terms, paid = NOON, NOON + SECONDS, NOON + timedelta(days=2)
    assert membership_accepted_at(form, terms, paid) == paid
    assert membership_accepted_at(paid, terms, form) == paid
    assert membership_accepted_at(None, terms, paid) is None
    assert membership_accepted_at(form, None, paid) is None
    assert membership_accepted_at(form, terms, None) is None


@given(INSTANTS, INSTANTS, INSTANTS)
def test_001_09_no_condition_comes_after_the_acceptance(
    form: datetime, terms: datetime, paid: datetime
) -> None:
    at = membership_accepted_at(form, terms, paid)
    assert at in {form, terms, paid}
    assert at is not None
    assert at >= form and at >= terms and at >= paid


def test_003_04_new_terms_are_published_fifteen_days_before() -> None:
    assert last_publication_day(date(2027, 1, 1), 15) == date(2026, 12, 17)
    check_publication(date(2026, 12, 16), date(2027, 1, 1), 15)
    check_publication(date(2026, 12, 17), date(2027, 1, 1), 15)
    with pytest.raises(Refused, match="moins de 15 jours") as refusal:
        check_publication(date(2026, 12, 18), date(2027, 1, 1), 15)
    assert refusal.value.field == "effective_on"


def test_003_05_a_refusal_is_written_and_comes_before_midnight_in_paris() -> None:
    midnight = datetime(2026, 12, 31, 23, tzinfo=UTC)  # 1 January in Paris
    check_refusal(midnight - SECONDS, date(2027, 1, 1), in_writing=True)
    with pytest.raises(Refused, match="après l'entrée en vigueur"):
        check_refusal(midnight, date(2027, 1, 1), in_writing=True)
    with pytest.raises(Refused, match="par écrit"):
        check_refusal(midnight - SECONDS, date(2027, 1, 1), in_writing=False)


def test_003_08_notices_go_to_the_e_mail_of_the_account() -> None:
    assert official_address("compte@client.example") == "compte@client.example"
    assert official_address("compte@client.example", "juridique@client.example") == "juridique@client.example"
    with pytest.raises(Refused, match="aucune adresse"):
        official_address("  ")


def test_003_42_the_time_of_the_sending_server_counts() -> None:
    assert notified_at(NOON, NOON + timedelta(hours=3)) == NOON
    assert notified_at(NOON, NOON - timedelta(hours=3)) == NOON
    assert notified_at(NOON, None) == NOON
    with pytest.raises(Refused, match="pas partie"):
        notified_at(None, NOON)


KINDS = ("contract", "order_form", "specific", "particular", "general")


def ranked(*kinds: str) -> list[str]:
    """Versions of documents of these kinds, as the Do'BaaS contract orders them."""
    general = bundled("004")
    documents = [replace(general, kind=kind, version=kind) for kind in kinds]
    return make_stack("dobaas", "Do'BaaS", documents).versions


@given(st.permutations(KINDS))
def test_004_01_the_lowest_number_prevails_whatever_the_order_of_entry(kinds: list[str]) -> None:
    """004-01; make_stack also executes 000-03, 001-03 and 003-03."""
    assert ranked(*kinds) == list(KINDS)


def test_004_01_two_documents_of_one_rank_are_refused_with_file_key_and_article() -> None:
    with pytest.raises(Refused, match=r"general.toml, rank.documents \(article 1\).*même rang « general »"):
        ranked("general", "specific", "general")


def test_000_03_and_001_03_give_special_conditions_another_fate() -> None:
    """000-03, 001-03."""
    special = replace(bundled("000"), kind="special", version="special")
    with pytest.raises(Refused, match="ne donne pas de rang au genre « special »"):
        make_stack("natso", "NATSO", [bundled("000"), special])
    below = make_stack("dropcloud", "DropCloud", [special, bundled("001")])
    assert below.versions == ["001-2026", "special"], "special conditions come after the general ones"


def test_004_02_an_amendment_binds_once_both_have_signed() -> None:
    later = NOON + timedelta(days=1)
    assert amended_at(in_writing=True, provider_signed_at=NOON, customer_signed_at=later) == later
    assert amended_at(in_writing=True, provider_signed_at=later, customer_signed_at=NOON) == later
    with pytest.raises(Refused, match="par un écrit"):
        amended_at(in_writing=False, provider_signed_at=NOON, customer_signed_at=NOON)
    with pytest.raises(Refused, match="deux parties"):
        amended_at(in_writing=True, provider_signed_at=None, customer_signed_at=NOON)
    with pytest.raises(Refused, match="deux parties"):
        amended_at(in_writing=True, provider_signed_at=NOON, customer_signed_at=None)


@pytest.mark.parametrize(
    ("received", "due", "prolonged_due"),
    [
        (date(2026, 11, 21), date(2026, 12, 21), date(2027, 2, 21)),
        (date(2027, 1, 31), date(2027, 2, 28), date(2027, 4, 30)),
        (date(2027, 8, 31), date(2027, 9, 30), date(2027, 11, 30)),
    ],
)
def test_000_53_001_43_004_29_a_person_is_answered_within_one_month(
    received: date, due: date, prolonged_due: date
) -> None:
    assert subject_answer_due_on(received, 1) == due
    assert subject_answer_due_on(received, 1, prolonged_on=due) == prolonged_due
    with pytest.raises(Refused, match="dans le mois"):
        subject_answer_due_on(received, 1, prolonged_on=due + timedelta(days=1))
