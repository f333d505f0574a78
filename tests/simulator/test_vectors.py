"""The worked examples of the contracts, asked from outside: one test per example."""

from typing import Any

import pytest

from portal.errors import Refused
from tests.simulator.asking import ask, cents, days


def event(on: str, what: str, **fields: Any) -> dict[str, Any]:
    return {"on": on, "what": what, **fields}


def test_annual_from_15_january_2026() -> None:
    answer = ask("natso", customer="consumer", as_of="2026-11-21")
    assert days(answer)["renewal"] == ("2027-01-15", "000-14")
    assert days(answer)["last_notice_day"] == ("2026-10-15", "000-14")
    assert days(answer)["reminder_opens"] == ("2026-07-15", "L2")
    assert days(answer)["reminder_closes"] == ("2026-09-15", "L2")


def test_annual_from_31_may_2026() -> None:
    answer = days(ask("dropcloud", started_on="2026-05-31"))
    assert (answer["renewal"][0], answer["last_notice_day"]) == ("2027-05-31", ("2027-02-28", "001-44"))


def test_monthly_from_1_february_2026() -> None:
    answer = days(ask("natso", plan="monthly", started_on="2026-02-01"))
    assert (answer["renewal"], answer["last_notice_day"][0]) == (("2026-03-01", "000-13"), "2026-02-14")


@pytest.mark.parametrize(
    ("on", "renewal"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2026-02-28", "2026-03-31"),
        ("2026-03-31", "2026-04-30"),
        ("2026-04-30", "2026-05-31"),
    ],
)
def test_monthly_anchored_on_31_january(on: str, renewal: str) -> None:
    answer = ask("natso", plan="monthly", started_on="2026-01-31", as_of=on)
    assert days(answer)["renewal"][0] == renewal


def test_a_contract_of_29_february_comes_back_to_its_day() -> None:
    assert days(ask("natso", started_on="2024-02-29", as_of="2027-03-01"))["renewal"][0] == "2028-02-29"
    assert days(ask("natso", started_on="2024-02-29", as_of="2026-03-01"))["renewal"][0] == "2027-02-28"


def test_36_months_from_31_august_2024() -> None:
    answer = days(ask("dobaas", started_on="2024-08-31"))
    assert answer["renewal"] == ("2027-08-31", "004-04")
    assert answer["last_notice_day"] == ("2027-02-28", "004-37")


def test_003_notice_of_21_november_2026() -> None:
    answer = ask("numspot", event("2026-11-21", "terminate"))
    assert days(answer)["contract_ends"] == ("2027-02-19", "003-21")
    assert days(answer)["data_erased"] == ("2027-05-20", "003-24")
    assert any(note.startswith("A7") for note in answer["notes"])


def test_003_formal_notice_of_1_december_2026() -> None:
    notice = event("2026-12-01", "formal_notice")
    end = event("2026-12-09", "terminate", by="provider", reason="non_payment")
    answer = ask("numspot", notice, end, as_of="2026-12-19")
    assert days(answer)["may_suspend_from"] == ("2026-12-09", "003-15")
    assert days(answer)["contract_ends"] == ("2026-12-19", "003-17")
    assert answer["status"] == "ended"
    with pytest.raises(Refused, match="dès le 09/12/2026"):
        ask("numspot", notice, {**end, "on": "2026-12-08"})


def test_001_request_of_18_december_2026_holds_the_erasure() -> None:
    end, request = event("2026-08-20", "terminate"), event("2026-12-18", "reversibility_request")
    answer = ask("dropcloud", end, request, started_on="2025-11-21")  # the last day of service is the 20th
    assert days(answer)["contract_ends"][0] == "2026-11-21"
    assert days(answer)["data_delivered_by"] == ("2027-01-12", "001-50")
    assert days(answer)["silent_validation"] == ("2027-02-02", "001-51")
    assert days(answer)["data_erased"] == ("2027-02-02", "001-48")
    assert any(note.startswith("A5") for note in answer["notes"])
    without = ask("dropcloud", end, started_on="2025-11-21")
    assert days(without)["data_erased"] == ("2026-12-20", "001-48")
    with pytest.raises(Refused, match="20/12/2026 \\(001-49\\)"):
        ask("dropcloud", end, {**request, "on": "2026-12-21"}, started_on="2025-11-21")


