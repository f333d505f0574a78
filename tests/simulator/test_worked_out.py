"""Questions worked out from the articles, day by day and cent by cent, before the engine was asked."""

from typing import Any

import pytest

from portal.errors import Refused
from tests.simulator.asking import ask, cents, days


def event(on: str, what: str, **fields: Any) -> dict[str, Any]:
    return {"on": on, "what": what, **fields}


def leaving(on: str, **fields: Any) -> dict[str, Any]:
    return event(on, "terminate", **fields)


ENDS = [  # contract, case, notice, end and its clause
    # 28 February to 27 March, fifteen days before the 28th is the 13th
    ("natso", {"plan": "monthly", "started_on": "2026-02-28"}, leaving("2026-03-13"), "2026-03-28", "000-13"),
    ("natso", {"plan": "monthly", "started_on": "2026-02-28"}, leaving("2026-03-14"), "2026-04-28", "000-13"),
    # a 29 February stands on the 28th in 2026; three months before is 28 November
    ("natso", {"started_on": "2024-02-29"}, leaving("2025-11-28"), "2026-02-28", "000-14"),
    ("natso", {"started_on": "2024-02-29"}, leaving("2025-11-29"), "2027-02-28", "000-14"),
    ("dropcloud", {"started_on": "2026-03-31"}, leaving("2026-12-31"), "2027-03-31", "001-44"),
    # two months to 28 February, thirty days to 30 March, which still has the service
    ("natso", {}, leaving("2026-12-31", reason="switch"), "2027-03-31", "L5"),
    ("dobaas", {}, leaving("2026-10-30", reason="in_house"), "2027-01-30", "L5"),
    # a day late for 1 January 2027: the contract goes on without a term, six months' notice
    ("dobaas", {"started_on": "2024-01-01"}, leaving("2026-07-02"), "2027-01-02", "004-37"),
    ("dobaas", {"started_on": "2024-01-15"}, leaving("2026-07-16"), "2027-01-16", "004-37"),
    # in time, and no whole month would be left after the early end: the term, which costs nothing
    ("dobaas", {"started_on": "2024-01-01"}, leaving("2026-06-30"), "2027-01-01", "004-37"),
    ("dobaas", {"started_on": "2024-05-01"}, leaving("2026-10-30"), "2027-05-01", "004-37"),
    ("dobaas", {"started_on": "2025-06-15"}, leaving("2026-01-01", at_term=True), "2028-06-15", "004-37"),
    (
        "dobaas",
        {"started_on": "2025-06-15"},
        leaving("2026-01-01", reason="end_of_business"),
        "2026-01-01",
        "004-39",
    ),
    (
        "dobaas",
        {"started_on": "2025-06-15"},
        leaving("2026-01-01", reason="competitor_control"),
        "2026-01-01",
        "004-39",
    ),
    # ninety days after 4 February is 5 May; two months and thirty days would end the same day
    ("numspot", {}, leaving("2026-02-04"), "2026-05-05", "003-21"),
    ("numspot", {}, leaving("2026-02-04", reason="switch"), "2026-05-05", "003-21"),
    # from 30 December, two months and thirty days go to 30 March: the contract's ninety days are sooner
    ("numspot", {}, leaving("2026-12-30", reason="switch"), "2027-03-30", "003-21"),
    # a reminder in its window of 15 July to 15 September keeps the échéance
    (
        "natso",
        {"customer": "consumer", "started_on": "2025-01-15", "reminded_on": ["2025-08-01"]},
        leaving("2026-03-01"),
        "2027-01-15",
        "000-14",
    ),
    (
        "natso",
        {"customer": "consumer", "started_on": "2025-01-15", "reminded_on": ["2025-09-16"]},
        leaving("2026-03-01"),
        "2026-03-01",
        "L2",
    ),
    # a longer transition, as the customer wishes: its last day still has the service
    ("natso", {}, leaving("2026-11-23", reason="switch", transition_until="2027-06-30"), "2027-07-01", "L5"),
]


@pytest.mark.parametrize(("contract", "case", "notice", "end", "clause"), ENDS)
def test_the_end(contract: str, case: dict[str, Any], notice: dict[str, Any], end: str, clause: str) -> None:
    assert days(ask(contract, notice, **case))["contract_ends"] == (end, clause)


