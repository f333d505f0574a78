"""Changes of a creditor by two people: whoever may object is told, and the worker makes them count."""

from typing import Any

from sqlalchemy import and_, or_, select

from portal import jobs
from portal.access import Role
from portal.accounts.models import User
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.mail import link, queue_mail
from portal.resellers.models import LegalEntity
from portal.sepa.models.creditor_change import CreditorChange, change_moved, ripe_changes
from portal.sepa.models.profile import apply_change

APPLY = "sepa.apply_creditor"


@change_moved.connect
def tell_people(change: CreditorChange, **_said: Any) -> None:
    """To finance and operators of the provider, and to the owners of the house whose creditor it is."""
    with scope(EVERYTHING):
        own = and_(User.organisation_id == change.organisation_id, User.role == Role.OWNER)
        query = select(User).where(or_(User.role.in_([Role.FINANCE, Role.OPERATOR]), own), User.works())
        people = list(db.session.scalars(query.order_by(User.id)))
        for person in people:
            queue_mail(
                person,
                "sepa/mail_creditor_change.txt",
                about=change,
                owner=person.organisation,
                language=person.language or "fr",
                change=change,
                entity=change.legal_entity,
                url=link(_page_for(person, change)),
            )


def _page_for(person: User, change: CreditorChange) -> str:
    room = "own-account" if person.role == Role.OWNER else "sepa/creditors"
    return f"/{room}/{change.legal_entity.uid}"


@jobs.periodic("sepa.creditors", jobs.hourly)
def apply_creditor_changes() -> None:
    for change in ripe_changes():
        jobs.enqueue(APPLY, f"{change.uid}:{jobs.hourly()}", change.legal_entity.organisation)


@jobs.job(APPLY)
def apply_creditor_change(claim: jobs.Claim) -> None:
    """The creditor's row is held. While a file is being made the change waits for the next hour."""
    query = select(CreditorChange).where(CreditorChange.uid == claim.ref.split(":")[0])
    change = db.session.scalars(query).one()
    held = select(LegalEntity).where(LegalEntity.id == change.legal_entity_id).with_for_update()
    db.session.scalars(held).one()
    db.session.refresh(change)
    if change in ripe_changes():
        try:
            apply_change(change)
        except Refused:  # a file is being made
            db.session.rollback()
            return
    claim.step(done=1, total=1)
