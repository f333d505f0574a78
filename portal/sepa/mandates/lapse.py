"""Mandates that fall out of use: named three months before they may no longer be used."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func

from portal import clock
from portal.db import db
from portal.sepa.models import Mandate, MandateState
from portal.sepa.rules import mandate_lapses_on

WARN_MONTHS = 33  # of the 36 without a debit


def lapsing_mandates(query: Any) -> list[Mandate]:
    """Those of ``query`` that nothing was debited on for 33 months and that are not lapsed, soonest first.

    Source: 003-80; EPC016-06.
    """
    today = clock.today()
    last_used = func.coalesce(Mandate.last_presented_on, Mandate.signed_on)
    query = query.where(Mandate.state.in_([MandateState.SIGNED, MandateState.SUSPENDED]))
    query = query.where(last_used <= today - timedelta(days=WARN_MONTHS * 30))
    rows = [row for row in db.session.scalars(query) if _is_lapsing(row)]
    return sorted(rows, key=lambda row: (row.lapses_on, row.id))


def _is_lapsing(mandate: Mandate) -> bool:
    if mandate.signed_on is None or mandate.lapses_on is None:
        return False
    warned_on = mandate_lapses_on(mandate.last_presented_on, mandate.signed_on, WARN_MONTHS)
    return warned_on <= clock.today() < mandate.lapses_on
