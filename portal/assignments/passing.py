"""The day of an assignment: the contract, with all that belongs to it, becomes the transferee's."""

from datetime import timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.assignments.acts import lapse, tell_all
from portal.assignments.belongings import close_links, hand_over
from portal.assignments.models import AssignmentState, ContractAssignment
from portal.assignments.planning import check_contract, check_transferee, family_of, passing
from portal.backups.gaps import GapKind, GapState, UsageGap
from portal.backups.metering import charge_usage, note_missing_measures
from portal.billing.balance import SURPLUS_DAYS
from portal.billing.credit_models import CreditReason
from portal.billing.models import add_charges
from portal.catalogue.models import Method
from portal.changes.acts import cancel_change
from portal.changes.reversals import NoticeReversal, ReversalState
from portal.customers.models import CustomerKind
from portal.db import db
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import SYSTEM, record
from portal.sepa.models import find_usable_mandate
from portal.subscriptions.changes import ChangeState
from portal.subscriptions.giving_back import give_up
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import next_period
from portal.subscriptions.renewals import renewal_of


def go_on(row: ContractAssignment) -> None:
    """What a day does to an assignment: it passes the contract, lapses, or waits.

    Source: 004-44.
    """
    if row.state == AssignmentState.AGREED:
        if row.effective_on <= clock.today():
            _pass_or_say(row)
    elif row.is_open and row.lapses_at <= clock.now():
        lapse(row)


def _pass_or_say(row: ContractAssignment) -> None:
    """A contract that ended meanwhile passes no more; one that is suspended waits until it is not."""
    try:
        check_contract(row.subscription, row.effective_on)
        check_transferee(row.subscription, row.transferee)
    except Refused as refusal:
        if row.subscription.suspended_on is None:
            lapse(row, str(refusal)[:300])
        return
    if not _waits_for_measures(row):
        carry_out(row, by=SYSTEM)


def _waits_for_measures(row: ContractAssignment) -> bool:
    """Days of the transferor that nobody measured: somebody decides first what they count. Source: 003-46."""
    metered = [each.id for each in family_of(row.subscription) if each.gb_month_cents is not None]
    if not metered:
        return False
    note_missing_measures()
    db.session.flush()
    undecided = select(UsageGap.id).where(
        UsageGap.subscription_id.in_(metered),
        UsageGap.state == GapState.OPEN,
        UsageGap.kind == GapKind.MEASURE,
        UsageGap.period_on < row.effective_on,
    )
    return db.session.scalars(undecided).first() is not None


def carry_out(row: ContractAssignment, *, by: Actor) -> None:
    """Bill the transferor until the day before, move what belongs to the contract, bill the transferee.

    All in the present transaction: killed in between, nothing has happened.

    Source: 004-44; C. civ. 1216; 004-35 (a price counts by days).
    """
    row._take("carry_out", by=by)
    charge_usage(None, customers=[row.transferor], until=clock.today())
    held = [each.id for each in family_of(row.subscription)]
    owed = [_settle(row, subscription) for subscription in family_of(row.subscription)]
    for id_, pieces in zip(held, owed, strict=True):
        subscription = db.session.get_one(Subscription, id_)
        _drop_what_waits(subscription)
        close_links(hand_over(subscription, row.transferor, row.transferee))
        _begin_with_her(row, db.session.get_one(Subscription, id_), pieces)
    names = {"to": row.transferee.name, "since": row.transferor.name, "effective_on": str(row.effective_on)}
    record(row.transferor, "assign_contract", by=by, what_passed=row.subscription.label, **names)
    record(row.transferee, "take_contract", by=by, what_passed=row.subscription.label, **names)
    record(row.subscription, "assigned", by=by, **names)
    tell_all(row, "assignments/mail_done.txt")


def _settle(row: ContractAssignment, subscription: Subscription) -> list[Any]:
    """Owe what the transferor has begun, give back what she was billed for later days; those days."""
    begun = []
    while subscription.billed_before < row.effective_on:
        begun.append(next_period(subscription))
    add_charges(begun)
    db.session.flush()
    later = list(passing(subscription, row.effective_on))
    give_up(
        subscription,
        sum(piece.cents for piece in later),
        CreditReason.ASSIGNED,
        origin=f"assigned:{row.uid}",
        clause=_clause(subscription),
        due_by=clock.today() + timedelta(SURPLUS_DAYS),
        until=row.effective_on,
        by=SYSTEM,
    )
    return later


def _clause(subscription: Subscription) -> str:
    said = subscription.present_terms.find("transfer.needs_consent")
    return said.clause if said is not None else "C. civ. 1216"


def _drop_what_waits(subscription: Subscription) -> None:
    """What the transferor's signature was asked for, and the paper that asked her for the next period."""
    subscription.drop_method(by=SYSTEM)
    for change in subscription.changes:
        if change.state == ChangeState.ASKED:
            cancel_change(change, by=SYSTEM)
    query = select(NoticeReversal).where(
        NoticeReversal.subscription_id == subscription.id, NoticeReversal.state == ReversalState.ASKED
    )
    for reversal in db.session.scalars(query):
        reversal._take("cancel", by=SYSTEM)
    if (asked := renewal_of(subscription)) is not None:
        asked.period_on = None
    db.session.flush()


def _begin_with_her(row: ContractAssignment, subscription: Subscription, pieces: list[Any]) -> None:
    customer = row.transferee
    subscription.held_since = row.effective_on
    subscription.method = _method(row, subscription)
    db.session.flush()
    with force_locale(customer.language):
        rows = [
            subscription.charge_row(
                origin=f"change:{subscription.uid}:{row.uid}:{piece.starts_on.isoformat()}",
                label=_(
                    "%(product)s, contrat repris : %(days)d jours sur %(of)d à partir du %(day)s",
                    product=subscription.label,
                    days=piece.days,
                    of=piece.of,
                    day=plain_day(piece.starts_on),
                )[:300],
                unit_cents=piece.cents,
                clause=_clause(subscription)[:40],
            )
            for piece in pieces
        ]
    add_charges(rows)


def _method(row: ContractAssignment, subscription: Subscription) -> Method:
    """A mandate, and a card, are one payer's: without the transferee's own, papers ask for the money."""
    if subscription.method == Method.DIRECT_DEBIT:
        mandate = find_usable_mandate(row.transferee, subscription.legal_entity, clock.today())
        return Method.DIRECT_DEBIT if mandate is not None else Method.WIRE
    public = row.transferee.kind == CustomerKind.PUBLIC_BODY
    if subscription.method == Method.CARD or (
        subscription.method == Method.ADMINISTRATIVE_MANDATE and not public
    ):
        return Method.WIRE
    return subscription.method
