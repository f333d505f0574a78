"""Each event on the contracts that know it, and refused by those that do not."""

from typing import Any

import pytest

from portal.errors import Refused
from tests.simulator.asking import ask, cents, days
from tests.simulator.test_vectors import event


def test_a_notice_in_time_for_the_term_costs_nothing() -> None:
    answer = ask(
        "dobaas", event("2027-02-28", "terminate"), started_on="2024-08-31", monthly_fee_cents=30_000
    )
    assert days(answer)["contract_ends"] == ("2027-08-31", "004-37")
    assert "early_end_penalty" not in cents(answer)
    late = ask("dobaas", event("2027-03-01", "terminate"), started_on="2024-08-31", monthly_fee_cents=30_000)
    assert days(late)["contract_ends"] == ("2027-09-01", "004-37")
    assert "early_end_penalty" not in cents(late), "renewed, and of indefinite duration"


def test_a_switch_shortens_the_notice_and_gives_back_what_was_paid_ahead() -> None:
    leaving = event("2026-02-15", "terminate", reason="switch")
    answer = ask("natso", leaving, paid_through="2027-01-14")
    assert days(answer)["switch_notice_ends"] == ("2026-04-15", "L5")
    assert days(answer)["contract_ends"] == ("2026-05-16", "L5")
    assert days(answer)["end_by_contract"] == ("2027-01-15", "000-14")
    assert cents(answer)["refund"] == (24_000 * 244 // 365 + 1, "L5")
    plain = ask("natso", {**leaving, "reason": "none"}, paid_through="2027-01-14")
    assert days(plain)["contract_ends"] == ("2027-01-15", "000-14")


def test_before_the_data_act_a_switch_had_no_law_of_its_own() -> None:
    answer = ask("natso", event("2025-09-11", "terminate", reason="switch"), started_on="2025-01-15")
    assert "switch_notice_ends" not in days(answer)
    assert days(answer)["contract_ends"] == ("2026-01-15", "000-14")


def test_receivership_ends_at_once_without_indemnity() -> None:
    answer = ask("dobaas", event("2026-06-10", "terminate", reason="receivership"), monthly_fee_cents=30_000)
    assert days(answer)["contract_ends"] == ("2026-06-10", "004-39")
    assert cents(answer)["early_end_penalty"] == (0, "004-39")
    assert answer["status"] == "ended"


def test_a_registered_letter_cures_from_its_receipt() -> None:
    notice = event("2026-11-18", "formal_notice", received_on="2026-11-21")
    answer = ask("dobaas", notice, monthly_fee_cents=30_000)
    assert days(answer)["cure_ends"] == ("2026-12-06", "004-40")
    ended = ask(
        "dobaas",
        notice,
        event("2026-12-07", "terminate", by="provider", reason="breach"),
        monthly_fee_cents=30_000,
    )
    assert days(ended)["contract_ends"] == ("2026-12-07", "004-40")
    assert cents(ended)["period_due"] == (30_000, "004-40"), "the month begun"
    with pytest.raises(Refused, match="07/12/2026"):
        ask("dobaas", notice, event("2026-12-06", "terminate", by="provider", reason="breach"))


@pytest.mark.parametrize(
    ("contract", "severity", "what", "on", "clause"),
    [
        ("natso", "immediate", "service_suspended", "2026-11-21", "000-46"),
        ("dropcloud", "immediate", "service_suspended", "2026-11-21", "001-31"),
        ("dobaas", "warning", "service_closed", "2026-12-21", "002-17"),
        ("dobaas", "immediate", "service_suspended", "2026-11-21", "002-17"),
        ("numspot", "immediate", "service_suspended", "2026-11-21", "003-11"),
        ("numspot", "warning", "may_terminate_from", "2026-11-29", "003-17"),
    ],
)
def test_a_breach(contract: str, severity: str, what: str, on: str, clause: str) -> None:
    answer = ask(contract, event("2026-11-21", "breach", severity=severity))
    assert days(answer)[what] == (on, clause)


def test_force_majeure_of_each_contract() -> None:
    natso = days(ask("natso", event("2026-12-01", "force_majeure")))
    assert (natso["suspension_ends"], natso["talks_end"]) == (
        ("2026-12-31", "000-51"),
        ("2026-12-16", "000-51"),
    )
    dobaas = days(ask("dobaas", event("2027-01-01", "force_majeure")))
    assert dobaas["may_terminate_from"] == ("2027-03-03", "004-23")
    assert dobaas["earliest_end_for_force_majeure"] == ("2027-03-11", "004-23")
    short = ask("dobaas", event("2027-01-01", "force_majeure", ended_on="2027-03-02"), as_of="2027-02-01")
    assert "may_terminate_from" not in days(short) and short["status"] == "force_majeure"
    longer = days(ask("numspot", event("2026-10-20", "force_majeure", ended_on="2026-10-30"), plan="annual"))
    assert longer["term_extended_to"] == ("2027-01-25", "003-37")


def test_a_price_change_needs_its_month_and_respects_the_lock() -> None:
    told = days(ask("natso", event("2026-06-10", "price_change", effective_on="2026-07-10")))
    assert told["price_applies"] == ("2026-07-10", "000-26")
    assert told["price_notice_due"] == ("2026-06-10", "000-26")
    late = days(ask("natso", event("2026-06-11", "price_change", effective_on="2026-07-10")))
    assert late["price_applies"] == ("2026-07-11", "000-26")
    locked = days(ask("natso", event("2026-01-20", "price_change", effective_on="2026-02-25")))
    assert locked["price_applies"] == ("2026-03-16", "000-23")
    grown = days(ask("dobaas", event("2026-05-10", "price_change", effective_on="2026-06-01")))
    assert grown["price_applies"] == ("2026-07-01", "004-36")
    assert grown["recommitted_until"] == ("2029-07-01", "004-36")


def test_an_unused_account() -> None:
    told = event("2026-11-30", "inactivity", last_use_on="2025-11-29")
    answer = days(ask("numspot", told, started_on="2025-01-01"))
    assert answer["contract_ends"] == ("2027-02-28", "003-19")
    with pytest.raises(Refused, match="inactif"):
        ask("natso", told, started_on="2025-01-01")


@pytest.mark.parametrize(
    ("severity", "opened", "answer", "fix"),
    [
        (1, "2026-11-21T10:00", "2026-11-21T10:15+01:00", "2026-11-21T12:30+01:00"),
        (2, "2026-11-20T10:00", "2026-11-20T10:30+01:00", "2026-11-20T14:30+01:00"),
        (3, "2026-11-20T10:00", "2026-11-20T11:00+01:00", "2026-11-30T10:30+01:00"),
    ],
)
def test_ticket_clocks(severity: int, opened: str, answer: str, fix: str) -> None:
    asked = ask(
        "numspot", event(opened[:10], "incident", severity=severity, opened_at=opened, waiting_minutes=30)
    )
    at = {each["what"]: each["at"] for each in asked["calendar"] if "at" in each}
    assert at == {"answer_due": answer, "fix_due": fix}


def test_a_night_incident_doubles_the_time_to_mend() -> None:
    def due(opened: str, severity: int) -> Any:
        asked = ask("dropcloud", event("2026-11-20", "incident", severity=severity, opened_at=opened))
        return {each["what"]: (each.get("at"), each["clause"]) for each in asked["calendar"]}["fix_due"]

    assert due("2026-11-20T19:59", 1) == ("2026-11-20T23:59+01:00", "001-24")
    assert due("2026-11-20T20:00", 1) == ("2026-11-21T04:00+01:00", "001-24")
    assert due("2026-11-20T10:00", 2) == ("2026-11-20T18:00+01:00", "001-25")


def test_which_restores_are_billed() -> None:
    free = ask("dobaas", event("2026-11-20", "restore_request", kind="simple", cause="hosted_equipment"))
    assert cents(free)["restore"] == (0, "002-08")
    billed = ask("dobaas", event("2026-11-20", "restore_request", kind="complex", cause="deleted_by_user"))
    assert "restore" not in cents(billed)
    assert any(note.startswith("002-08") for note in billed["notes"])
    assert any(note.startswith("002-10") for note in billed["notes"])


def test_destruction_and_handover_under_each_contract() -> None:
    destroyed = days(ask("dobaas", event("2026-11-21", "reversibility_request", reason="destroy")))
    assert destroyed["data_destroyed_by"] == ("2027-01-20", "004-30")
    early = ask(
        "numspot",
        event("2026-11-21", "terminate"),
        event("2026-12-01", "reversibility_request", reason="destroy"),
    )
    assert ("2027-02-19", "003-22") in [(each["on"], each["clause"]) for each in early["calendar"]]
    quoted = ask("numspot", event("2026-11-21", "reversibility_request"))
    assert any(note.startswith("003-23") for note in quoted["notes"])
    with pytest.raises(Refused, match="trop tard"):
        ask("numspot", event("2026-11-21", "terminate"), event("2027-02-20", "reversibility_request"))


@pytest.mark.parametrize(
    ("contract", "faulty", "sentence"),
    [
        ("natso", event("2026-04-11", "terminate", by="provider"), "breach, danger, non_payment"),
        ("natso", event("2026-04-11", "usage", metered_average=1, unit_price_micros=1), "consommation"),
        (
            "natso",
            event(
                "2026-04-11",
                "sla_measure",
                service="x",
                measured_percent=99,
                mean_month_cents=1,
                invoice_cents=1,
            ),
            "niveau de service",
        ),
        (
            "numspot",
            event(
                "2026-04-11",
                "sla_measure",
                service="teapot",
                measured_percent=99,
                mean_month_cents=1,
                invoice_cents=1,
            ),
            "load_balancer",
        ),
        ("natso", event("2026-04-11", "incident", severity=1, opened_at="2026-04-11T10:00"), "délai"),
        ("natso", event("2026-04-11", "terminate", reason="non_payment"), "propre impayé"),
    ],
)
def test_what_a_contract_does_not_know_is_refused(
    contract: str, faulty: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        ask(contract, faulty)


def test_a_contract_is_not_ended_twice() -> None:
    with pytest.raises(Refused, match="déjà résilié"):
        ask("natso", event("2026-04-11", "terminate"), event("2026-05-11", "terminate"))


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        ("2026-01-14", "not_started"),
        ("2026-01-15", "active"),
        ("2026-10-15", "notice_given"),
        ("2027-01-14", "notice_given"),
        ("2027-01-15", "ended"),
    ],
)
def test_the_status_is_that_of_the_day_asked_for(as_of: str, status: str) -> None:
    assert ask("natso", event("2026-10-15", "terminate"), as_of=as_of)["status"] == status


def test_000_57_a_period_that_was_paid_and_never_begins_comes_back() -> None:
    """Nothing of a begun one does: what is kept was rendered."""
    month = {"plan": "monthly", "started_on": "2026-01-31", "monthly_fee_cents": 600}
    notice = event("2026-09-15", "terminate", at_term=True)
    ahead = ask("natso", notice, **month, paid_through="2026-10-30")
    assert days(ahead)["contract_ends"][0] == "2026-09-30"
    assert cents(ahead)["refund"] == (600, "000-57")
    assert cents(ask("natso", notice, **month, paid_through="2026-09-29"))["refund"] == (0, "000-57")
