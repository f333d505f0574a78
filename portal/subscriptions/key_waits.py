"""Keys of a consumer: they leave at once only if she gives up her right to withdraw, and proves it.

A key is digital content. Who supplies it at once loses nothing to a later withdrawal only with three proofs:
her express consent, her acknowledgement that she loses the right, and a confirmation that she can keep. Until
then her paid keys wait, and without a word of hers they leave the day after her delay has ended.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.answers.case import Event
from portal.answers.run import answer
from portal.billing.payment_rules import Payment
from portal.customers.models import ContactRole, CustomerKind
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.licensing.models import ActivationKey
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink, make_link, revoke_links
from portal.mail import queue_mail
from portal.subscriptions.case import bare_case
from portal.subscriptions.key_issue import issue_keys
from portal.subscriptions.models import Order, Subscription, SubscriptionState, subscription_moved
from portal.subscriptions.waiting_keys import K, KeyWait, is_paid, wait_of


def waive(wait: KeyWait, link: SignedLink) -> None:
    """Her code was right: the keys leave, with the confirmation that she can keep.

    Raises Refused while the order's payment has gone back.

    Source: L1 (C. conso L221-28 13°, L221-13), over 000-36; 000-10.
    """
    if not is_paid(wait.order):
        raise Refused(_("Le paiement de cette commande manque de nouveau : la clé attend."))
    wait._take("waive", by=Signer(link.recipient), words=wait.words)
    wait.signer, wait.confirmed_at = link.recipient, clock.now()
    revoke_links(Purpose.WAIVE, wait)
    wait.confirmation_uid = _send(wait).uid


def leave(wait: KeyWait, *, by: Actor) -> None:
    """The delay has ended, and nothing is left to withdraw from.

    Source: 000-36; L1 (C. conso L221-18).
    """
    wait._take("leave", by=by)
    revoke_links(Purpose.WAIVE, wait)
    _send(wait)


def issue_or_wait(
    order: Order, subscription: Subscription, payment: Payment, *, by: Actor
) -> tuple[list[ActivationKey], tuple[KeyWait, str] | None]:
    """The keys of a paid order, or, for a consumer, why they wait and the token of the page that frees them.

    Source: 000-10, 000-36; L1 (C. conso L221-28 13°).
    """
    last = _last_day(subscription)
    if not order.product.has_keys or last is None:
        return issue_keys(order, subscription, payment, by=by), None
    wait = KeyWait(
        organisation=order.customer.organisation,
        order_id=order.id,
        subscription_id=subscription.id,
        customer_id=order.customer_id,
        state=K.WAITING,
        leave_on=last + timedelta(days=1),
        words="",
        signer="",
        address="",
        browser="",
    )
    db.session.add(wait)
    db.session.flush()
    return [], (wait, link_for(wait))


def _last_day(subscription: Subscription) -> date | None:
    """The last day on which a consumer may withdraw; None for whoever has no such right."""
    if subscription.customer.kind != CustomerKind.CONSUMER:
        return None
    today = Event(clock.today(), "withdraw", {"activated": False})
    closes = answer(replace(bare_case(subscription), events=(today,))).find("withdrawal_closes")
    return closes.on if closes is not None else None


def link_for(wait: KeyWait) -> str:
    """The token of a new link for her; the one before stops working."""
    recipient = wait.customer.contact(ContactRole.SIGNATORY).email
    days = max((wait.leave_on - clock.today()).days, 1)
    _link, token = make_link(
        Purpose.WAIVE, wait, owner=wait.customer.organisation, recipient=recipient, days=days
    )
    return token


def send_link(wait: KeyWait, token: str, *, by: Actor) -> None:
    """Her link has gone astray, or she asks for it in her space."""
    record(wait.order, "key_link", by=by)
    queue_mail(
        wait.customer.contact(ContactRole.SIGNATORY),
        "subscriptions/mail_keys_wait.txt",
        about=wait.order,
        owner=wait.customer.organisation,
        language=wait.customer.language,
        urgent=True,
        wait=(wait, token),
        order=wait.order,
    )


def _send(wait: KeyWait) -> Any:
    """The keys, and with them what she ticked."""
    customer = wait.customer
    keys = issue_keys(wait.order, wait.subscription, Payment.VALIDATED, by=SYSTEM)
    return queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "subscriptions/mail_keys.txt",
        about=wait.order,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        wait=wait,
        keys=keys,
        order=wait.order,
        subscription=wait.subscription,
        entity=wait.order.legal_entity,
    )


@jobs.periodic("subscriptions.waiting_keys", jobs.daily)
def look_at_waiting_keys() -> None:
    """One task for each order whose delay has ended.

    Source: 000-36; L1 (C. conso L221-18).
    """
    query = select(KeyWait).where(KeyWait.state == K.WAITING, KeyWait.leave_on <= clock.today())
    for wait in db.session.scalars(query.order_by(KeyWait.id)):
        ref = f"{wait.uid}:{clock.today():%y%m%d}"
        jobs.enqueue("subscriptions.key_leaves", ref, wait.customer.organisation)


@jobs.job("subscriptions.key_leaves", jobs.Lane.PROMPT)
def let_keys_leave(claim: jobs.Claim) -> None:
    """Not while the order's payment has gone back: the next day asks again.

    Source: 000-10, 000-36.
    """
    uid = claim.ref.partition(":")[0]
    wait = db.session.scalars(select(KeyWait).where(KeyWait.uid == uid).with_for_update()).one()
    if wait.state == K.WAITING and wait.subscription.is_over:
        wait.drop(by=SYSTEM)
    elif wait.state == K.WAITING and is_paid(wait.order):
        leave(wait, by=SYSTEM)
    claim.step(done=1, total=1)


@subscription_moved.connect
def drop_what_is_not_owed(subscription: Subscription, **_more: Any) -> None:
    """Withdrawn from: its keys never leave."""
    wait = wait_of(subscription.order_uid)
    if wait is not None and subscription.state == SubscriptionState.WITHDRAWN and wait.can("drop"):
        wait.drop(by=SYSTEM)
