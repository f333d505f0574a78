"""What each room says that the provider owes: due, kept and clause are the room's own answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.answers.run import answer
from portal.availability.planned import PlannedState, PlannedWork, WorkNotice
from portal.availability.promises import notice_of
from portal.billing.rules import earliest_price_change
from portal.contracts.models import NoticeState, TermsNotice
from portal.customers.models import Customer, CustomerKind
from portal.db import db
from portal.deadlines import end_of_paris_day, start_of_paris_day
from portal.incidents.rules import last_announcement_at
from portal.mail import Mail
from portal.obligations.models import Duty
from portal.privacy.models import Breach
from portal.privacy.requests import PersonRequest
from portal.privacy.telling import told_of
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.price_steps import NOTICE, PriceStep
from portal.subscriptions.reminded import reminder_of
from portal.terms.in_force import stack_in_force
from portal.tickets.clocks import HOUSES, clocks_of, rights_of
from portal.tickets.models import NOT_CLOSED, Ticket

LOOKED_BACK = timedelta(days=60)  # a record that came to rest before does not change any more
_TICKETS = {"answer_due": Duty.ANSWER, "fix_due": Duty.FIX, "report_due": Duty.REPORT}


@dataclass(frozen=True, slots=True)
class Owed:
    """One obligation. about: the record, whose other obligations no longer count unless it names them."""

    about: str
    what: str
    duty: Duty
    customer: Customer | None
    label: str
    page: str
    clause: str
    due_at: datetime
    kept_at: datetime | None
    rights: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.about}:{self.what}"


@dataclass(frozen=True, slots=True)
class Looked:
    """A record that was looked at, and what is owed about it at present."""

    about: str
    owed: tuple[Owed, ...]


Source = Callable[[], Iterator[Looked]]


def since() -> datetime:
    return clock.now() - LOOKED_BACK


def _before(day: date, is_early: Callable[[date], bool]) -> date | None:
    """The last day of the year before that is early enough by the room's own rule."""
    days = (day - timedelta(days=back) for back in range(366))
    return next((each for each in days if is_early(each)), None)


def tickets() -> Iterator[Looked]:
    """Source: 001-24, 001-25, 001-26, 003-70, 003-71, 003-72, 004-18."""
    alive = Ticket.state.in_(NOT_CLOSED) | (Ticket.closed_at > since()) | Ticket.due_at.is_not(None)
    query = select(Ticket).where(Ticket.subscription_id.is_not(None), alive)
    for row in db.session.scalars(query.order_by(Ticket.id)).all():
        clocks = clocks_of(row)
        rights = tuple(value.key for value in rights_of(row, clocks))
        owed = [
            Owed(
                f"ticket:{row.uid}",
                each.what,
                _TICKETS[each.what],
                row.customer,
                row.label,
                f"/tickets/{row.uid}",
                each.answer.clause,
                each.ends_at,
                each.done_at,
                rights,
            )
            for each in clocks
            if each.what in HOUSES
        ]
        yield Looked(f"ticket:{row.uid}", tuple(owed))


def handovers() -> Iterator[Looked]:
    """Source: 001-49, 004-30, regulation (EU) 2023/2854, art. 25."""
    case = ReversibilityCase
    at_rest = case.state.in_((CaseState.ERASED, CaseState.CANCELLED))
    query = select(case).where(~at_rest | (case.requested_on > clock.today() - LOOKED_BACK))
    for row in db.session.scalars(query.order_by(case.id)).all():
        about, due = f"handover:{row.uid}", row.delivery
        owed: tuple[Owed, ...] = ()
        is_dated = due is not None and bool(due.sources) and isinstance(due.value, date)
        if due is not None and is_dated and row.state != CaseState.CANCELLED:
            ends_at = end_of_paris_day(due.on)
            page, label = f"/reversibility/{row.uid}", row.vault.name
            owed = (
                Owed(
                    about,
                    "delivery",
                    Duty.HANDOVER,
                    row.customer,
                    label,
                    page,
                    due.clause,
                    ends_at,
                    row.delivered_at,
                ),
            )
        yield Looked(about, owed)


def reminders() -> Iterator[Looked]:
    """Of each renewal, once its window is open. Source: L2 (C. conso L215-1)."""
    today = clock.today()
    near = Subscription.last_notice_on.between(today - timedelta(days=100), today + timedelta(days=130))
    query = select(Subscription).join(Customer, Customer.id == Subscription.customer_id)
    query = query.where(Customer.kind.in_((CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL)))
    query = query.where(Subscription.state.in_(GOING_ON), near)
    for row in db.session.scalars(query.order_by(Subscription.id)).all():
        told = answer(bare_case(row, as_of=today))
        opens, closes = told.find("reminder_opens"), told.find("reminder_closes")
        renewal = told.find("renewal")
        if opens is None or closes is None or renewal is None or opens.on > today:
            continue
        reminder = reminder_of(row, renewal.on)
        about = f"reminder:{row.uid}:{renewal.on}"
        owed = Owed(
            about,
            "mail",
            Duty.REMINDER,
            row.customer,
            row.label,
            f"/subscriptions/{row.uid}",
            closes.clause,
            end_of_paris_day(closes.on),
            reminder.sent_at if reminder else None,
            ("leave_freely",),
        )
        yield Looked(about, (owed,))


