"""Annual fees that are paid before their year begins: the pro-forma in time, and the wire that pays it."""

from datetime import date, timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import clock, jobs
from portal.actor import Actor
from portal.answers.rules.periods import last_usable_day
from portal.billing.balance import settle_up
from portal.billing.debits import let_go
from portal.billing.issue import issue_invoice, note_payment
from portal.billing.models import Charge, Invoice, Proforma
from portal.billing.payment_rules import renewal_pro_forma_on
from portal.billing.proformas import issue_proforma
from portal.billing.rules import Priced, as_sold
from portal.billing.sale_vat import Sales
from portal.billing.vat import Vat
from portal.catalogue.models import Method
from portal.customers.models import ContactRole
from portal.customers.references import own_references, printed_references, references_for
from portal.db import db
from portal.errors import Conflict, Refused
from portal.journal import record
from portal.mail import queue_mail
from portal.subscriptions.changes import billed_period, sold_on
from portal.subscriptions.key_ends import follow_keys
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.periods import charge_next_period, fee_due_on, period_label

AHEAD_DAYS = 45  # calendar days that the customer has to pay (A15)


@jobs.periodic("subscriptions.renewal_proformas", jobs.daily)
def send_renewal_proformas() -> None:
    """Every day: ask for the coming annual fee, once, where a contract wants it before its year begins.

    Source: 001-14; A15.
    """
    soon = clock.today() + timedelta(AHEAD_DAYS + 10)
    sent = [method for method in Method if method.is_sent]
    query = select(Subscription).where(
        Subscription.state == SubscriptionState.ACTIVE,
        or_(Subscription.method.in_(sent), Subscription.coming_method.in_(sent)),
        Subscription.billed_before > clock.today(),
        Subscription.billed_before <= soon,
    )
    for subscription in db.session.scalars(query.order_by(Subscription.id)):
        due_on = fee_due_on(subscription)
        if due_on is None or renewal_of(subscription) is not None:
            continue
        if renewal_pro_forma_on(due_on, AHEAD_DAYS) <= clock.today():
            # Another means may have been agreed on since the row was read.
            db.session.refresh(subscription, with_for_update={"of": Subscription})
            if fee_due_on(subscription) == due_on:
                send_renewal(subscription, due_on)


def renewal_of(subscription: Subscription) -> Proforma | None:
    """The pro-forma of the period that comes next."""
    query = select(Proforma).where(
        Proforma.subscription_uid == subscription.uid, Proforma.period_on == subscription.billed_before
    )
    return db.session.scalars(query).one_or_none()


def renewals_of(subscription: Subscription) -> list[Proforma]:
    """The newest first."""
    query = select(Proforma).where(Proforma.subscription_uid == subscription.uid)
    return list(db.session.scalars(query.order_by(Proforma.id.desc())))


def send_renewal(subscription: Subscription, due_on: date) -> Proforma:
    """due_on: last day for paying."""
    start, customer = subscription.billed_before, subscription.customer
    sold = sold_on(subscription, start)
    end = billed_period(subscription, start).ends_on
    with force_locale(customer.language):
        label = period_label(sold.product_name, start, end)
        references = printed_references(references_for(customer, own_references(subscription)))
    line = Priced(
        label, sold.quantity, sold.unit_cents, subscription.includes_vat, subscription.vat_basis_points
    )
    vat = Sales(subscription.legal_entity, clock.today()).vat_of(customer, [line])
    row = issue_proforma(
        customer,
        subscription.legal_entity,
        as_sold(line, vat),
        vat,
        valid_through=due_on,
        subject=subscription,
        references=references,
        subscription_uid=subscription.uid,
        period_on=start,
        method=subscription.method_on(start),
    )
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "subscriptions/mail_renewal_proforma.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        attach=[row.document] if row.document else [],
        subscription=subscription,
        proforma=row,
        method=subscription.method_on(start),
        last_day=last_usable_day(start),
        entity=subscription.legal_entity,
    )
    return row


def pay_renewal(
    proforma: Proforma, *, received_on: date, amount_cents: int, reference: str, by: Actor
) -> Invoice:
    """The wire of a renewal has arrived: its period is charged and its paid invoice leaves, all or nothing.

    What is missing within the issuer's tolerance is let go; a surplus is owed to the customer. Raises
    Conflict when the period was billed meanwhile, Refused for less, for a day to come, and a reference that
    was recorded before.

    Source: 001-14, 000-20.
    """
    query = select(Subscription).where(Subscription.uid == proforma.subscription_uid).with_for_update()
    subscription = db.session.scalars(query).one()
    if subscription.billed_before != proforma.period_on:
        raise Conflict(_("Cette période est déjà facturée : notez le paiement sur sa facture."))
    if not proforma.issued_on <= received_on <= clock.today():
        raise Refused(_("Le paiement se situe entre la pro forma et aujourd'hui."), field="received_on")
    entity = subscription.legal_entity
    if amount_cents < proforma.gross_cents - entity.wire_tolerance_cents:
        raise Refused(_("Le montant ne correspond pas à la pro forma."), field="amount")
    origin = charge_next_period(subscription)
    charge = db.session.scalars(select(Charge).where(Charge.origin == origin)).one()
    with force_locale(subscription.customer.language):
        references = [(_("Pro forma"), proforma.number)]
    invoice = issue_invoice(
        subscription.customer,
        entity,
        [charge],
        method=subscription.method,
        issued_on=clock.today(),
        due_on=max(received_on, clock.today()),
        by=by,
        vat=Vat(**proforma.sale_vat) if proforma.sale_vat else None,
        paid_on=received_on,
        references=references,
    )
    note_payment(invoice, received_on=received_on, reference=reference, by=by, amount_cents=amount_cents)
    let_go(invoice, proforma.gross_cents - amount_cents, received_on, reference, by=by)
    settle_up(invoice, on=received_on, by=by)
    follow_keys(subscription)
    record(subscription, "pay_renewal", by=by, number=proforma.number)
    _send(invoice, subscription)
    return invoice


def _send(invoice: Invoice, subscription: Subscription) -> None:
    customer = subscription.customer
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "billing/mail_invoice.txt",
        about=invoice,
        owner=customer.organisation,
        language=customer.language,
        attach=[invoice.document] if invoice.document else [],
        invoice=invoice,
        collection=None,
        entity=subscription.legal_entity,
    )
