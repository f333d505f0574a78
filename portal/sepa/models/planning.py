"""Planning a debit: its first possible day, and the announcement to the debtor."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.db import db, new_uid
from portal.deadlines import next_target_day
from portal.errors import Refused
from portal.jobs import insert_once
from portal.journal import record
from portal.leaves import add_leaf
from portal.sepa.formats import epc
from portal.sepa.models.collection import C, Collection, end_to_end_id_of
from portal.sepa.models.mandate import Mandate
from portal.sepa.rules import first_debit_day


def plan_collection(
    mandate: Mandate,
    *,
    amount_cents: int,
    reference: str,
    source_uid: str,
    remittance: str,
    notice_days: int,
    by: Actor,
    not_before: date | None = None,
    attempt: int = 1,
) -> Collection:
    """Plan a debit on its first possible day and tell the debtor, inside the present transaction.

    amount_cents: above zero. notice_days: calendar days promised by the customer's terms. not_before: first
    day that may be chosen. attempt: presentations of the same debt, this one included.
    The same ``source_uid`` gives the collection already planned, unchanged.
    Raises Refused if the amount or the mandate does not allow it.

    Source: 003-50.
    """
    if planned := _find(source_uid):
        return planned
    row = _planned(
        mandate,
        due_on=_due_on(mandate, amount_cents, notice_days, not_before),
        amount_cents=amount_cents,
        reference=reference,
        source_uid=source_uid,
        remittance=remittance,
        notice_days=notice_days,
        attempt=attempt,
    )
    columns = [column.key for column in Collection.__table__.columns if column.key != "id"]
    is_new = insert_once(Collection, {name: getattr(row, name) for name in columns}, ["source_uid"])
    planned = _find(source_uid)
    if planned is None:
        raise LookupError(f"collection of {source_uid} is out of sight")
    if is_new:
        _tell(planned, by)
    return planned


def plan_first_collection(
    mandate: Mandate,
    *,
    amount_cents: int,
    reference: str,
    source_uid: str,
    remittance: str,
    notice_days: int,
    not_before: date,
    by: Actor,
) -> Collection:
    """Like :func:`plan_collection` for a debt that the present transaction has made: none is planned yet.

    It is written with the next flush.
    """
    row = _planned(
        mandate,
        due_on=_due_on(mandate, amount_cents, notice_days, not_before),
        amount_cents=amount_cents,
        reference=reference,
        source_uid=source_uid,
        remittance=remittance,
        notice_days=notice_days,
        attempt=1,
    )
    row.mandate, row.legal_entity = mandate, mandate.legal_entity
    add_leaf(row)
    _tell(row, by)
    return row


def _due_on(mandate: Mandate, amount_cents: int, notice_days: int, not_before: date | None) -> date:
    """The first possible day. Raises Refused if the amount or the mandate does not allow it."""
    if fault := epc.amount_fault(amount_cents):
        raise Refused(_("Montant : %(fault)s.", fault=_(fault)))
    due_on = first_debit_day(clock.today(), notice_days, mandate.legal_entity.lead_days)
    if not_before is not None:
        due_on = next_target_day(max(due_on, not_before))
    if sentence := mandate.problem(due_on):
        raise Refused(sentence)
    return due_on


def _planned(mandate: Mandate, *, reference: str, remittance: str, **values: Any) -> Collection:
    uid = new_uid()
    return Collection(
        organisation=mandate.customer.organisation,
        uid=uid,
        mandate_id=mandate.id,
        legal_entity_id=mandate.legal_entity_id,
        scheme=mandate.scheme,
        end_to_end_id=end_to_end_id_of(reference, uid),
        reference=reference,
        remittance=remittance[:140],
        sequence_type="RCUR",
        state=C.ANNOUNCED,
        announced_at=clock.now(),
        version=1,
        **values,
    )


def _tell(row: Collection, by: Actor) -> None:
    record(row, "announce", by=by, after=C.ANNOUNCED.value, due_on=row.due_on.isoformat())
    row.announce()


def _find(source_uid: str) -> Collection | None:
    query = select(Collection).where(Collection.source_uid == source_uid)
    return db.session.scalars(query).one_or_none()
