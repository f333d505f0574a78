"""Means of payment, and what leaves before and after a payment is validated, as pure functions."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from enum import StrEnum

from portal.errors import Refused
from portal.wording import N_


class Document(StrEnum):
    """What the customer gets of an order."""

    NONE = "none"
    PRO_FORMA = "pro_forma"
    PAID_INVOICE = "paid_invoice"  # facture acquittée


class Payment(StrEnum):
    """What is known of a payment."""

    WAITING = "waiting"
    VALIDATED = "validated"  # authorised by the bank, or received
    REFUSED = "refused"


class OrderStep(StrEnum):
    """Where an order stands for its payment."""

    AWAITING_PAYMENT = "awaiting_payment"
    PENDING_APPROVAL = "pending_approval"
    PAID = "paid"
    REFUSED = "refused"


def document_for(method: str, payment: Payment, deferred_methods: Collection[str]) -> Document:
    """Which document goes out: a pro-forma while money is on its way, the paid invoice once it is there.

    deferred_methods: means whose money comes later, cheque and wire say; the others are approved at once
    and have nothing before that.

    Source: 000-17, 000-20.
    """
    if payment is Payment.VALIDATED:
        return Document.PAID_INVOICE
    waits = payment is Payment.WAITING and method in deferred_methods
    return Document.PRO_FORMA if waits else Document.NONE


def order_step(method: str, payment: Payment, deferred_methods: Collection[str]) -> OrderStep:
    """Where the order stands: without the bank's authorisation a card order is refused.

    deferred_methods: means whose money comes later; a bounced one leaves the order waiting for money.

    Source: 000-16, 000-17, 000-18, 000-34.
    """
    if payment is Payment.VALIDATED:
        return OrderStep.PAID
    if method in deferred_methods:
        return OrderStep.AWAITING_PAYMENT
    return OrderStep.REFUSED if payment is Payment.REFUSED else OrderStep.PENDING_APPROVAL


def may_confirm_payment(payment: Payment) -> bool:
    """May the confirmation of payment leave? Only once the money is authorised or received.

    Source: 000-10, 000-16, 000-18.
    """
    return payment is Payment.VALIDATED


def keys_to_send(payment: Payment, ordered: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many activation keys the confirmation carries, by edition.

    ordered: edition and number of licences of each line of the order.
    Raises Refused as long as the payment is not validated, and when the order has no licence.

    Source: 000-10, 000-34.
    """
    if not may_confirm_payment(payment):
        raise Refused(N_("Les clés ne partent qu'après la validation du paiement."))
    keys: dict[str, int] = {}
    for edition, quantity in ordered:
        keys[edition] = keys.get(edition, 0) + quantity
    if not keys or min(keys.values()) < 1:
        raise Refused(N_("La commande ne contient aucune licence."))
    return keys


def check_no_payment_dispute(disputed: Collection[str], accepted_because: str = "") -> None:
    """Refuse the order of a customer who disputes the payment of an earlier one.

    disputed: numbers of the earlier orders with an open dispute. accepted_because: reason of a person who
    accepts the order all the same, since the contract allows a refusal and does not impose it.
    Raises Refused, and names the earlier orders.

    Source: 000-21.
    """
    if disputed and not accepted_because.strip():
        raise Refused(
            N_("Un litige de paiement est ouvert sur une commande antérieure (%(orders)s)."),
            orders=", ".join(sorted(disputed)),
        )


def check_method(method: str, allowed: Collection[str], clause: str) -> None:
    """Refuse a means of payment that the plan does not allow.

    allowed: means of the plan, as the contract's data lists them. clause: its id, for the sentence.
    Raises Refused.

    Source: 000-16, 000-17, 001-12, 001-14, 003-49.
    """
    if method not in allowed:
        raise Refused(
            N_("Le contrat ne prévoit pas ce moyen de paiement pour cette formule (%(clause)s)."),
            field="method",
            clause=clause,
        )


def check_mandate(method: str, *, has_usable_mandate: bool, debit: str = "direct_debit") -> None:
    """Refuse a direct debit without a signed mandate.

    debit: name of the means that needs a mandate.
    Raises Refused.

    Source: 003-49, 001-12.
    """
    if method == debit and not has_usable_mandate:
        raise Refused(N_("Le prélèvement demande un mandat signé."))


def annual_fee_due_on(last_day_on: date, days_before: int) -> date:
    """Last day for paying the next annual fee.

    last_day_on: last day of the subscription. days_before: 1 for the day before it.

    Source: 001-14.
    """
    return last_day_on - timedelta(days=days_before)


def renewal_pro_forma_on(fee_due_on: date, days_before: int) -> date:
    """Day on which the pro-forma of the next annual fee goes out, so that it can be paid in time.

    fee_due_on: last day for paying. days_before: calendar days that the provider leaves to the customer.

    Source: 001-14.
    """
    return fee_due_on - timedelta(days=days_before)
