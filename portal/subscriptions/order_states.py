"""Where an order stands, and where the rules of its means of payment put it."""

from collections.abc import Collection
from enum import StrEnum

from portal.billing.payment_rules import OrderStep, Payment, order_step
from portal.catalogue.models import Method


class OrderState(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"  # pro-forma sent
    AWAITING_MANDATE = "awaiting_mandate"  # the signing link is with the customer
    PENDING_APPROVAL = "pending_approval"  # by card, and its bank has not authorised it yet
    DELIVERED = "delivered"  # paid or mandated, keys sent where the product has keys
    CANCELLED = "cancelled"
    REFUSED = "order_refused"  # the bank authorised no card; money that comes after all delivers it
    LAPSED = "order_lapsed"  # nobody paid or signed while its price was kept; what comes late delivers it


WAITING = (OrderState.AWAITING_PAYMENT, OrderState.AWAITING_MANDATE, OrderState.PENDING_APPROVAL)
_STATES = {
    OrderStep.AWAITING_PAYMENT: OrderState.AWAITING_PAYMENT,
    OrderStep.PENDING_APPROVAL: OrderState.PENDING_APPROVAL,
    OrderStep.PAID: OrderState.DELIVERED,
    OrderStep.REFUSED: OrderState.REFUSED,
}


def state_for(method: Method, payment: Payment, deferred: Collection[str]) -> OrderState:
    """Where an order of this means stands for its payment; one by direct debit waits for its mandate.

    deferred: means whose money comes after the order.

    Source: 000-16, 000-17, 000-34.
    """
    if method is Method.DIRECT_DEBIT and payment is Payment.WAITING:
        return OrderState.AWAITING_MANDATE
    return _STATES[order_step(method.value, payment, deferred)]
