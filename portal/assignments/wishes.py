"""A customer asks for the assignment of her contract, and takes it back; the house goes on, or does not."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import User
from portal.actor import Actor
from portal.assignments.acts import cancel, check_seen
from portal.assignments.models import (
    AssignmentState,
    AssignmentWish,
    ContractAssignment,
    WishState,
    open_assignment,
    open_wish,
)
from portal.assignments.planning import Named, Successor, conditions_of
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.mail import queue_mail
from portal.subscriptions.models import Subscription

_NOT_AGREED = (AssignmentState.ASKED, AssignmentState.SUBMITTED)


def wish_assignment(
    subscription: Subscription, named: Named, effective_on: date, seen: str, *, by: Actor
) -> AssignmentWish:
    """Ask the house to have a contract pass; effective_on: first day of the successor (Paris).

    Raises Refused beside ``effective_on`` for a contract that cannot pass on that day, for conditions that
    have changed since they were read, and where one is asked for already.

    Source: 004-44; C. civ. 1216.
    """
    held = select(Subscription).where(Subscription.id == subscription.id).with_for_update(of=Subscription)
    db.session.scalars(held.execution_options(populate_existing=True)).one()
    with scope(EVERYTHING):
        if open_wish(subscription) is not None or open_assignment(subscription) is not None:
            raise Refused(_("Une cession de ce contrat est déjà demandée."))
    check_seen(conditions_of(subscription, Successor(named.name), effective_on), seen)
    if named.siren == subscription.customer.siren:
        raise Refused(_("C'est votre propre SIREN : indiquez celui du repreneur."), field="siren")
    row = AssignmentWish(
        organisation=subscription.customer.organisation,
        subscription=subscription,
        state=WishState.OPEN,
        effective_on=effective_on,
        successor=named.name,
        siren=named.siren,
        contact=named.contact,
        email=named.email,
    )
    db.session.add(row)
    db.session.flush()
    row._take("ask", by=by, seen=seen)
    record(subscription, "assignment_wished", by=by, to=named.name, effective_on=str(effective_on))
    _tell_house(row)
    return row


def _tell_house(row: AssignmentWish) -> None:
    with scope(EVERYTHING):  # her reseller's people stand above her
        house = row.organisation.parent
        query = select(User).where(
            User.organisation_id == row.organisation.parent_id, User.role == Role.OWNER, User.works()
        )
        for owner in db.session.scalars(query.order_by(User.id)):
            queue_mail(
                owner,
                "assignments/mail_wished.txt",
                about=row,
                owner=house,
                language=owner.language or "fr",
                wish=row,
            )
        db.session.flush()


def assignment_of(row: AssignmentWish) -> ContractAssignment | None:
    """What became of it; the row lies with the reseller."""
    if not row.assignment_uid:
        return None
    with scope(EVERYTHING):
        query = select(ContractAssignment).where(ContractAssignment.uid == row.assignment_uid)
        return db.session.scalars(query).one_or_none()


def may_withdraw(row: AssignmentWish) -> bool:
    """Until the provider has consented."""
    found = assignment_of(row)
    return row.can("withdraw") and (found is None or found.state in _NOT_AGREED)


def withdraw(row: AssignmentWish, *, by: Actor) -> None:
    """Nothing passes; links that were sent stop working. Raises Refused once the provider has consented.

    Source: 004-44.
    """
    with scope(EVERYTHING):
        query = select(ContractAssignment).where(ContractAssignment.uid == row.assignment_uid)
        held = query.with_for_update(of=ContractAssignment).execution_options(populate_existing=True)
        found = db.session.scalars(held).one_or_none()
        if not may_withdraw(row):
            raise Refused(_("Cette cession ne se retire plus : voyez son état."))
        row._take("withdraw", by=by)
        if found is not None:
            cancel(found, by=by)
        db.session.flush()


def refuse_wish(row: AssignmentWish, reason: str, *, by: Actor) -> None:
    """The house does not open it, and says why."""
    row._take("refuse", by=by, reason=reason)
    row.refusal_reason = reason
    customer = row.subscription.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "assignments/mail_wish_refused.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        wish=row,
    )
