"""Promises of payment and instalment plans: while they are kept, the ladder stands still."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import UNDER_WAY, debits_of, position_of
from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, InvoiceState, Payment, invoice_paid, payment_reversed
from portal.db import db
from portal.dunning.ladder import keep_step, running_plan
from portal.dunning.models import Instalment, PaymentPlan, PlanState
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.wording import N_, Cents

Dated = tuple[date, int]  # a day and cents


def agree_plan(invoice: Invoice, parts: Sequence[Dated], said_by: str, *, by: Actor) -> PaymentPlan:
    """Note what the customer promises: days and cents that add up to what she owes on this invoice.

    Raises Refused for an invoice that is not owed, days that are past or given twice, amounts that do not add
    up, and while another promise runs.
    """
    if invoice.state != InvoiceState.ISSUED:
        raise Refused(_("Cette facture n'est pas due."))
    if running_plan(invoice) is not None:
        raise Refused(_("Une promesse court déjà pour cette facture."))
    if any(each.state in UNDER_WAY for each in debits_of(invoice)):
        raise Refused(_("Un prélèvement de cette facture est en route : annulez-le d'abord."))
    days = [day for day, _cents in parts]
    if not parts or min(days) < clock.today() or len(set(days)) < len(days):
        raise Refused(_("Donnez des jours à venir, chacun une fois."), field="parts")
    owed = position_of(invoice).rest
    if sum(cents for _day, cents in parts) != owed or min(cents for _day, cents in parts) <= 0:
        raise Refused(N_("Les montants doivent faire %(owed)s en tout."), field="parts", owed=Cents(owed))
    plan = PaymentPlan(
        organisation=invoice.customer.organisation,
        invoice=invoice,
        customer_id=invoice.customer_id,
        customer=invoice.customer,
        state=PlanState.RUNNING,
        said_by=said_by,
    )
    for day, cents in sorted(parts):
        plan.instalments.append(
            Instalment(organisation=invoice.customer.organisation, due_on=day, cents=cents, reference="")
        )
    db.session.add(plan)
    db.session.flush()
    plan.step_to("agree", by=by, parts=len(parts))
    record(invoice, "agree_plan", by=by, reason=said_by)
    keep_step(invoice.customer)
    return plan


def plans_of(invoice: Invoice) -> list[PaymentPlan]:
    query = select(PaymentPlan).where(PaymentPlan.invoice_id == invoice.id)
    return list(db.session.scalars(query.order_by(PaymentPlan.id.desc())))


def break_what_was_not_kept() -> None:
    """The day after an instalment that did not come, the promise is broken and the ladder goes on."""
    query = (
        select(PaymentPlan)
        .join(Instalment)
        .where(
            PaymentPlan.state == PlanState.RUNNING,
            Instalment.received_on.is_(None),
            Instalment.due_on < clock.today(),
        )
    )
    for plan in db.session.scalars(query.order_by(PaymentPlan.id)).unique().all():
        plan.step_to("break", by=SYSTEM)
        plan.ended_on = clock.today()
        record(plan.invoice, "break_plan", by=SYSTEM)
        keep_step(plan.customer)


def receive_instalment(instalment: Instalment, on: date, reference: str, *, by: Actor) -> None:
    """The money of one instalment came in by wire; with the last one the invoice is paid.

    Raises Refused for an instalment that came already, of a promise that no longer runs, a day to come, and a
    reference that was noted before.
    """
    plan = instalment.plan
    if plan.state != PlanState.RUNNING or instalment.received_on is not None:
        raise Refused(_("Cette échéance n'est plus attendue."))
    if not plan.invoice.issued_on <= on <= clock.today():
        raise Refused(_("Le paiement se situe entre l'émission et aujourd'hui."), field="on")
    instalment.received_on, instalment.reference = on, reference
    plan.step_to("receive", by=by, cents=instalment.cents, reason=reference)
    record(plan.invoice, "receive_part", by=by, reason=reference)
    pay_by_wire(plan.invoice, on, reference, by=by, amount_cents=instalment.cents)


@payment_reversed.connect
def expect_it_again(payment: Payment, **_more: Any) -> None:
    """The money of an instalment was noted by mistake: while its promise runs, it is expected as before."""
    query = (
        select(Instalment)
        .join(PaymentPlan)
        .where(
            PaymentPlan.invoice_id == payment.invoice_id,
            PaymentPlan.state == PlanState.RUNNING,
            Instalment.reference == payment.reference,
        )
    )
    for instalment in db.session.scalars(query):
        instalment.received_on, instalment.reference = None, ""


@invoice_paid.connect
def end_its_promise(invoice: Invoice, **_more: Any) -> None:
    """Kept, when every instalment came; without object, when the invoice was paid in another way."""
    plan = running_plan(invoice) if invoice.id is not None else None
    if plan is not None:
        kept = all(each.received_on is not None for each in plan.instalments)
        plan.step_to("keep" if kept else "end", by=SYSTEM)
        plan.ended_on = clock.today()
