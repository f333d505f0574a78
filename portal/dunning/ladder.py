"""Where each late invoice of a customer stands, and what comes next for her, on which day."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import select

from portal import clock
from portal.answers.provider_ends import causes_of
from portal.billing.balance import WITH_THE_BANK, debits_of, position_of
from portal.billing.disputes import open_disputes
from portal.billing.lateness import late_since
from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.db import db
from portal.dunning.contracts import no_holding_back, subscriptions_on
from portal.dunning.models import LateLetter, LateLetterLine, LatePayer, PaymentPlan, PlanState, ladder_of
from portal.dunning.rules import Cure, Stage, cure_of, end_from, next_stage, step_due_on, suspension_from
from portal.endings.models import open_ending
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection, CollectionState
from portal.subscriptions.models import Subscription, SubscriptionState

Pause = Literal["", "dispute", "plan", "debit"]


@dataclass(frozen=True, slots=True)
class Debt:
    """One late invoice: since when it counts as late, how far its ladder went, why it stands still."""

    invoice: Invoice
    payable_until: date
    owed_cents: int
    lines: tuple[LateLetterLine, ...]  # of the letters about it, the first one first
    pause: Pause

    @property
    def stage(self) -> Stage | None:
        return max((line.stage for line in self.lines), key=list(Stage).index, default=None)

    @property
    def formal(self) -> LateLetter | None:
        return next((line.letter for line in self.lines if line.stage == Stage.FORMAL), None)


@dataclass(frozen=True, slots=True)
class Suspension:
    """A subscription whose formal notice was left without effect."""

    subscription: Subscription
    cure: Cure
    due_on: date


@dataclass(frozen=True, slots=True)
class ComingEnd:
    """A suspended subscription that is still not paid, and since when its formal notice counts."""

    subscription: Subscription
    noticed_on: date
    due_on: date
    clause: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What comes next for a customer, on a day: a letter about some invoices, a suspension, or an end."""

    due_on: date
    entity: LegalEntity | None = None
    debts: tuple[tuple[Debt, Stage], ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    endings: tuple[ComingEnd, ...] = ()

    @property
    def name(self) -> str:
        if self.endings:
            return "ending"
        if self.suspensions:
            return "suspension" if any(each.cure.stops_service for each in self.suspensions) else "blocking"
        return max((stage for _debt, stage in self.debts), key=list(Stage).index).value

    @property
    def is_due(self) -> bool:
        return self.due_on <= clock.today()


def debts_of(customer: Customer) -> list[Debt]:
    """What she owes and is late with, the oldest first; nothing that waits for a debit of ours.

    A dispute holds reminders up, unless the contract lets no claim hold back a payment.

    Source: 003-15, 003-17, 004-28, 004-40.
    """
    query = select(Invoice).where(
        Invoice.customer_id == customer.id,
        Invoice.state == InvoiceState.ISSUED,
        Invoice.due_on < clock.today(),
    )
    disputed = {each.invoice_id for each in open_disputes(customer)}
    found = []
    for invoice in db.session.scalars(query.order_by(Invoice.due_on, Invoice.id)):
        due_on = late_since(invoice, clock.today())
        if due_on is None:
            continue
        rest = position_of(invoice).rest
        waits = invoice.id in disputed and no_holding_back(invoice) is None
        pause: Pause = "dispute" if waits else _pause(invoice)
        lines = tuple(line for line in _lines(invoice) if not line.is_over)
        found.append(Debt(invoice, due_on, rest, lines, pause))
    return found


def _lines(invoice: Invoice) -> list[LateLetterLine]:
    query = select(LateLetterLine).where(LateLetterLine.invoice_id == invoice.id)
    return list(db.session.scalars(query.order_by(LateLetterLine.id)))


def _pause(invoice: Invoice) -> Pause:
    """Nobody is asked to pay what a plan spreads, or what we have told her that we debit again."""
    if running_plan(invoice):
        return "plan"
    return "debit" if any(_is_coming(each) for each in debits_of(invoice)) else ""


def _is_coming(debit: Collection) -> bool:
    """With the bank, or announced for a day that has not passed: one that is held may wait for ever."""
    announced = debit.state == CollectionState.ANNOUNCED and debit.due_on >= clock.today()
    return debit.state in WITH_THE_BANK or announced


def running_plan(invoice: Invoice) -> PaymentPlan | None:
    query = select(PaymentPlan).where(
        PaymentPlan.invoice_id == invoice.id, PaymentPlan.state == PlanState.RUNNING
    )
    return db.session.scalars(query).first()


def next_step(customer: Customer, debts: list[Debt]) -> NextStep | None:
    """The next thing that is done about her, and its day: at most one a day; None while all stands still."""
    going_on = [debt for debt in debts if not debt.pause]
    found = (_suspension(customer, going_on), _ending(going_on), *_letters(going_on))
    steps = [step for step in found if step is not None]
    step = min(steps, key=lambda each: (each.due_on, not each.suspensions), default=None)
    if step is not None and step.is_due and _was_told_today(customer):
        tomorrow = clock.today() + timedelta(days=1)
        return replace(step, due_on=tomorrow)
    return step


def _letters(debts: list[Debt]) -> list[NextStep]:
    """One letter of each legal entity: all that falls due until the first of its days, or until today."""
    coming: dict[int, list[tuple[date, Debt, Stage]]] = {}
    for debt in debts:
        stage, entity = next_stage(debt.stage), debt.invoice.legal_entity
        if stage is None:
            continue
        last = debt.lines[-1].letter.sent_on if debt.lines else None
        due = step_due_on(debt.payable_until, stage, ladder_of(entity), last)
        coming.setdefault(entity.id, []).append((due, debt, stage))
    found = []
    for rows in coming.values():
        first = min(due for due, _debt, _stage in rows)
        until = max(first, clock.today())
        taken = tuple((debt, stage) for due, debt, stage in rows if due <= until)
        found.append(NextStep(first, taken[0][0].invoice.legal_entity, taken))
    return found


def _suspension(customer: Customer, debts: list[Debt]) -> NextStep | None:
    found = suspensions_for(debts)
    if not found:
        return None
    first = min(each.due_on for each in found)
    due = tuple(each for each in found if each.due_on <= max(first, clock.today()))
    return NextStep(first, suspensions=due)


def _ending(debts: list[Debt]) -> NextStep | None:
    found = endings_for(debts)
    if not found:
        return None
    first = min(each.due_on for each in found)
    due = tuple(each for each in found if each.due_on <= max(first, clock.today()))
    return NextStep(first, endings=due)


def endings_for(debts: list[Debt]) -> list[ComingEnd]:
    """The suspended subscriptions whose contracts end for these, where the house goes so far.

    Source: 000-54, 001-45, 003-17, 004-40, 004-41.
    """
    noticed = [(debt, debt.formal) for debt in debts if debt.formal is not None]
    on = subscriptions_on([debt.invoice for debt, _letter in noticed])
    found: dict[int, ComingEnd] = {}
    for debt, letter in noticed:
        for subscription in on[debt.invoice.id]:
            end = _end_of(subscription, debt, letter) if letter is not None else None
            if end is not None and subscription.id not in found:
                found[subscription.id] = end
    return list(found.values())


def _end_of(subscription: Subscription, debt: Debt, letter: LateLetter) -> ComingEnd | None:
    ladder, suspended_on = ladder_of(debt.invoice.legal_entity), subscription.suspended_on
    if subscription.state != SubscriptionState.SUSPENDED or subscription.suspended_cause:
        return None
    causes = [each for each in causes_of(subscription.present_terms) if each.name == "non_payment"]
    counted = letter.counts_on(cure_of(subscription.present_terms, ladder.grace_days))
    if not causes or suspended_on is None or counted is None or ladder.end_days is None:
        return None
    if open_ending(subscription) is not None:
        return None
    due = end_from(suspended_on, ladder.end_days, causes[0].first_day(counted))
    return ComingEnd(subscription, counted, due, causes[0].source.clause)


def suspensions_for(debts: list[Debt]) -> list[Suspension]:
    """The subscriptions that may be suspended for these, each with its contract's day.

    Source: 003-15, 003-17, 004-40, 000-54, 001-45.
    """
    noticed = [(debt, debt.formal) for debt in debts if debt.formal is not None]
    on = subscriptions_on([debt.invoice for debt, _letter in noticed])
    days: dict[int, Suspension] = {}
    for debt, letter in noticed:
        for subscription in on[debt.invoice.id]:
            if subscription.is_over or subscription.suspended_on is not None:
                continue
            if subscription.state == SubscriptionState.WITHDRAWN or letter is None:
                continue
            cure = cure_of(subscription.present_terms, ladder_of(debt.invoice.legal_entity).grace_days)
            counted = letter.counts_on(cure)
            if counted is None:
                continue
            due = suspension_from(counted, cure)
            if subscription.id not in days or due < days[subscription.id].due_on:
                days[subscription.id] = Suspension(subscription, cure, due)
    return list(days.values())


def _was_told_today(customer: Customer) -> bool:
    today = clock.today()
    letters = select(LateLetter.id).where(LateLetter.customer_id == customer.id, LateLetter.sent_on == today)
    cut = select(Subscription.id).where(
        Subscription.customer_id == customer.id, Subscription.suspended_on == today
    )
    return db.session.scalar(letters.limit(1)) is not None or db.session.scalar(cut.limit(1)) is not None


def is_kept(customer: Customer) -> bool:
    query = select(LatePayer.id).where(LatePayer.customer_id == customer.id)
    return db.session.scalar(query) is not None


def keep_step(customer: Customer) -> None:
    """Keep what comes next for her, as it stands now; nothing where nothing does.

    Source: 003-15, 003-17, 004-40.
    """
    db.session.flush()
    keep(customer, next_step(customer, debts_of(customer)))


def keep(customer: Customer, step: NextStep | None) -> None:
    """Keep a step that was worked out just now."""
    row = db.session.scalars(select(LatePayer).where(LatePayer.customer_id == customer.id)).one_or_none()
    if step is None:
        if row is not None:
            db.session.delete(row)
        return
    if row is None:
        row = LatePayer(
            organisation=customer.organisation, customer_id=customer.id, step=step.name, due_on=step.due_on
        )
        db.session.add(row)
    row.step, row.due_on = step.name, step.due_on
