"""The address that a brand writes from: its own while its domain publishes what the provider asks."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from flask import current_app
from sqlalchemy import JSON, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, User
from portal.actor import Actor
from portal.db import EVERYTHING, Tenant, commits, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.mail import link, queue_mail
from portal.mail.addresses import own_address, recipient_of
from portal.resellers.brand import brand_of, forget_looked_up
from portal.resellers.models import lineage
from portal.resellers.name_servers import NoAnswer, look_up, resolver
from portal.resellers.reseller import Reseller
from portal.resellers.sender_rules import Published, Record, SenderState, Wanted, missing
from portal.wording import N_

TRUSTED = timedelta(hours=72)  # so long a right answer counts when the name servers are silent


class Sender(Tenant, db.Model):
    """One address of an organisation, and what its domain was last seen to publish."""

    __tablename__ = "brand_sender"
    __table_args__ = (UniqueConstraint("organisation_id"),)
    seen_from_below: ClassVar[bool] = True  # who writes to a customer asks what was set above

    address: Mapped[str] = mapped_column(String(254))
    state: Mapped[SenderState] = mapped_column(default=SenderState.UNKNOWN)
    checked_at: Mapped[datetime | None]
    right_until: Mapped[datetime | None]  # mails leave from it until then (UTC); None: from the portal's
    lacks: Mapped[list[list[str]]] = mapped_column(JSON, default=list)  # of the last answer: the records

    organisation: Mapped[Organisation] = relationship(foreign_keys="Sender.organisation_id")

    @classmethod
    def of(cls, organisation: Organisation) -> Self | None:
        query = select(cls).where(cls.organisation_id == organisation.id)
        return db.session.scalars(query.limit(1)).one_or_none()

    @property
    def is_right(self) -> bool:
        """Does what the relay would send in its name hold against forgery now?"""
        return self.right_until is not None and clock.now() < self.right_until and wanted(self).is_asked

    @property
    def missing(self) -> list[Record]:
        """What to publish: all of it before the first answer."""
        return [Record(*each) for each in self.lacks]

    def shown_state(self) -> str:
        return str(self.state)


def wanted(sender: Sender) -> Wanted:
    """What the settings ask of the domain of an address."""
    config = current_app.config
    return Wanted(
        domain=sender.address.rpartition("@")[2],
        spf_include=str(config["MAIL_SPF_INCLUDE"]),
        selector=str(config["MAIL_DKIM_SELECTOR"]),
        key=str(config["MAIL_DKIM_KEY"]),
        target=str(config["MAIL_DKIM_TARGET"]),
        proof=f"portail={sender.uid}",
    )


def is_offered() -> bool:
    """Has the provider said what a domain must publish?"""
    config = current_app.config
    has_key = bool(config["MAIL_DKIM_KEY"] or config["MAIL_DKIM_TARGET"])
    return bool(config["MAIL_DKIM_SELECTOR"]) and has_key


def set_sender(organisation: Organisation, address: str, *, by: Actor) -> bool:
    """Give a brand its own address; "" takes it away. Says whether anything changed.

    Another address has everything to prove again. Raises Refused for what mail systems do not take as a
    sender everywhere, and for the portal's own domain.
    """
    own, address = Sender.of(organisation), address.strip()
    if address == (own.address if own else ""):
        return False
    if address:
        _judge(address)
    if own is not None:
        db.session.delete(own)
        db.session.flush()
    if address:
        made = Sender(organisation=organisation, address=address, state=SenderState.UNKNOWN, lacks=[])
        made.lacks = _as_rows(missing(wanted(made), _NOTHING))
        db.session.add(made)
        db.session.flush()
    record(brand_of(organisation), "set_sender", by=by, address=address)
    forget_looked_up()
    return True


_NOTHING = Published()


def _judge(address: str) -> None:
    found = recipient_of(address)
    if found is None or not address.isascii() or "." not in found.domain:
        raise Refused(N_("Une adresse comme bonjour@exemple.fr, sans accent."), field="address")
    if found.domain.lower() == own_address().domain.lower():
        raise Refused(N_("Ce domaine est celui du portail : indiquez une adresse du vôtre."), field="address")


def _as_rows(records: list[Record]) -> list[list[str]]:
    return [[each.kind, each.name, each.value, each.instead] for each in records]


@commits
def check_sender(sender: Sender, *, by: Actor) -> None:
    """Ask the name servers and keep what they say; no transaction is open while they are asked.

    An owner is told when mails stop leaving from the address. A silence of the name servers changes
    nothing for :data:`TRUSTED` after the last right answer.
    """
    asked, uid = wanted(sender), sender.uid
    if not asked.is_asked:
        return
    db.session.rollback()
    try:
        lacks: list[Record] | None = missing(asked, look_up(asked, resolver()))
    except NoAnswer:
        lacks = None
    query = select(Sender).where(Sender.uid == uid).with_for_update(key_share=True)
    row = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is not None:  # another address was given meanwhile
        _keep(row, lacks, by=by)


def _keep(sender: Sender, lacks: list[Record] | None, *, by: Actor) -> None:
    was_used, now = sender.right_until is not None, clock.now()
    sender.checked_at = now
    if lacks is None:
        sender.state = SenderState.UNREACHABLE
        if sender.right_until is not None and sender.right_until <= now:
            sender.right_until = None
    else:
        sender.state = SenderState.WRONG if lacks else SenderState.RIGHT
        sender.lacks = _as_rows(lacks)
        sender.right_until = None if lacks else now + TRUSTED
    if was_used and sender.right_until is None:
        record(brand_of(sender.organisation), "lose_sender", by=by, address=sender.address)
        tell_lost_sender(sender)
    elif not was_used and sender.right_until is not None:
        record(brand_of(sender.organisation), "gain_sender", by=by, address=sender.address)


def tell_lost_sender(sender: Sender) -> None:
    """To the owners of the house: its mails leave from the portal's address again."""
    house = sender.organisation
    query = select(User).where(User.role == Role.OWNER, User.works(), User.organisation_id == house.id)
    reseller = db.session.scalars(select(Reseller).where(Reseller.organisation_id == house.id)).one()
    for user in db.session.scalars(query.order_by(User.id)):
        queue_mail(
            user,
            "resellers/mail_sender.txt",
            about=reseller,
            owner=house,
            language=user.language or "fr",
            sender=sender,
            page=link(f"/resellers/{reseller.uid}/brand"),
        )


def sender_above(row: Any) -> Sender | None:
    """That of the nearest house above a row that has given one, whoever asks: a house writes from it to those
    below, and its own people hear from the portal.
    """
    with scope(EVERYTHING):
        query = select(Sender).where(Sender.org_path.in_(lineage(row.org_path)[1:]))
        query = query.options(joinedload(Sender.organisation))
        order = db.func.length(Sender.org_path).desc()
        return db.session.scalars(query.order_by(order).limit(1)).one_or_none()
