"""Ask for a change, have it signed, carry it out on its day."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from blinker import Namespace
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.models import add_charges
from portal.blobs import Document, keep
from portal.canonical import canonical_json
from portal.catalogue.models import Method, Plan, Product
from portal.changes.paper import amendment_pdf
from portal.changes.planning import Plan as Planned
from portal.changes.planning import Wish, keys_in_force, plan_change, seats_of
from portal.changes.pool_keys import follow_quantity
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import SYSTEM, record
from portal.licensing.models import ActivationKey, issue_key
from portal.licensing.pools import pool_of
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from portal.subscriptions.changes import ChangeKind, ChangeState, SubscriptionChange
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.key_ends import end_of, follow_keys
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.periods import period_label
from portal.subscriptions.seats import fit_seats

LINK_DAYS = 30
# Sent by a change with subscription=, in the transaction in which both have agreed to it.
change_agreed = Namespace().signal("change-agreed")


def ask_change(subscription: Subscription, wish: Wish, seen: str, *, by: Actor) -> SubscriptionChange:
    """Begin a change as it was shown: it counts at once, or waits for the customer's signature.

    seen: of the plan that was on the page. Raises Refused like :func:`plan_change`, and when another day or
    amount would count by now.

    Source: 004-02, 004-36, 001-17.
    """
    plan = plan_change(subscription, wish)
    _check_seen(plan, seen)
    row = SubscriptionChange(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        kind=wish.kind,
        state=ChangeState.ASKED,
        at_once=wish.at_once,
        created_by=by.label,
        **_kept(plan),
    )
    db.session.add(row)
    db.session.flush()
    record(row, "ask", by=by, seen=plan.seen)
    if plan.signature is not None:
        send_link(row, subscription, by=by)
    else:
        _agree(row, subscription, by=by)
        _tell(row, subscription)
    return row


def _check_seen(plan: Planned, seen: str) -> None:
    if seen != plan.seen:
        raise Refused(_("Le montant ou le jour a changé depuis l'affichage de la page : relisez-les."))


def _kept(plan: Planned) -> dict[str, Any]:
    return {
        "effective_on": plan.effective_on,
        "before": plan.before,
        "after": plan.after,
        "pieces": [_as_json(asdict(piece)) for piece in plan.pieces],
        "charge_cents": plan.charge_cents,
        "clause": ", ".join(plan.clauses)[:40],
        "committed_until": plan.committed_until,
    }


def _as_json(piece: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else value.isoformat() for name, value in piece.items()}


def wish_of(row: SubscriptionChange) -> Wish:
    """What was asked for, so that it is planned again on another day."""
    product = None
    if row.kind in (ChangeKind.PLAN, ChangeKind.LENGTH):
        product = db.session.scalars(select(Product).where(Product.uid == row.after["product"])).one()
    return Wish(
        row.kind,
        quantity=row.after["quantity"],
        volume_gb=row.after["volume_gb"],
        unit_cents=row.after["unit_cents"] if row.kind == ChangeKind.VOLUME else None,
        product=product,
        at_once=row.at_once,
        method=Method(row.after["method"]) if row.kind == ChangeKind.LENGTH else None,
    )


def replan(row: SubscriptionChange, subscription: Subscription) -> Planned:
    """What the change leads to if it is agreed today. Raises Refused like :func:`plan_change`."""
    return plan_change(subscription, wish_of(row), but=row)


def send_link(row: SubscriptionChange, subscription: Subscription, *, by: Actor) -> None:
    """A link to the present signatory; the one before stops working."""
    customer = subscription.customer
    contact = customer.contact(ContactRole.SIGNATORY)
    _row, token = make_link(
        Purpose.SIGN_CHANGE, row, owner=customer.organisation, recipient=contact.email, days=LINK_DAYS
    )
    record(row, "send_link", by=by, to=contact.email)
    queue_mail(
        contact,
        "changes/mail_sign.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        subscription=subscription,
        before=_said(row.before),
        after=_said(row.after),
        url=link(f"/amendment/{token}"),
        last_day=clock.today() + timedelta(LINK_DAYS),
    )


def sign_change(
    row: SubscriptionChange, subscription: Subscription, seen: str, *, by: Actor, visitor: dict[str, str]
) -> None:
    """The signatory has typed her code: both have signed, the amendment is kept, the change counts.

    Raises Refused when another day or amount counts than she has read, or the change is possible no more.

    Source: 004-02, 004-36.
    """
    plan = replan(row, subscription)
    _check_seen(plan, seen)
    for name, value in _kept(plan).items():
        setattr(row, name, value)
    row.signed_by, row.signed_at, row.signed_from = by.label, clock.now(), visitor["ip"]
    _agree(row, subscription, by=by)
    amendment = _amendment(row, subscription, visitor)
    _tell(row, subscription, attach=[amendment])


def _amendment(row: SubscriptionChange, subscription: Subscription, visitor: dict[str, str]) -> Document:
    """The signed text, sealed, among the contract's other amendments."""
    today = clock.today()
    with force_locale(subscription.customer.language):
        label = _("Avenant du %(day)s", day=plain_day(today))
        content = amendment_pdf(row, subscription, visitor)
    document = keep(
        content,
        owner=subscription.customer.organisation,
        subject=subscription,
        kind="amendment",
        filename=f"avenant-{today.isoformat()}.pdf",
        media_type="application/pdf",
    )
    signed = SignedAmendment(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        kind=AmendmentKind.AMENDMENT,
        label=label,
        signed_on=today,
        effective_on=max(row.effective_on, today),
        created_by=row.created_by,
        values={},
        document=document,
    )
    subscription.amendments.append(signed)
    return document


