"""Batches that must leave before the bank's hour of a day, and debits that will not leave as they are."""

from datetime import date, datetime, time, timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.clock import PARIS
from portal.db import db
from portal.deadlines import minus_target_days
from portal.resellers.issuing import run_by
from portal.sepa.models import Batch, BatchState, Collection, CollectionState, Mandate, MandateState
from portal.today import Cost, Kind, Todo, waits

_LAST_HOUR = 24


def _leaving() -> Select[tuple[Batch]]:
    waiting = Batch.state.in_([BatchState.EXPORTED, BatchState.RELEASED])
    return run_by(Batch, g.actor).where(waiting).options(joinedload(Batch.legal_entity))


def hand_in_by(batch: Batch) -> date | datetime | None:
    """The bank's hour on the last day on which its first debit still comes in time (EPC016-06)."""
    first = db.session.scalar(select(func.min(Collection.due_on)).where(Collection.batch_id == batch.id))
    if first is None:
        return None
    entity = batch.legal_entity
    day = minus_target_days(first, entity.lead_days)
    if entity.cutoff_hour == _LAST_HOUR:
        return day
    return datetime.combine(day, time(entity.cutoff_hour), PARIS)


def _told(batch: Batch) -> Todo:
    is_released = batch.state == BatchState.RELEASED
    return Todo(
        what=_("Remise à déposer à la banque") if is_released else _("Remise à libérer"),
        who=batch.msg_id,
        url=url_for("sepa.show_batch", uid=batch.uid),
        button=_("Déposer") if is_released else _("Libérer"),
        due=hand_in_by(batch),
        cents=batch.total_cents,
    )


waits(
    Kind(
        name="batch.leave",
        label=_l("Remises à la banque"),
        cost=Cost.BANK,
        permission=Permission.BATCH_WRITE,
        rows=_leaving,
        order=(Batch.id,),
        tell=_told,
        everything=lambda: url_for("sepa.list_batches"),
        entry="sepa.cockpit",
    )
)


_SOON = timedelta(days=14)  # what is announced for later may still find its mandate in use again
_IDLE = (MandateState.SUSPENDED, MandateState.REVOKED, MandateState.REFUSED)


def _stuck() -> Select[tuple[Collection]]:
    """Its day has come and no file had it, or its mandate bears no debit: only a person leads it on."""
    today = clock.today()
    idle = select(Mandate.id).where(Mandate.state.in_(_IDLE))
    return (
        run_by(Collection, g.actor)
        .where(Collection.batch_id.is_(None), Collection.state == CollectionState.ANNOUNCED)
        .where(Collection.due_on <= today + _SOON)
        .where(or_(Collection.due_on <= today, Collection.mandate_id.in_(idle)))
        .options(joinedload(Collection.mandate))
    )


waits(
    Kind(
        name="debit.stuck",
        label=_l("Prélèvements qui ne partent pas"),
        cost=Cost.MONEY,
        permission=Permission.BATCH_WRITE,
        rows=_stuck,
        order=(Collection.due_on, Collection.id),
        tell=lambda row: Todo(
            what=_("Prélèvement qui ne partira pas : %(reference)s", reference=row.reference),
            who=row.mandate.debtor_name,
            url=url_for("sepa.show_collection", uid=row.uid),
            button=_("Voir"),
            due=row.due_on,
            cents=row.amount_cents,
        ),
        everything=lambda: url_for("sepa.cockpit"),
        entry="sepa.cockpit",
    )
)