def breaches() -> Iterator[Looked]:
    """Source: 001-40, 003-58."""
    query = select(Breach).where(Breach.known_at > since())
    for breach in db.session.scalars(query.order_by(Breach.id)).all():
        about, owed = f"breach:{breach.uid}", []
        for told in told_of(breach):
            if told.duty.due_at is None:
                continue
            done = None if told.missing else max(told.told_at[name] for name in told.duty.channels)
            owed.append(
                Owed(
                    about,
                    told.customer.uid,
                    Duty.BREACH,
                    told.customer,
                    breach.name,
                    f"/privacy/breaches/{breach.uid}",
                    ", ".join(told.duty.clauses)[:40],
                    told.duty.due_at,
                    done,
                    ("authority",),
                )
            )
        yield Looked(about, tuple(owed))


def persons() -> Iterator[Looked]:
    """Source: regulation (EU) 2016/679, art. 12 (3); 000-53, 001-43, 004-29."""
    query = select(PersonRequest).where(PersonRequest.received_at > since())
    for row in db.session.scalars(query.order_by(PersonRequest.id)).all():
        about = f"person:{row.uid}"
        passed_on = not row.is_open and row.answered_at is None
        owed = Owed(
            about,
            "answer",
            Duty.PERSON,
            row.customer,
            row.name,
            f"/privacy/requests/{row.uid}",
            row.clause or "RGPD 12(3)",
            end_of_paris_day(row.due_on),
            row.answered_at,
            ("authority",),
        )
        yield Looked(about, () if passed_on else (owed,))


def terms() -> Iterator[Looked]:
    """Source: 003-04, 003-05."""
    query = select(TermsNotice).where(TermsNotice.effective_on > clock.today() - LOOKED_BACK)
    for row in db.session.scalars(query.order_by(TermsNotice.id)).all():
        about, mail = f"terms:{row.uid}", row.mail
        clause = row.refusal.clause if row.refusal else "003-04"
        owed = Owed(
            about,
            "mail",
            Duty.TERMS,
            row.customer,
            row.new_version,
            f"/notices/{row.uid}",
            clause,
            start_of_paris_day(row.effective_on),
            mail.sent_at if mail else None,
            ("old_terms",),
        )
        yield Looked(about, () if row.state == NoticeState.RECALLED else (owed,))


def prices() -> Iterator[Looked]:
    """Source: 000-26."""
    query = select(PriceStep, Subscription).join(Subscription, Subscription.id == PriceStep.subscription_id)
    query = query.where(PriceStep.effective_on > clock.today() - LOOKED_BACK)
    for step, row in db.session.execute(query.order_by(PriceStep.id)).all():
        about, first = f"price:{step.uid}", step.effective_on
        notice = row.terms.on(clock.today()).find(NOTICE)
        months = int(notice.value) if notice else 0
        last = _before(first, lambda day, n=months, to=first: earliest_price_change(day, n) <= to)
        if notice is None or last is None or step.recalled_on is not None:
            yield Looked(about, ())
            continue
        owed = Owed(
            about,
            "mail",
            Duty.PRICE,
            row.customer,
            row.label,
            f"/subscriptions/{row.uid}",
            notice.clause,
            end_of_paris_day(last),
            step.told_at,
            ("old_price",),
        )
        yield Looked(about, (owed,))


def maintenance() -> Iterator[Looked]:
    """Each customer is told of each window. Source: 000-48, 001-33, 003-26."""
    query = select(WorkNotice, PlannedWork, Mail.sent_at)
    query = query.join(PlannedWork, PlannedWork.id == WorkNotice.planned_work_id)
    query = query.outerjoin(Mail, Mail.uid == WorkNotice.mail_uid)
    query = query.where(PlannedWork.starts_at > since(), WorkNotice.revision == PlannedWork.revision)
    for notice, planned, sent_at in db.session.execute(query.order_by(WorkNotice.id)).all():
        about = f"maintenance:{planned.uid}:{notice.customer.uid}"
        stack = stack_in_force(planned.contract, clock.paris_day(planned.starts_at))
        hours, days, value = notice_of(stack)
        if value is None or planned.state == PlannedState.CALLED_OFF:
            yield Looked(about, ())
            continue
        due_at = last_announcement_at(planned.starts_at, hours)
        if days:
            due_at = end_of_paris_day(clock.paris_day(planned.starts_at) - timedelta(days=days))
        owed = Owed(
            about,
            "mail",
            Duty.MAINTENANCE,
            notice.customer,
            planned.words,
            "/status",
            value.clause,
            due_at,
            sent_at,
            ("downtime",),
        )
        yield Looked(about, (owed,))


SOURCES: tuple[Source, ...] = (tickets, handovers, reminders, breaches, persons, terms, prices, maintenance)