def _agree(row: SubscriptionChange, subscription: Subscription, *, by: Actor) -> None:
    row._take("agree", by=by, seen=canonical_json(row.after).decode())
    record(subscription, "change_agreed", by=by, kind=row.kind, effective_on=row.effective_on.isoformat())
    if row.changes_price:
        for price in subscription.coming_prices:
            price.recalled_on = clock.today()  # announced for what was sold before
    db.session.flush()
    db.session.expire(subscription, ["changes"])
    change_agreed.send(row, subscription=subscription)
    if row.effective_on <= clock.today():
        carry_out(row, subscription, by=by)


def carry_out(row: SubscriptionChange, subscription: Subscription, *, by: Actor) -> None:
    """The day of a change has come: it stands on the subscription, its difference is owed, the keys follow.

    Source: 000-58, 002-18, 004-35, 004-36.
    """
    row._take("carry_out", by=by)
    before, after = row.before, row.after
    subscription.quantity, subscription.volume_gb = after["quantity"], after["volume_gb"]
    subscription.unit_cents = after["unit_cents"]
    if row.kind in (ChangeKind.PLAN, ChangeKind.LENGTH):
        product = db.session.scalars(select(Product).where(Product.uid == after["product"])).one()
        subscription.product, subscription.product_name = product, after["product_name"]
    if row.kind == ChangeKind.LENGTH:
        _take_length(row, subscription)
    if row.committed_until is not None or row.kind == ChangeKind.LENGTH:
        subscription.committed_on = row.effective_on
    record(subscription, "change", by=by, before=_said(before), after=_said(after))
    add_charges(_charges(row, subscription))
    _change_keys(row, subscription)
    db.session.flush()
    db.session.expire(subscription, ["changes"])
    keep_term(subscription)


def _take_length(row: SubscriptionChange, subscription: Subscription) -> None:
    """Its periods are counted from the day on; the first is owed less what it takes the place of."""
    subscription.drop_method(by=SYSTEM)  # the length was agreed on with its own
    subscription.plan, subscription.method = Plan(row.after["plan"]), Method(row.after["method"])
    subscription.billing_months = row.after["billing_months"]
    if row.pieces:
        subscription.billed_before = date.fromisoformat(row.pieces[0]["ends_on"])


def _said(kept: dict[str, Any]) -> str:
    volume = f", {kept['volume_gb']} Go" if kept["volume_gb"] else ""
    return f"{kept['quantity']} × {kept['product_name']}{volume}"


def _charges(row: SubscriptionChange, subscription: Subscription) -> list[dict[str, Any]]:
    if row.kind == ChangeKind.LENGTH and row.pieces:
        return [_charge_anew(row, subscription)]
    return [_charge(row, subscription, piece) for piece in row.pieces]


