"""Mandates that fall out of use: named three months before they may no longer be used."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_

from portal import clock
from portal.db import Plain, db
from portal.sepa.models import Mandate, MandateState
from portal.sepa.rules import mandate_lapses_on

WARN_MONTHS = 33  # of the 36 without a debit


def lapsing_mandates(query: Any) -> list[Mandate]:
    """Those of ``query`` that nothing was debited on for 33 months and that are not lapsed, soonest first.

    Source: 003-80; EPC016-06.
    """
    today = clock.today()
    long_ago = today - timedelta(days=WARN_MONTHS * 30)
    never = and_(Mandate.last_presented_on.is_(None), Mandate.signed_on <= long_ago)
    query = query.where(Plain(Mandate.state).in_([MandateState.SIGNED, MandateState.SUSPENDED]))
    query = query.where(or_(Mandate.last_presented_on <= long_ago, never))
    rows = [row for row in db.session.scalars(query) if _is_lapsing(row)]
    return sorted(rows, key=lambda row: (row.lapses_on, row.id))


def _is_lapsing(mandate: Mandate) -> bool:
    if mandate.signed_on is None or mandate.lapses_on is None:
        return False
    warned_on = mandate_lapses_on(mandate.last_presented_on, mandate.signed_on, WARN_MONTHS)
    return warned_on <= clock.today() < mandate.lapses_on
