"""Stripe, by its own library: hosted payment pages, kept cards, refunds and signed events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe

from portal.cardpay.port import BadEvent, Card, CardsDown, Charged, Checkout, Look, Outcome, Wish
from portal.errors import Refused
from portal.wording import N_

_PATIENCE = (5.0, 15.0)  # seconds to connect, and for an answer: a person or a worker waits
_NEWEST = 300  # seconds that a signed event may be old
_PAGE = "checkout.session"
_CARD = ("payment_intent.payment_method",)
_GIVEN_BACK = "charge_already_refunded"

stripe.enable_telemetry = False


class StripeGateway:
    """See :class:`portal.cardpay.port.Gateway`."""

    def __init__(self, key: str, webhook_secret: str, *, api: str = "") -> None:
        """api: another address than Stripe's own, for tests."""
        self._secret = webhook_secret
        client = stripe.StripeClient(
            key,
            base_addresses={"api": api} if api else {},
            http_client=stripe.RequestsClient(timeout=_PATIENCE),
            max_network_retries=0,  # a task tries again, a person too
        )
        self._api = client.v1

    def open_checkout(self, wish: Wish, key: str) -> Checkout:
        params: dict[str, Any] = {
            "client_reference_id": wish.reference,
            "success_url": wish.back,
            "cancel_url": wish.given_up,
            "payment_method_types": ["card"],
            "customer_email": wish.email,
            "locale": wish.language,
            "expires_at": int(wish.closes_at.timestamp()),
        }
        bought = {"currency": "eur", "unit_amount": wish.cents, "product_data": {"name": wish.label}}
        params |= {"mode": "payment", "line_items": [{"price_data": bought, "quantity": 1}]}
        params["payment_intent_data"] = {"description": wish.label, **_metadata(wish.reference)}
        if wish.keeps_card:
            params["customer_creation"] = "always"
            params["payment_intent_data"]["setup_future_usage"] = "off_session"
        with _translated():
            page: Any = self._api.checkout.sessions.create(
                params=params,  # type: ignore[arg-type,unused-ignore]
                options={"idempotency_key": f"checkout-{key}"},
            )
            return Checkout(page.id, page.url)

    def look(self, checkout_id: str) -> Look:
        with _translated():
            page: Any = self._api.checkout.sessions.retrieve(checkout_id, params={"expand": [*_CARD]})
        words = page.to_dict()
        intent = words.get("payment_intent") or {}
        return Look(
            _outcome(words),
            int(words.get("amount_total") or 0),
            str(words.get("currency") or ""),
            str(words.get("client_reference_id") or ""),
            str(intent.get("id", "")),
            bool(intent.get("last_payment_error")),
            _card(words.get("customer"), intent.get("payment_method")),
        )

    def event(self, body: bytes, signature: str) -> str:
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(text, signature, self._secret, _NEWEST)
            about = json.loads(text)["data"]["object"]
            return str(about["id"]) if about["object"] == _PAGE else ""
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
            raise BadEvent(type(error).__name__) from None

    def charge(self, card: Card, cents: int, reference: str, key: str) -> Charged:
        params: dict[str, Any] = {
            "amount": cents,
            "currency": "eur",
            "customer": card.customer,
            "payment_method": card.id,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "description": reference,
            **_metadata(reference),
        }
        try:
            with _translated():
                intent: Any = self._api.payment_intents.create(
                    params=params,  # type: ignore[arg-type,unused-ignore]
                    options={"idempotency_key": f"charge-{key}"},
                )
        except _Declined as refusal:
            return Charged("", False, refusal.code)
        return Charged(intent.id, intent.status == "succeeded", str(intent.status))

    def refund(self, payment_id: str, cents: int, key: str) -> str:
        with _translated():
            try:
                made: Any = self._api.refunds.create(
                    params={"payment_intent": payment_id, "amount": cents},
                    options={"idempotency_key": f"refund-{key}"},
                )
            except stripe.InvalidRequestError as error:
                if error.code != _GIVEN_BACK:
                    raise
                return payment_id
        return str(made.id)


class _Declined(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _metadata(reference: str) -> dict[str, Any]:
    return {"metadata": {"reference": reference}}


def _outcome(page: dict[str, Any]) -> Outcome:
    """Complete and not paid: the bank has not answered yet."""
    if page.get("status") == "complete":
        return Outcome.OPEN if page.get("payment_status") == "unpaid" else Outcome.PAID
    return Outcome.REFUSED if page.get("status") == "expired" else Outcome.OPEN


def _card(customer: Any, kept: Any) -> Card | None:
    if not customer or not isinstance(kept, dict) or not isinstance(kept.get("card"), dict):
        return None
    card = kept["card"]
    label = f"{str(card.get('brand', '')).upper()} •••• {card.get('last4', '')}"
    expires = f"{int(card.get('exp_year') or 0):04d}-{int(card.get('exp_month') or 0):02d}"
    return Card(str(customer), str(kept["id"]), label[:40], expires)


@contextmanager
def _translated() -> Iterator[None]:
    """Stripe's errors as ours; its sentences stay behind, for they may repeat what was sent."""
    try:
        yield
    except stripe.CardError as error:
        raise _Declined(error.code or "card_declined") from None
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise CardsDown(f"Paiement par carte : {type(error).__name__}") from None
    except stripe.StripeError as error:
        if (error.http_status or 500) >= 500 or error.http_status == 409:
            raise CardsDown(f"Paiement par carte : HTTP {error.http_status}") from None
        code = error.code or type(error).__name__
        raise Refused(
            N_("Le prestataire de paiement n'accepte pas cette demande (%(code)s)."), code=code
        ) from None