def _charge_anew(row: SubscriptionChange, subscription: Subscription) -> dict[str, Any]:
    """The first period of another length, less the days that were billed before."""
    first = row.pieces[0]
    start, end = (date.fromisoformat(first[name]) for name in ("starts_on", "ends_on"))
    days = sum(piece["days"] for piece in row.pieces[1:])
    with force_locale(subscription.customer.language):
        label = period_label(_said(row.after), start, end)
        if days:
            less = ngettext("moins %(num)d jour déjà facturé", "moins %(num)d jours déjà facturés", days)
            label = f"{label}, {less}"
    return subscription.charge_row(
        origin=f"change:{subscription.uid}:{row.uid}:{first['starts_on']}",
        label=label[:300],
        unit_cents=row.charge_cents,
        clause=row.clause,
    )


def _charge(row: SubscriptionChange, subscription: Subscription, piece: dict[str, Any]) -> dict[str, Any]:
    with force_locale(subscription.customer.language):
        label = _(
            "Changement : %(after)s au lieu de %(before)s, %(days)d jours sur %(of)d à partir du %(day)s",
            after=_said(row.after),
            before=_said(row.before),
            days=piece["days"],
            of=piece["of"],
            day=plain_day(date.fromisoformat(piece["starts_on"])),
        )
    return subscription.charge_row(
        origin=f"change:{subscription.uid}:{row.uid}:{piece['starts_on']}",
        label=label[:300],
        unit_cents=piece["cents"],
        clause=row.clause,
    )


def _change_keys(row: SubscriptionChange, subscription: Subscription) -> None:
    """Seats follow the quantity; the keys of an edition that is left are replaced by one of the new.

    Source: 000-04, 000-43, 000-58.
    """
    if row.kind == ChangeKind.LENGTH:
        follow_keys(subscription)
        return
    keys = keys_in_force(subscription)
    seats, pool = seats_of(subscription, subscription.quantity), pool_of(subscription.product)
    if row.kind == ChangeKind.PLAN and keys:
        for key in keys:
            key.revoke(by=SYSTEM)
        if pool is not None:
            follow_quantity(pool, subscription, [], by=SYSTEM)
            return
        _new_key(subscription, seats, keys[0])
        follow_keys(subscription)
    elif pool is not None:
        follow_quantity(pool, subscription, keys, by=SYSTEM)
    elif keys and row.before["quantity"] != row.after["quantity"]:
        fit_seats(keys, seats, by=SYSTEM)


def _new_key(subscription: Subscription, seats: int, old: ActivationKey) -> ActivationKey:
    return issue_key(
        subscription.customer,
        product=subscription.product_name,
        product_code=subscription.product.key_product,
        seats=seats,
        valid_through=end_of(subscription).through,
        source_uid=old.source_uid,
        by=SYSTEM,
    )


def cancel_change(row: SubscriptionChange, *, by: Actor) -> None:
    """Before its day, by who asked for it. Nothing has been billed of it."""
    row._take("cancel", by=by)
    revoke_links(Purpose.SIGN_CHANGE, row)


def refuse_change(row: SubscriptionChange, reason: str, *, by: Actor) -> None:
    row._take("refuse", by=by, reason=reason)
    row.refusal_reason = reason


def due_changes() -> list[tuple[SubscriptionChange, Subscription]]:
    """Those whose day has come."""
    query = (
        select(SubscriptionChange, Subscription)
        .join(Subscription, Subscription.id == SubscriptionChange.subscription_id)
        .where(SubscriptionChange.state == ChangeState.AGREED)
        .where(SubscriptionChange.effective_on <= clock.today())
        .where(Subscription.state.in_(GOING_ON))
        .order_by(SubscriptionChange.id)
    )
    return [(row, subscription) for row, subscription in db.session.execute(query)]


def subscription_of(row: SubscriptionChange) -> Subscription:
    query = select(Subscription).where(Subscription.id == row.subscription_id)
    return db.session.scalars(query.with_for_update(of=Subscription)).one()


def _tell(row: SubscriptionChange, subscription: Subscription, attach: list[Document] | None = None) -> None:
    customer = subscription.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "changes/mail_agreed.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        attach=attach or [],
        subscription=subscription,
        before=_said(row.before),
        after=_said(row.after),
        change=row,
    )