def test_002_end_of_24_december_2026_erases_ten_business_days_later() -> None:
    end = event("2026-12-24", "terminate", reason="end_of_business")
    assert days(ask("dobaas", end, started_on="2025-01-01"))["data_erased"] == ("2027-01-11", "002-23")


def test_004_closing_of_15_december_2026() -> None:
    answer = ask("dobaas", event("2026-12-15", "incident", severity=1, opened_at="2026-12-15T09:00"))
    assert days(answer)["report_due"] == ("2027-01-14", "004-18")
    entry = next(each for each in answer["calendar"] if each["what"] == "confirmation_due")
    assert (entry["at"], entry["clause"]) == ("2026-12-15T09:30+01:00", "004-13")


def test_004_letter_received_21_november_2026() -> None:
    request = event("2026-11-18", "reversibility_request", received_on="2026-11-21")
    assert days(ask("dobaas", request))["data_delivered_by"] == ("2027-01-20", "004-30")


@pytest.mark.parametrize(
    ("ordered", "law", "contract"),
    [("2026-11-20", "2026-12-04", "2026-11-28"), ("2026-12-11", "2026-12-28", "2026-12-19")],
)
def test_withdrawal(ordered: str, law: str, contract: str) -> None:
    answer = days(ask("natso", customer="consumer", started_on=ordered))
    assert answer["withdrawal_closes"] == (law, "L1")
    assert answer["withdrawal_closes_by_contract"] == (contract, "000-36")


def test_withdrawing_gives_everything_back_in_fourteen_days() -> None:
    answer = ask("natso", event("2026-12-04", "withdraw"), customer="consumer", started_on="2026-11-20")
    assert cents(answer)["refund"] == (24_000, "L1")
    assert days(answer)["refund_due"] == ("2026-12-18", "L1")
    assert days(answer)["refund_due_by_contract"] == ("2027-02-02", "000-37")
    assert answer["status"] == "withdrawn"
    with pytest.raises(Refused, match="04/12/2026"):
        ask("natso", event("2026-12-05", "withdraw"), customer="consumer", started_on="2026-11-20")
    with pytest.raises(Refused, match="consommateur"):
        ask("natso", event("2026-12-04", "withdraw"), started_on="2026-11-20")


@pytest.mark.parametrize(
    ("amount", "due", "paid", "penalty"),
    [(120_000, "2025-05-31", "2025-07-20", 2_096), (71_244, "2026-01-31", "2026-03-15", 1_020)],
)
def test_late_fee(amount: int, due: str, paid: str, penalty: int) -> None:
    late = event(paid, "late_payment", due_on=due, paid_on=paid, amount_cents=amount)
    answer = cents(ask("numspot", late, started_on="2025-01-01"))
    assert answer["late_penalty"] == (penalty, "003-52")
    assert answer["recovery_fee"] == (4_000, "003-51")
    consumer = cents(ask("natso", late, started_on="2025-01-01", customer="consumer"))
    assert (consumer["late_penalty"][0], consumer["recovery_fee"][0]) == (0, 0)
    silent = cents(ask("dropcloud", late, started_on="2025-01-01"))
    assert (silent["late_penalty"], silent["recovery_fee"]) == ((penalty, "L6"), (4_000, "L6"))


def test_a_half_year_without_rate_is_refused() -> None:
    late = event("2026-08-01", "late_payment", due_on="2026-06-30", paid_on="2026-08-01", amount_cents=1)
    with pytest.raises(Refused, match="2026 S2"):
        ask("numspot", late)


def sla(service: str, measured: float, **fields: Any) -> dict[str, Any]:
    return event(
        "2026-11-10",
        "sla_measure",
        service=service,
        measured_percent=measured,
        mean_month_cents=1_000_000,
        invoice_cents=1_000_000,
        **fields,
    )


def test_sla_example_as_printed_is_capped() -> None:
    printed = (
        sla("object_storage", 97.9, promised_percent=99.99),
        sla("vm_api", 99.95, promised_percent=99.9),
        sla("load_balancer", 98.5, promised_percent=99.8),
    )
    answer = ask("numspot", *printed)
    assert cents(answer)["sla_credit_raw"] == (339_000, "003-75")
    assert cents(answer)["sla_credit_payable"] == (300_000, "003-31")
    assert any(note.startswith("A2") for note in answer["notes"])


