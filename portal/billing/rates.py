"""The central bank's rates that late penalties rest on."""

import re
from collections.abc import Mapping
from datetime import date

from blinker import Signal
from flask_babel import gettext as _
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.billing.late_payment import EcbRate, ecb_rates, semester_of
from portal.db import Row, db
from portal.errors import Refused
from portal.once import once

_SEMESTER = re.compile(r"20\d\d S[12]").fullmatch
rate_entered = Signal()  # sent without a sender, in the transaction that enters a rate


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
    return once("ecb rates", _known_rates)


def _known_rates() -> Mapping[str, EcbRate]:
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
    db.session.flush()
    rate_entered.send(None)
    return row
