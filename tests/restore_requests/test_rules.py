from datetime import UTC, date, datetime, timedelta

import pytest

from portal.errors import Refused
from portal.restore_requests.models import RestoreKind
from portal.restore_requests.rules import (
    check_may_close,
    check_may_start,
    is_billable,
    price_day,
    restore_kind,
    work_cents,
)

DONE = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_002_08_a_file_lost_by_the_user_is_billed():
    assert is_billable("lost_by_user", "hosted_equipment") is True


def test_004_10_a_fault_of_the_hosted_equipment_is_not():
    assert is_billable("hosted_equipment", "hosted_equipment") is False


@pytest.mark.parametrize("cause", ["restore_test", "malware", "customer_equipment", "other"])
def test_002_11_and_002_13_every_other_cause_is(cause):
    assert is_billable(cause, "hosted_equipment") is True


def test_a_silent_contract_decides_nothing():
    assert is_billable("lost_by_user", None) is None


def test_002_12_004_11_the_price_is_that_of_the_day_of_the_work():
    assert price_day(date(2026, 12, 3), date(2026, 11, 21)) == date(2026, 12, 3)


@pytest.mark.parametrize(
    ("files", "machine", "database", "kind"),
    [
        (1, False, False, "simple"),
        (2, False, False, "complex"),
        (0, True, False, "complex"),
        (1, True, False, "complex"),
        (0, False, True, "complex"),
        (1, False, True, "complex"),
    ],
)
def test_002_09_002_10_004_10_one_file_is_simple_and_the_rest_is_complex(files, machine, database, kind):
    assert restore_kind(files, machine=machine, database=database) == kind
    assert RestoreKind(kind)


def test_002_09_nothing_to_restore_is_refused():
    with pytest.raises(Refused, match="au moins un fichier"):
        restore_kind(0)


READY = {
    "planned_on": date(2026, 11, 23),
    "technician": "Luc",
    "needs_quote": True,
    "quote_accepted_at": DONE,
}


def test_002_09_a_simple_restore_starts_on_request():
    check_may_start("simple", planned_on=None, technician="", needs_quote=False, quote_accepted_at=None)


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ({"planned_on": None}, "se planifie"),
        ({"technician": " "}, "technicien dédié"),
        ({"quote_accepted_at": None}, "accepté le devis"),
    ],
)
def test_002_10_004_10_a_complex_restore_is_planned_staffed_and_its_quote_accepted(lacking, sentence):
    check_may_start("complex", **READY)
    with pytest.raises(Refused, match=sentence):
        check_may_start("complex", **(READY | lacking))


def test_002_10_a_complex_restore_may_go_without_a_quote():
    check_may_start("complex", **(READY | {"needs_quote": False, "quote_accepted_at": None}))


def test_002_10_004_10_a_complex_restore_is_checked_with_the_customer_after_the_work():
    check_may_close("complex", done_at=DONE, checked_with_customer_at=DONE)
    check_may_close("simple", done_at=DONE, checked_with_customer_at=None)
    for checked in (None, DONE - SECOND):
        with pytest.raises(Refused, match="avec le client"):
            check_may_close("complex", done_at=DONE, checked_with_customer_at=checked)
    with pytest.raises(Refused, match="pas terminée"):
        check_may_close("simple", done_at=None, checked_with_customer_at=None)


def test_002_12_002_14_004_11_an_accident_costs_the_travel_too():
    assert work_cents(12_000, 3_450, 8_000, accident=False) == 15_450
    assert work_cents(12_000, 3_450, 8_000, accident=True) == 23_450