AMOUNTS = [  # contract, case, notice, amount, cents and clause
    # 290 of 365 days of 240.00
    (
        "natso",
        {"paid_through": "2028-01-14"},
        leaving("2026-12-31", reason="switch"),
        "refund",
        (19_068, "L5"),
    ),
    # 320 of 365 days of 240.00
    (
        "natso",
        {"customer": "consumer", "started_on": "2025-01-15", "reminded_on": [], "paid_through": "2027-01-14"},
        leaving("2026-03-01"),
        "refund",
        (21_041, "L2"),
    ),
    # a month leaves no room for the reminder: 5 of 28 days of 20.00
    (
        "natso",
        {
            "customer": "consumer",
            "plan": "monthly",
            "started_on": "2026-01-10",
            "reminded_on": [],
            "paid_through": "2026-03-09",
        },
        leaving("2026-03-05"),
        "refund",
        (357, "L2"),
    ),
    # the months that begin from 15 February 2027 to 15 December 2028: 23
    (
        "dobaas",
        {"customer": "public_body", "monthly_fee_cents": 30_000},
        leaving("2026-10-30", reason="switch"),
        "early_end_penalty",
        (138_000, "004-42"),
    ),
    # from 15 July 2026 to 15 May 2028: 23 of 450.00
    (
        "dobaas",
        {"started_on": "2025-06-15", "monthly_fee_cents": 45_000},
        leaving("2026-01-01"),
        "early_end_penalty",
        (207_000, "004-42"),
    ),
    # 28 February 2026 begins the month of a 31st: 18 of 300.00
    (
        "dobaas",
        {"started_on": "2024-08-31", "monthly_fee_cents": 30_000},
        leaving("2025-08-31"),
        "early_end_penalty",
        (108_000, "004-42"),
    ),
    (
        "dobaas",
        {"monthly_fee_cents": 45_000},
        leaving("2026-10-30"),
        "early_end_penalty",
        (180_000, "004-42"),
    ),
    # the month begun
    (
        "dobaas",
        {"monthly_fee_cents": 45_000},
        leaving("2026-11-21", by="provider", reason="non_payment"),
        "period_due",
        (45_000, "004-41"),
    ),
    # one rate for a public body: (3.15 + 8) % for 50 days of 1,200.00
    (
        "dropcloud",
        {"customer": "public_body", "started_on": "2023-01-15"},
        event("2025-07-20", "late_payment", due_on="2025-05-31", paid_on="2025-07-20", amount_cents=120_000),
        "late_penalty",
        (1_833, "L6"),
    ),
    # the contract is silent: (2.15 + 10) % for 31 days of 1,000.00
    (
        "dropcloud",
        {"started_on": "2025-01-15"},
        event("2026-01-31", "late_payment", due_on="2025-12-31", paid_on="2026-01-31", amount_cents=100_000),
        "late_penalty",
        (1_032, "L6"),
    ),
]


@pytest.mark.parametrize(("contract", "case", "happened", "what", "expected"), AMOUNTS)
def test_the_amount(
    contract: str, case: dict[str, Any], happened: dict[str, Any], what: str, expected: tuple[int, str]
) -> None:
    assert cents(ask(contract, happened, **case))[what] == expected


def test_a_free_cause_costs_nothing_and_erases_ten_business_days_later() -> None:
    answer = ask("dobaas", leaving("2026-01-01", reason="receivership"), started_on="2025-06-15")
    assert cents(answer)["early_end_penalty"] == (0, "004-39")
    assert days(answer)["data_erased"] == ("2026-01-15", "002-23")


def test_thirty_days_after_the_last_day_of_service() -> None:
    answer = days(ask("dropcloud", leaving("2027-01-01"), started_on="2026-04-01"))
    assert answer["last_usable_day"][0] == "2027-03-31"
    assert answer["data_request_closes"] == ("2027-04-30", "001-49")
    assert answer["data_erased"] == ("2027-04-30", "001-48")


def test_the_last_day_of_a_transition_has_the_service() -> None:
    answer = days(ask("natso", leaving("2026-11-30", reason="switch"), paid_through="2028-01-14"))
    assert answer["transition_ends"] == ("2027-03-01", "L5")
    assert answer["last_usable_day"][0] == "2027-03-01"


def test_nothing_is_destroyed_before_the_contract_ends() -> None:
    destroy = event("2027-02-15", "reversibility_request", reason="destroy")
    answer = days(ask("dobaas", leaving("2026-10-30"), destroy, monthly_fee_cents=45_000))
    assert answer["contract_ends"][0] == "2027-04-30"
    assert answer["data_destroyed_by"] == ("2027-04-30", "004-30")


def test_a_customer_ends_for_the_providers_breach_after_its_formal_notice() -> None:
    notice = event("2026-12-01", "formal_notice")
    answer = days(ask("numspot", notice, leaving("2026-12-09", reason="breach")))
    assert answer["contract_ends"] == ("2026-12-19", "003-17")
    with pytest.raises(Refused, match="dès le 09/12/2026"):
        ask("numspot", notice, leaving("2026-12-08", reason="breach"))


def test_the_provider_takes_seven_months_at_most() -> None:
    longer = {"reason": "switch", "extended_by": "provider"}
    answer = days(ask("natso", leaving("2026-11-23", transition_until="2027-08-23", **longer)))
    assert answer["contract_ends"] == ("2027-08-24", "L5")
    assert answer["extension_told_by"] == ("2026-12-11", "L5"), "fourteen working days"
    with pytest.raises(Refused, match="23/08/2027"):
        ask("natso", leaving("2026-11-23", transition_until="2027-08-24", **longer))


def test_fourteen_days_to_withdraw_that_end_on_labour_day_end_on_the_monday() -> None:
    answer = days(ask("natso", customer="consumer", started_on="2026-04-17"))
    assert answer["withdrawal_closes"] == ("2026-05-04", "L1")


def test_an_agreed_rate_below_ten_points_stands_between_professionals() -> None:
    """L6 counts failing another rate; NumSpot agreed on ten points, the law's own."""
    late = event(
        "2025-07-20", "late_payment", due_on="2025-05-31", paid_on="2025-07-20", amount_cents=120_000
    )
    answer = ask("numspot", late, started_on="2025-01-01")
    assert cents(answer)["late_penalty"] == (2_096, "003-52")


def test_notes_for_consumers_do_not_stand_under_a_business_contract() -> None:
    business = ask("natso", leaving("2026-10-15"))["notes"]
    assert any(note.startswith("A16") for note in business)
    assert not [note for note in business if note.startswith(("L1", "L2", "L5", "L9"))]
    switching = ask("natso", leaving("2026-10-15", reason="switch"))["notes"]
    assert any(note.startswith("L5") for note in switching)
