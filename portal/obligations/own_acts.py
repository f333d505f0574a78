"""What else the provider owes by a day: debits told before, erasures, their certificates; and what a call
waits for.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select

from portal import clock
from portal.db import db
from portal.deadlines import end_of_paris_day
from portal.mail import Mail
from portal.obligations.models import Duty
from portal.obligations.sources import LOOKED_BACK, Looked, Owed, Source, since
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.sepa.models import Collection, CollectionState
from portal.sepa.rules import last_prenotification_day
from portal.terms.answered import Answered
from portal.tickets.clocks import clocks_of
from portal.tickets.kinds import Source as From
from portal.tickets.models import NOT_CLOSED, Ticket

_NOTICE = "sepa/mail_debit"
_CERTIFIED = "RGPD 28(3)(g)"  # where the contract promises no certificate of its own


def prenotifications() -> Iterator[Looked]:
    """Each debit is told so many days before; kept once the mail has left. Source: 003-50."""
    told = select(func.min(Mail.sent_at)).where(
        Mail.kind == _NOTICE, Mail.subject_uid == Collection.uid, Mail.created_at >= Collection.announced_at
    )
    query = select(Collection, told.scalar_subquery())
    query = query.where(Collection.due_on > clock.today() - LOOKED_BACK)
    for row, told_at in db.session.execute(query.order_by(Collection.id)).all():
        about = f"debit:{row.uid}"
        owed = Owed(
            about,
            "mail",
            Duty.DEBIT,
            row.mandate.customer,
            row.reference,
            f"/sepa/collections/{row.uid}",
            "003-50",
            end_of_paris_day(last_prenotification_day(row.due_on, row.notice_days)),
            told_at,
            ("debit_refund",),
        )
        is_off = row.state == CollectionState.CANCELLED
        yield Looked(about, () if is_off else (owed,))


def erasures() -> Iterator[Looked]:
    """The day on which data are gone, and the proof of it. Source: 001-46, 001-48, 002-23, 003-24, 003-59,
    004-32; regulation (EU) 2016/679, art. 28 (3) (g).
    """
    case = ReversibilityCase
    at_rest = case.state.in_((CaseState.ERASED, CaseState.CANCELLED))
    query = select(case).where(~at_rest | (case.erased_at > since()))
    for row in db.session.scalars(query.order_by(case.id)).all():
        about = f"erasure:{row.uid}"
        owed: list[Owed] = []
        if row.state != CaseState.CANCELLED:
            owed = [each for each in (_erasure(row, about), _certificate(row, about)) if each is not None]
        yield Looked(about, tuple(owed))


def _erasure(row: ReversibilityCase, about: str) -> Owed | None:
    due: Answered | None = row.destruction or row.erasure
    if due is None or not due.sources or not isinstance(due.value, date):
        return None
    return Owed(
        about,
        "erasure",
        Duty.ERASURE,
        row.customer,
        row.vault.name,
        f"/reversibility/{row.uid}",
        due.clause,
        end_of_paris_day(due.on),
        row.erased_at,
        ("authority",),
    )


def _certificate(row: ReversibilityCase, about: str) -> Owed | None:
    """Owed on the day on which the erasure begins; it is written with the proof that nothing is left."""
    begun_at = row.erase_from or row.accepted_at
    if begun_at is None or row.state not in (CaseState.ERASING, CaseState.ERASED):
        return None
    promised = row.contract.find("erasure.certificate_on_request")
    return Owed(
        about,
        "certificate",
        Duty.CERTIFICATE,
        row.customer,
        row.vault.name,
        f"/reversibility/{row.uid}",
        promised.clause if promised is not None and promised.value else _CERTIFIED,
        end_of_paris_day(clock.paris_day(begun_at)),
        row.erased_at,
        ("erasure_proof",),
    )


def confirmations() -> Iterator[Looked]:
    """A call that is confirmed in writing within its minutes; without it no clock counts from the call.

    Source: 004-13.
    """
    alive = Ticket.state.in_(NOT_CLOSED) | (Ticket.closed_at > since())
    query = select(Ticket).where(Ticket.subscription_id.is_not(None), Ticket.source == From.PHONE, alive)
    for row in db.session.scalars(query.order_by(Ticket.id)).all():
        about = f"call:{row.uid}"
        owed = tuple(
            Owed(
                about,
                "confirmation",
                Duty.CONFIRMATION,
                row.customer,
                row.label,
                f"/tickets/{row.uid}",
                each.answer.clause,
                each.ends_at,
                each.done_at,
                ("from_confirmation",),
            )
            for each in clocks_of(row)
            if each.what == "confirmation_due"
        )
        yield Looked(about, owed)


OWN_ACTS: tuple[Source, ...] = (prenotifications, erasures, confirmations)
