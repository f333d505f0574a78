"""The central bank's rates that late penalties rest on, and what a late invoice owes today."""

import re
from collections.abc import Mapping
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.billing.late import late_answers
from portal.billing.late_payment import EcbRate, ecb_rates, semester_of
from portal.billing.models import Invoice, InvoiceState
from portal.db import Row, db
from portal.errors import Refused
from portal.terms.answered import Answered, answered
from portal.terms.law import statute_for
from portal.terms.stack import Stack
from portal.wording import Sentence

_SEMESTER = re.compile(r"20\d\d S[12]").fullmatch
_POINTS = "late.rate_points_basis_points"
_LAW_ALONE = Stack("", "", ())  # an invoice may carry the fees of several contracts


class EnteredRate(Row, db.Model):
    """A half-year's rate that finance has read at the central bank; never changed, so old penalties stand."""

    __tablename__ = "ecb_rate"

    semester: Mapped[str] = mapped_column(String(7), unique=True)  # "2026 S2"
    basis_points: Mapped[int]
    source: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(200))
    entered_on: Mapped[date]


def known_rates() -> Mapping[str, EcbRate]:
    """The rates that ship with the portal, then those entered; a shipped one is never overridden."""
    rows = db.session.scalars(select(EnteredRate).order_by(EnteredRate.semester))
    entered = {
        row.semester: EcbRate(row.semester, row.basis_points, row.source, row.entered_on) for row in rows
    }
    return {**entered, **ecb_rates()}


def missing_semester() -> str | None:
    """The present half-year when its rate is not known; None when it is."""
    present = semester_of(clock.today())
    return None if present in known_rates() else present


def enter_rate(semester: str, basis_points: int, source: str, *, by: Actor) -> EnteredRate:
    """Keep the rate of the first day of a half-year, with where it was read.

    Raises Refused for a half-year that is malformed, to come or known, and for an absurd rate.

    Source: 003-52; C. com. art. L441-10 II.
    """
    if not _SEMESTER(semester):
        raise Refused(_("Un semestre s'écrit comme « 2026 S2 »."), field="semester")
    if semester > semester_of(clock.today()):
        raise Refused(_("Ce semestre n'a pas commencé."), field="semester")
    if semester in known_rates():
        raise Refused(_("Le taux de ce semestre est déjà connu ; il ne change pas."), field="semester")
    if not 0 <= basis_points <= 2_500:
        raise Refused(_("Un taux directeur est compris entre 0 et 25 %%."), field="rate")
    row = EnteredRate(
        semester=semester,
        basis_points=basis_points,
        source=source.strip(),
        entered_by=by.label,
        entered_on=clock.today(),
    )
    db.session.add(row)
    return row


def late_facts(invoice: Invoice) -> list[Answered]:
    """What an overdue invoice owes on top today: penalties by half-year and the fixed fee; empty when none.

    Source: 003-51, 003-52; L6.
    """
    today, kind = clock.today(), invoice.customer.kind.value
    if invoice.state != InvoiceState.ISSUED or invoice.due_on >= today:
        return []
    try:
        return list(late_answers(_LAW_ALONE, kind, invoice.gross_cents, invoice.due_on, today, known_rates()))
    except Refused as refusal:
        points = statute_for(_POINTS, on=invoice.due_on, customer=kind)
        working = Sentence(refusal.template, refusal.values)
        return [answered("late_penalty", None, points, working=working)]
