"""What the law gives to people who are not in business, and to whoever changes providers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.debits import pay_by_wire
from portal.billing.payment_rules import Payment
from portal.billing.run import bill_customers
from portal.customers.models import CustomerKind
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, timeline
from portal.licensing.models import ActivationKey, LicenseRefused, keys_of
from portal.mail import mails_about
from portal.subscriptions.key_issue import issue_keys
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.reminders import remind, reminder_of, send_reminders
from portal.subscriptions.termination import Notice, terminate, work_out
from portal.subscriptions.withdrawal import withdraw, withdrawal_of
from tests.builders import House, an_outsider, stored
from tests.contracts.builders import a_subscription, natso, numspot

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
TODAY = date(2026, 11, 23)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def consumer(house: House, started_on: date = TODAY, **values: object) -> Subscription:
    billed = date(started_on.year + 1, started_on.month, started_on.day)
    return natso(
        house, kind=CustomerKind.CONSUMER, siren=None, started_on=started_on, billed_before=billed, **values
    )


def pay_first_period(subscription: Subscription) -> None:
    subscription.owe(
        origin=f"subscription:{subscription.uid}:{subscription.started_on}",
        label="Première période",
        unit_cents=5988,
    )
    invoices = bill_customers([subscription.customer], subscription.legal_entity, clock.today())
    pay_by_wire(invoices[0], clock.today(), "VIR", by=SYSTEM)
    db.session.commit()


def test_a_consumer_withdraws_in_two_steps_and_gets_a_receipt(house: House, browser: Browser) -> None:
    subscription = consumer(house)
    pay_first_period(subscription)
    order = subscription.order_uid
    window = browser(house.owner)
    shown = window.get(f"/subscriptions/{subscription.uid}")
    assert "Renoncer au contrat ici" in shown.text
    page = window.get(f"/subscriptions/{subscription.uid}/withdrawal")
    assert "Confirmer la rétractation" in page.text and "7 décembre 2026" in page.text
    assert stored(subscription).state == SubscriptionState.ACTIVE, "looking changes nothing"
    done = window.post(f"/subscriptions/{subscription.uid}/withdrawal")
    assert done.status_code == 303
    subscription = stored(subscription)
    assert (subscription.state, subscription.refund_cents) == (SubscriptionState.WITHDRAWN, 5988)
    assert subscription.order_uid == order and subscription.shown_state() == "retracted"
    (receipt,) = mails_about(subscription)
    assert "23 novembre 2026 10:00:00" in receipt.body and "Je me rétracte" in receipt.body
    assert "59,88" in receipt.body and "7 décembre 2026" in receipt.body
    assert "withdraw" in {event.what for event in timeline(subscription)}
    assert window.post(f"/subscriptions/{subscription.uid}/withdrawal").status_code == 422, "once only"
    assert len(mails_about(subscription)) == 1


def test_a_withdrawal_revokes_the_keys(house: House) -> None:
    subscription = consumer(house)
    (key,) = _keys(subscription)
    withdraw(subscription, by=SYSTEM)
    with pytest.raises(LicenseRefused):
        key.check_usable(TODAY)


def _keys(subscription: Subscription) -> list[ActivationKey]:
    from portal.subscriptions.models import Order

    order = db.session.scalars(db.select(Order).where(Order.uid == subscription.order_uid)).one()
    issue_keys(order, subscription, Payment.VALIDATED, by=SYSTEM)
    db.session.flush()
    return [key for key in keys_of(subscription.customer) if key.source_uid == subscription.order_uid]


@pytest.mark.parametrize(("day", "open_"), [(date(2026, 12, 7), True), (date(2026, 12, 8), False)])
def test_the_fourteenth_day_is_the_last(house: House, at: At, day: date, open_: bool) -> None:
    subscription = consumer(house)
    at(noon(day))
    assert (withdrawal_of(subscription) is not None) is open_
    if not open_:
        with pytest.raises(Refused, match="passé"):
            withdraw(subscription, by=SYSTEM)
        assert subscription.state == SubscriptionState.ACTIVE


def test_a_business_has_no_withdrawal(house: House, browser: Browser) -> None:
    subscription = natso(house, started_on=TODAY)
    assert withdrawal_of(subscription) is None
    window = browser(house.owner)
    assert "Renoncer au contrat" not in window.get(f"/subscriptions/{subscription.uid}").text
    assert window.post(f"/subscriptions/{subscription.uid}/withdrawal").status_code == 422


def test_another_reseller_withdraws_nothing(house: House, browser: Browser) -> None:
    subscription = consumer(house)
    answer = browser(an_outsider(house)).post(f"/subscriptions/{subscription.uid}/withdrawal")
    assert answer.status_code == 404
    assert stored(subscription).state == SubscriptionState.ACTIVE


@pytest.mark.parametrize(
    ("day", "sent"),
    [
        (date(2026, 7, 14), False),
        (date(2026, 7, 15), True),
        (date(2026, 9, 15), True),
        (date(2026, 9, 16), False),
    ],
)
def test_the_reminder_leaves_within_its_window_once(house: House, at: At, day: date, sent: bool) -> None:
    subscription = consumer(house, started_on=date(2026, 1, 15))
    at(noon(day))
    assert (remind(subscription, day) is not None) is sent
    db.session.flush()
    assert remind(subscription, day) is None, "once"
    mails = [mail for mail in mails_about(subscription) if "Reconduction" in mail.subject]
    assert len(mails) == sent
    if sent:
        assert "15 octobre 2026" in mails[0].subject and "15 janvier 2027" in mails[0].body


def test_the_daily_job_reminds_consumers_and_leaves_businesses_alone(house: House, at: At) -> None:
    private = consumer(house, started_on=date(2026, 1, 15))
    business = a_subscription(house, private.product, started_on=date(2026, 1, 15))
    at(noon(date(2026, 8, 3)))
    send_reminders()
    db.session.flush()
    assert reminder_of(private, date(2027, 1, 15)) is not None
    assert reminder_of(business, date(2027, 1, 15)) is None


def test_a_contract_renewed_without_its_reminder_is_left_at_once_with_the_unused_part(house: House) -> None:
    subscription = consumer(house, started_on=date(2024, 1, 15))
    subscription.billed_before = date(2027, 1, 15)
    result = work_out(subscription, Notice(TODAY))
    assert result.ends_on == TODAY
    assert result.refund_cents == round(5988 * 53 / 365)
    assert "L2" in {clause for each in result.answers for clause in each.clauses}
    terminate(subscription, Notice(TODAY), by=SYSTEM)
    assert subscription.refund_cents == result.refund_cents


def test_with_its_reminder_the_contract_keeps_its_notice(house: House, at: At) -> None:
    subscription = consumer(house, started_on=date(2025, 1, 15))
    at(noon(date(2025, 8, 1)))
    reminder = remind(subscription, date(2025, 8, 1))
    assert reminder is not None
    (mail,) = [mail for mail in mails_about(subscription) if mail.uid == reminder.mail_uid]
    mail.sent_at = noon(date(2025, 8, 1))
    db.session.flush()
    at(noon(TODAY))
    assert work_out(subscription, Notice(TODAY)).ends_on == date(2028, 1, 15)


def test_a_consumer_is_not_asked_for_a_registered_letter(house: House) -> None:
    private = consumer(house)
    business = a_subscription(house, private.product)
    forms = {
        name: next(
            each for each in work_out(subscription, Notice(TODAY)).answers if each.what == "notice_form"
        )
        for name, subscription in (("consumer", private), ("business", business))
    }
    assert (forms["consumer"].value, forms["consumer"].clauses) == ("online", ("000-55", "L2"))
    assert (forms["business"].value, forms["business"].clauses) == ("registered_letter", ("000-55",))


def test_a_switch_ends_in_two_months_and_thirty_days_and_gives_back_what_was_paid(house: House) -> None:
    subscription = natso(house)
    result = work_out(subscription, Notice(TODAY, "switch"))
    # the last day of the transition, the 22nd, still has the service
    assert result.ends_on == date(2027, 2, 23)
    assert result.outcome.find("last_usable_day").on == date(2027, 2, 22)
    subscription.billed_before = date(2028, 1, 15)
    result = work_out(subscription, Notice(TODAY, "switch"))
    assert result.refund_cents == round(5988 * 326 / 365)
    plain = work_out(subscription, Notice(TODAY))
    assert (plain.ends_on, plain.refund_cents) == (date(2028, 1, 15), 0)


def test_a_contract_that_ends_sooner_than_the_law_keeps_its_own_end(house: House) -> None:
    subscription = numspot(house)
    assert work_out(subscription, Notice(TODAY, "switch")).ends_on == date(2027, 2, 21)


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        (CustomerKind.CONSUMER, "Confirmer ici suffit : le contrat demande une lettre recommandée, mais"),
        (CustomerKind.NON_PROFESSIONAL, "(C. conso L215-1-1, L215-3) permet aux particuliers et aux"),
        (CustomerKind.BUSINESS, "Le contrat demande une lettre recommandée, à envoyer le jour indiqué."),
        (CustomerKind.PUBLIC_BODY, "n'envoie rien à votre place : les deux sont nécessaires."),
    ],
)
def test_000_55_the_page_says_whether_the_letter_is_needed(
    house: House, browser: Browser, kind: CustomerKind, holds: str
) -> None:
    """000-55, L2: the contract's letter counts, unless the law lets the customer leave on line."""
    subscription = natso(house, kind=kind)
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}/termination").text
    said = unescape(page).replace("\xa0", " ")
    assert holds in said
    assert ("Confirmer ici suffit" in said) == (
        kind in {CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL}
    )
    terminate(subscription, Notice(TODAY), by=SYSTEM)
    db.session.commit()
    (mail,) = mails_about(subscription)
    asked = "demande aussi une lettre recommandée, à envoyer le 23 novembre 2026" in mail.body
    assert asked == (kind not in {CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL})


def test_a_contract_that_asks_for_no_form_says_so(house: House, browser: Browser) -> None:
    subscription = numspot(house)
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}/termination").text
    assert "Le contrat ne fixe pas de forme" in unescape(page)
