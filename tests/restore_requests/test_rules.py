from datetime import date

import pytest

from portal.restore_requests.rules import is_billable, price_day


def test_002_08_a_file_lost_by_the_user_is_billed():
    assert is_billable("lost_by_user", "hosted_equipment") is True


def test_004_10_a_fault_of_the_hosted_equipment_is_not():
    assert is_billable("hosted_equipment", "hosted_equipment") is False


@pytest.mark.parametrize("cause", ["restore_test", "malware", "customer_equipment", "other"])
def test_002_11_and_002_13_every_other_cause_is(cause):
    assert is_billable(cause, "hosted_equipment") is True


def test_a_silent_contract_decides_nothing():
    assert is_billable("lost_by_user", None) is None


def test_002_12_the_price_is_that_of_the_day_of_the_work():
    assert price_day(date(2026, 12, 3), date(2026, 11, 21)) == date(2026, 12, 3)