def test_sla_example_with_the_figures_of_the_tables() -> None:
    answer = ask("numspot", sla("object_storage", 97.9), sla("vm_api", 99.95), sla("load_balancer", 98.5))
    assert cents(answer)["sla_credit_raw"][0] == 335_000
    assert cents(answer)["sla_credit_payable"][0] == 300_000
    assert days(answer)["sla_claim_closes"] == ("2026-12-05", "003-29")


def test_sla_credit_is_lost_while_a_payment_is_late() -> None:
    late = event("2026-03-20", "late_payment", due_on="2026-02-28", paid_on="2026-03-20", amount_cents=100)
    lost = ask("numspot", late, {**sla("load_balancer", 98.5), "on": "2026-03-10"})
    assert cents(lost)["sla_credit_payable"] == (0, "003-33")
    kept = ask("numspot", late, {**sla("load_balancer", 98.5), "on": "2026-04-10"})
    assert cents(kept)["sla_credit_payable"][0] == 128_000


def test_early_end_at_300_a_month_with_14_months_left() -> None:
    end = event("2025-05-01", "terminate")
    answer = ask("dobaas", end, started_on="2024-01-01", monthly_fee_cents=30_000)
    assert days(answer)["contract_ends"] == ("2025-11-01", "004-42")
    assert cents(answer)["early_end_penalty"] == (84_000, "004-42")
    assert days(answer)["end_at_term"] == ("2027-01-01", "004-37")


def test_early_end_of_a_metered_module_with_200_days_left() -> None:
    usage = event("2026-01-02", "usage", metered_average=480, unit_price_micros=120_000)
    end = event("2026-01-15", "terminate")
    answer = ask("dobaas", end, usage, started_on="2024-01-31", monthly_fee_cents=0)
    assert days(answer)["contract_ends"][0] == "2026-07-15"
    assert days(answer)["end_at_term"][0] == "2027-01-31"  # 200 days later
    assert cents(answer)["metered_end_penalty"] == (37_874, "004-43")


@pytest.mark.parametrize(("monthly", "fee"), [(30_000, 150_000), (80_000, 240_000)])
def test_reversibility_costs_a_quarter_and_at_least_1500(monthly: int, fee: int) -> None:
    answer = ask("dobaas", event("2026-11-21", "reversibility_request"), monthly_fee_cents=monthly)
    assert cents(answer)["reversibility_fee"] == (fee, "002-20")


def test_the_same_exit_on_11_and_on_12_january_2027_gives_two_explained_bills() -> None:
    def leave(day: str) -> dict[str, Any]:
        return ask(
            "dobaas",
            event(day, "terminate", reason="switch"),
            event(day, "reversibility_request", reason="switch"),
            started_on="2024-08-31",
            monthly_fee_cents=30_000,
        )

    before, after = leave("2027-01-11"), leave("2027-01-12")
    assert cents(before)["reversibility_fee"] == (150_000, "002-20")
    assert cents(after)["reversibility_fee"] == (0, "L5")
    shown = {each["what"]: each["working"] for each in before["amounts"]}
    assert "fiche" in shown["reversibility_fee"] and "1\u202f500,00\u00a0€" in shown["reversibility_fee"]
    assert any("sans fiche de coût, rien n'est facturable" in note for note in before["notes"])
    assert "interdit" in {each["what"]: each["working"] for each in after["amounts"]}["reversibility_fee"]
    assert days(after)["data_erased"] == ("2027-05-11", "L5"), "retrievable thirty days after the transition"


def test_refund_of_the_unused_part_when_the_provider_ends() -> None:
    end = event("2026-04-11", "terminate", by="provider", reason="breach")
    answer = ask("natso", end, started_on="2026-01-01", paid_through="2026-12-31")
    assert cents(answer)["refund"] == (17_425, "000-54")
    by_customer = ask("natso", event("2026-04-11", "terminate"), started_on="2026-01-01")
    assert cents(by_customer)["refund"] == (0, "000-57")
    third = ask("dobaas", {**end, "reason": "non_payment"}, started_on="2026-01-01")
    assert cents(third)["refund"] == (0, "004-41")
