"""Which means of payment is allowed, and what leaves before and after the money is there."""

from datetime import date

import pytest

from portal.billing.payment_rules import (
    Document,
    OrderStep,
    Payment,
    annual_fee_due_on,
    check_mandate,
    check_method,
    check_no_payment_dispute,
    document_for,
    keys_to_send,
    may_confirm_payment,
    order_step,
    renewal_pro_forma_on,
)
from portal.errors import Refused

LATER = ("cheque", "wire")
WAITING, VALIDATED, REFUSED = Payment.WAITING, Payment.VALIDATED, Payment.REFUSED


@pytest.mark.parametrize("method", LATER)
def test_000_17_a_cheque_or_a_wire_gives_a_pro_forma_first(method: str) -> None:
    assert document_for(method, WAITING, LATER) is Document.PRO_FORMA
    assert order_step(method, WAITING, LATER) is OrderStep.AWAITING_PAYMENT


@pytest.mark.parametrize("method", [*LATER, "card", "paypal"])
def test_000_20_the_paid_invoice_comes_once_paid(method: str) -> None:
    assert document_for(method, VALIDATED, LATER) is Document.PAID_INVOICE


@pytest.mark.parametrize("method", ["card", "paypal"])
def test_000_16_a_card_waits_for_approval_without_a_document(method: str) -> None:
    assert document_for(method, WAITING, LATER) is Document.NONE
    assert order_step(method, WAITING, LATER) is OrderStep.PENDING_APPROVAL
    assert order_step(method, VALIDATED, LATER) is OrderStep.PAID
    assert not may_confirm_payment(WAITING)
    assert may_confirm_payment(VALIDATED)


def test_000_18_a_wire_that_arrived_is_confirmed() -> None:
    assert order_step("wire", VALIDATED, LATER) is OrderStep.PAID
    assert may_confirm_payment(VALIDATED)
    assert order_step("cheque", REFUSED, LATER) is OrderStep.AWAITING_PAYMENT


def test_000_34_without_authorisation_the_order_is_refused() -> None:
    assert order_step("card", REFUSED, LATER) is OrderStep.REFUSED
    assert document_for("card", REFUSED, LATER) is Document.NONE
    with pytest.raises(Refused, match="validation du paiement"):
        keys_to_send(REFUSED, [("serveur", 1)])


def test_000_10_keys_leave_after_payment_one_per_licence() -> None:
    ordered = [("poste", 3), ("serveur", 1), ("poste", 2)]
    assert keys_to_send(VALIDATED, ordered) == {"poste": 5, "serveur": 1}
    with pytest.raises(Refused, match="validation du paiement"):
        keys_to_send(WAITING, ordered)


@pytest.mark.parametrize("ordered", [[], [("poste", 0)], [("poste", 2), ("serveur", -1)]])
def test_000_10_an_order_without_a_licence_sends_no_key(ordered: list[tuple[str, int]]) -> None:
    with pytest.raises(Refused, match="aucune licence"):
        keys_to_send(VALIDATED, ordered)


def test_000_21_a_payment_dispute_may_block_the_next_order() -> None:
    check_no_payment_dispute([])
    check_no_payment_dispute(["C-12"], "litige réglé par téléphone")
    for reason in ("", "  "):
        with pytest.raises(Refused, match="C-07, C-12"):
            check_no_payment_dispute(["C-12", "C-07"], reason)


MONTHLY, ANNUAL = ["direct_debit", "card", "paypal"], ["wire", "cheque", "administrative_mandate"]


@pytest.mark.parametrize(
    ("clause", "allowed", "refused"), [("001-12", MONTHLY, "wire"), ("001-14", ANNUAL, "card")]
)
def test_001_12_and_001_14_each_plan_has_its_means(clause: str, allowed: list[str], refused: str) -> None:
    for method in allowed:
        check_method(method, allowed, "001-12")
    with pytest.raises(Refused, match="cette formule"):
        check_method(refused, allowed, "001-12")
    assert refused not in allowed, clause


def test_001_14_the_fee_is_due_the_day_before_the_last_day() -> None:
    due = annual_fee_due_on(date(2027, 1, 14), 1)  # annual from 15 January 2026
    assert due == date(2027, 1, 13)
    assert renewal_pro_forma_on(due, 45) == date(2026, 11, 29)


def test_003_49_a_direct_debit_needs_a_mandate() -> None:
    check_mandate("direct_debit", has_usable_mandate=True)
    check_mandate("wire", has_usable_mandate=False)
    with pytest.raises(Refused, match="mandat signé"):
        check_mandate("direct_debit", has_usable_mandate=False)
