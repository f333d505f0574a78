"""What the rooms answer is kept each hour; the operator is told before, the customer after a miss."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.engine.models import mail_contact
from portal.mail import link, queue_mail
from portal.obligations.models import Duty, Obligation, Standing, stands, telling_for
from portal.obligations.own_acts import OWN_ACTS
from portal.obligations.sources import SOURCES, Looked, Owed

AHEAD = timedelta(days=2)  # so long before its time an obligation is told of
IN_THEIR_MINUTE = (Duty.ANSWER, Duty.FIX, Duty.REPORT)  # tickets tell of a miss themselves
CUSTOMERS = (Duty.CONFIRMATION,)  # what the customer herself has to do
_CLOSED_PAGES = (Duty.BREACH, Duty.PERSON)  # which customers do not see
_LISTED = 20  # in one mail


@jobs.periodic("obligations.meter", jobs.hourly)
def look() -> None:
    """Keep what every room answers, then tell of what is near or missed, once for each."""
    for source in (*SOURCES, *OWN_ACTS):
        for looked in source():
            _keep(looked)
        db.session.commit()
    tell_operators()
    tell_customers()
    db.session.commit()


def _keep(looked: Looked) -> None:
    query = select(Obligation).where(Obligation.key.startswith(f"{looked.about}:", autoescape=True))
    known = {row.key: row for row in db.session.scalars(query)}
    for owed in looked.owed:
        row = known.pop(owed.key, None)
        values = _values(owed)
        if row is None:
            db.session.add(Obligation(organisation=_owner(owed), key=owed.key, **values))
            continue
        if row.due_at != owed.due_at:
            row.warned_at = None
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    for row in known.values():
        if row.kept_at is None:
            db.session.delete(row)  # it is owed no more: moved, cancelled, contested


def _values(owed: Owed) -> dict[str, Any]:
    return {
        "duty": owed.duty,
        "customer_id": owed.customer.id if owed.customer else None,
        "label": owed.label[:200],
        "page": owed.page,
        "clause": owed.clause[:40],
        "rights": list(owed.rights),
        "due_at": owed.due_at,
        "kept_at": owed.kept_at,
    }


def _owner(owed: Owed) -> Organisation:
    if owed.customer is not None:
        return owed.customer.organisation
    query = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    return db.session.scalars(query.order_by(Organisation.id)).first()  # type: ignore[return-value]


def tell_operators() -> None:
    """One mail about what falls due within two days and what was missed since the last one."""
    now = clock.now()
    near = select(Obligation).where(
        stands(Standing.DUE), Obligation.due_at <= now + AHEAD, Obligation.warned_at.is_(None)
    )
    near = near.where(Obligation.duty.not_in((Duty.ANSWER, Duty.FIX, *CUSTOMERS)))
    missed = select(Obligation).where(stands(Standing.MISSED), Obligation.miss_told_at.is_(None))
    missed = missed.where(Obligation.duty.not_in(IN_THEIR_MINUTE))
    coming, gone = _in_order(near), _in_order(missed)
    for row in coming:
        row.warned_at = now
    for row in gone:
        row.miss_told_at = now
    if coming or gone:
        _write(coming, gone)


def _in_order(query: Any) -> list[Obligation]:
    return list(db.session.scalars(query.order_by(Obligation.due_at, Obligation.id)))


def _write(coming: list[Obligation], gone: list[Obligation]) -> None:
    with scope(EVERYTHING):
        for user in _operators():
            queue_mail(
                user,
                "obligations/mail_due.txt",
                about=user.organisation,
                owner=user.organisation,
                language=user.language or "fr",
                coming=coming[:_LISTED],
                gone=gone[:_LISTED],
                count=len(coming) + len(gone),
                page=link("/obligations"),
            )
        db.session.flush()


def _operators() -> Iterable[User]:
    return db.session.scalars(select(User).where(User.role == Role.OPERATOR, User.works())).all()


def tell_customers() -> None:
    """Each customer of a house that decided so reads what was missed, with the right that it opens."""
    for row in list(_untold()):
        customer = row.customer
        if customer is None or (telling := telling_for(customer)) is None:
            continue
        if row.due_at < telling.decided_at:
            continue  # of before the decision
        row.customer_told_at = clock.now()
        queue_mail(
            mail_contact(customer, ContactRole.INCIDENT),
            "obligations/mail_missed.txt",
            about=row,
            owner=customer.organisation,
            language=customer.language,
            row=row,
            page=link("/" if row.duty in _CLOSED_PAGES else row.page),
        )


def _untold() -> Iterator[Obligation]:
    for standing in (Standing.MISSED, Standing.LATE):
        query = select(Obligation).where(stands(standing), Obligation.customer_told_at.is_(None))
        query = query.where(Obligation.duty.not_in(CUSTOMERS))
        yield from db.session.scalars(query.order_by(Obligation.id))
