"""The adapter, spoken to over HTTP: shapes, errors, signatures, and secrets that stay where they are."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal import cardpay
from portal.cardpay import BadEvent, Card, CardsDown, Outcome, Wish
from portal.cardpay import stripe_gateway as adapter
from portal.cardpay.stripe_gateway import StripeGateway
from portal.errors import Refused
from portal.operations.checks import judge
from tests.fake_stripe import KEY, SECRET, Stripe, a_stripe, signed

WISH = Wish(
    29940,
    "abcdefghij234567",
    "5 × NATSO BACKUP+",
    "achats@client.example",
    "fr",
    "https://portal.example/pay/x/return",
    "https://portal.example/pay/x",
    datetime(2026, 11, 23, 10, tzinfo=UTC),
    keeps_card=True,
)
CARD = Card("cus_1", "pm_4242", "VISA •••• 4242", "2028-11")


@pytest.fixture
def stripe() -> Iterator[Stripe]:
    with a_stripe() as stripe:
        yield stripe


@pytest.fixture
def gateway(stripe: Stripe) -> StripeGateway:
    return StripeGateway(KEY, SECRET, api=stripe.address)


def test_a_page_is_opened_once_for_a_key_and_says_how_it_stands(
    stripe: Stripe, gateway: StripeGateway
) -> None:
    page = gateway.open_checkout(WISH, "one")
    assert gateway.open_checkout(WISH, "one") == page and len(stripe.pages) == 1
    assert page.address.startswith("https://checkout.stripe.example/") and page.address not in repr(page)
    sent = stripe.asked[0][2]
    assert sent["line_items[0][price_data][unit_amount]"] == "29940" and sent["mode"] == "payment"
    assert sent["payment_intent_data[setup_future_usage]"] == "off_session"
    before = gateway.look(page.id)
    assert (before.outcome, before.card, before.declined) == (Outcome.OPEN, None, False)
    stripe.decline()
    assert gateway.look(page.id).declined
    stripe.pay()
    after = gateway.look(page.id)
    assert (after.outcome, after.cents, after.currency) == (Outcome.PAID, 29940, "eur")
    assert (after.reference, after.payment_id, after.card) == ("abcdefghij234567", "pi_1", CARD)


def test_a_page_that_nobody_paid_is_refused(stripe: Stripe, gateway: StripeGateway) -> None:
    page = gateway.open_checkout(replace(WISH, keeps_card=False), "one")
    stripe.expire()
    assert gateway.look(page.id).outcome is Outcome.REFUSED


@pytest.mark.parametrize("fault", ["500", "slow", "gone"])
def test_a_gateway_that_is_down_is_a_matter_of_time(
    stripe: Stripe, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    stripe.down = fault == "500"
    if fault == "slow":
        stripe.late = 0.4
        monkeypatch.setattr(adapter, "_PATIENCE", (0.1, 0.1))
    address = "http://127.0.0.1:1" if fault == "gone" else stripe.address
    with pytest.raises(CardsDown) as down:
        StripeGateway(KEY, SECRET, api=address).open_checkout(WISH, "one")
    assert KEY not in str(down.value)


def test_a_wrong_key_is_refused_and_not_repeated(stripe: Stripe) -> None:
    with pytest.raises(Refused) as refusal:
        StripeGateway("sk_test_wrong", SECRET, api=stripe.address).look("cs_1")
    assert "sk_test" not in str(refusal.value)


def test_a_kept_card_is_charged_once_or_refused_by_its_bank(stripe: Stripe, gateway: StripeGateway) -> None:
    paid = [gateway.charge(CARD, 1200, "FA-2026-000001", "one") for _ in range(2)]
    assert [each.is_paid for each in paid] == [True, True] and len(stripe.intents) == 1
    stripe.declines = "insufficient_funds"
    refused = gateway.charge(CARD, 1200, "FA-2026-000002", "two")
    assert (refused.is_paid, refused.why) == (False, "insufficient_funds")


def test_money_goes_back_once(stripe: Stripe, gateway: StripeGateway) -> None:
    paid = gateway.charge(CARD, 1200, "FA-2026-000001", "one")
    assert gateway.refund(paid.payment_id, 1200, "one") == gateway.refund(paid.payment_id, 1200, "one")
    assert gateway.refund(paid.payment_id, 1200, "a day later") == paid.payment_id
    assert sum(row["amount"] for row in stripe.refunds) == 1200


def test_an_event_is_believed_by_its_signature_only(stripe: Stripe, gateway: StripeGateway) -> None:
    body, headers = stripe.event("cs_test_1")
    assert gateway.event(body, headers["Stripe-Signature"]) == "cs_test_1"
    old = int(time.time()) - 3600
    other = b'{"data": {"object": {"id": "pi_1", "object": "payment_intent"}}}'
    assert gateway.event(other, signed(other)) == ""
    for bad, sign in (
        (body, ""),
        (body, "t=x,v1=y"),
        (body + b" ", headers["Stripe-Signature"]),
        (body, signed(body, at=old)),
        (body, signed(body, "whsec_other")),
        (b"\xff", signed(b"\xff")),
        (b"[]", signed(b"[]")),
    ):
        with pytest.raises(BadEvent):
            gateway.event(bad, sign)


def test_it_is_off_until_both_secrets_are_there(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        assert not cardpay.is_configured()
        with pytest.raises(Refused, match="pas configuré"):
            cardpay.gateway()
        (tmp_path / "key").write_text(f"{KEY}\n")
        monkeypatch.setitem(app.config, "CARD_KEY_FILE", str(tmp_path / "key"))
        assert not cardpay.is_configured()
        (tmp_path / "card-webhook-secret").write_text(SECRET)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        assert cardpay.is_configured()
        monkeypatch.setitem(app.config, "CARD_KEY_FILE", str(tmp_path / "nowhere"))
        assert not cardpay.is_configured()


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"CARD_KEY": KEY}, "CARD_WEBHOOK_SECRET"),
        ({"CARD_WEBHOOK_SECRET": SECRET}, "CARD_KEY"),
        ({"CARD_KEY": "pk_live_1", "CARD_WEBHOOK_SECRET": SECRET}, "CARD_KEY"),
        ({"CARD_KEY": KEY, "CARD_WEBHOOK_SECRET": "secret"}, "CARD_WEBHOOK_SECRET"),
        ({"CARD_KEY_FILE": "/nowhere/key"}, "CARD_KEY_FILE"),
        ({"CARD_API": "http://api.stripe.example"}, "CARD_API"),
    ],
)
def test_flask_check_judges_the_settings(
    app: Any, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], setting: str
) -> None:
    for name, value in settings.items():
        if name in app.config:
            monkeypatch.setitem(app.config, name, value)
        else:
            monkeypatch.setenv(name, value)
    found = [each for each in judge(app.config) if each.setting.startswith("CARD_")]
    assert [each.setting for each in found] == [setting] and found[0].stops


def test_flask_check_is_content_with_two_secrets(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_KEY", KEY)
    monkeypatch.setenv("CARD_WEBHOOK_SECRET", SECRET)
    assert not [each for each in judge(app.config) if each.setting.startswith("CARD_")]
    found = [each.setting for each in judge({**app.config, "DEMO": False}) if not each.stops]
    assert "CARD_KEY" in found
