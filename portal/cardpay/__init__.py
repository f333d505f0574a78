"""Payments by card (paiement par carte) at a gateway outside: no card number ever comes here.

What is asked of it is narrow (:mod:`.port`); the one adapter speaks to Stripe. Off unless it is configured.
"""

from portal.cardpay.port import BadEvent, Card, CardsDown, Charged, Checkout, Gateway, Look, Outcome, Wish
from portal.cardpay.setting import gateway, is_configured

__all__ = [
    "BadEvent",
    "Card",
    "CardsDown",
    "Charged",
    "Checkout",
    "Gateway",
    "Look",
    "Outcome",
    "Wish",
    "gateway",
    "is_configured",
]
