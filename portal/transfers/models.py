"""The transfer of a customer: who must agree, who has, and what happens when all three have."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.accounts.moving import move_below
from portal.actor import Actor
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, Tenant, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.resellers.models import issuer_for
from portal.resellers.reseller import check_may_sell, failed
from portal.sepa.models import find_usable_mandate, open_mandate, request_mandate
from portal.stateful import Stateful, step
from portal.subscriptions.models import subscriptions_of

LINK_DAYS = 30


class Party(StrEnum):
    """Whose consent it takes."""

    GIVER = "giver"  # the reseller of today
    TAKER = "taker"  # the one to come
    CUSTOMER = "customer"


class TransferState(StrEnum):
    ASKED = "transfer_asked"
    DONE = "transfer_done"
    REFUSED = "refused"  # by one of the three
    CANCELLED = "cancelled"
    LAPSED = "transfer_lapsed"  # nobody answered in time


T = TransferState


class Transfer(Tenant, Stateful, db.Model):
    """One customer from one reseller to another; the row lies with who stands above both."""

    __tablename__ = "transfer"

    steps = {
        "ask": step(T.ASKED, to=T.ASKED),
        "resend": step(T.ASKED, to=T.ASKED),
        "consent": step(T.ASKED, to=T.ASKED),
        "complete": step(T.ASKED, to=T.DONE),
        "refuse": step(T.ASKED, to=T.REFUSED),
        "cancel": step(T.ASKED, to=T.CANCELLED),
        "lapse": step(T.ASKED, to=T.LAPSED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    giver_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    taker_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[TransferState] = mapped_column(default=T.ASKED, index=True)
    lapses_at: Mapped[datetime] = mapped_column(index=True)
    # By party: the address that was asked, who agreed (name and function) and when, as text in UTC.
    consents: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    refusal_reason: Mapped[str | None] = mapped_column(String(300))

    organisation: Mapped[Organisation] = relationship(foreign_keys="Transfer.organisation_id")
    customer: Mapped[Customer] = relationship()
    giver: Mapped[Organisation] = relationship(foreign_keys=[giver_id])
    taker: Mapped[Organisation] = relationship(foreign_keys=[taker_id])

    def has_agreed(self, party: Party) -> bool:
        return "at" in self.consents.get(party, {})

    def is_waived(self, party: Party) -> bool:
        """A reseller that is in default or ended cannot keep its customers by its silence."""
        return "waived" in self.consents.get(party, {})

    def waits_for(self, party: Party) -> bool:
        return not (self.has_agreed(party) or self.is_waived(party))

    @property
    def is_agreed(self) -> bool:
        return not any(self.waits_for(party) for party in Party)

    def send_links(self, *, by: Actor) -> None:
        """A link to each who has not agreed yet; the ones before stop working."""
        self._take("resend", by=by)
        self.lapses_at = clock.now() + timedelta(days=LINK_DAYS)
        if (gone := failed(self.giver.org_path)) is not None and self.waits_for(Party.GIVER):
            self.consents = {**self.consents, Party.GIVER.value: {"waived": gone.shown_state()}}
        for party in Party:
            if self.waits_for(party):
                self._send(party)

    def _send(self, party: Party) -> None:
        owner, to = self._whom(party)
        subject = ConsentOf(self, party)
        _row, token = make_link(Purpose.CONSENT, subject, owner=owner, recipient=to.email, days=LINK_DAYS)
        self.consents = {**self.consents, party.value: {"address": to.email}}
        queue_mail(
            to,
            "transfers/mail_consent.txt",
            about=self,
            owner=owner,
            language=getattr(to, "language", None) or self.customer.language,
            urgent=True,
            transfer=self,
            party=party.value,
            url=link(f"/consent/{token}"),
            last_day=clock.today() + timedelta(days=LINK_DAYS),
        )

    def house_of(self, party: Party) -> Organisation:
        houses = {Party.GIVER: self.giver, Party.TAKER: self.taker}
        return houses.get(party) or self.customer.organisation

    def _whom(self, party: Party) -> tuple[Organisation, Any]:
        house = self.house_of(party)
        if party == Party.CUSTOMER:
            return house, self.customer.contact(ContactRole.SIGNATORY)
        return house, owner_of(house)

    def agree(self, party: Party, name: str, *, by: Actor, visitor: dict[str, str]) -> None:
        """One of the three has typed her code; the last one makes the transfer happen.

        Raises Refused while the taker may not serve anybody.
        """
        check_may_sell(self.taker.org_path)
        self._take("consent", by=by, party=party, ip=visitor["ip"])
        at = clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        held = self.consents.get(party, {})
        self.consents = {**self.consents, party.value: {**held, "name": name, "at": at, "ip": visitor["ip"]}}
        revoke_links(Purpose.CONSENT, ConsentOf(self, party))
        if self.is_agreed:
            self._complete()

    def _complete(self) -> None:
        """The customer's node moves, with keys, vaults, machines, invoices and people.

        What is owed stays owed to who issued it. A mandate belongs to its creditor: where the invoices of
        the new place come from another one, a mandate for that one is asked for. Both houses keep a line.
        """
        customer, before = self.customer, issuer_for(self.customer)
        debited = find_usable_mandate(customer, before, clock.today()) is not None
        self._take("complete", by=SYSTEM)
        names = {"customer": customer.name, "giver": self.giver.name, "taker": self.taker.name}
        record(self.giver, "hand_over", by=SYSTEM, **names)
        record(self.taker, "take_over", by=SYSTEM, **names)
        move_below(customer.organisation, self.taker)
        record(self.customer, "transfer", by=SYSTEM, **names)
        after = issuer_for(self.customer)
        needs = any(
            Method.DIRECT_DEBIT in (each.method, each.coming_method)
            for each in subscriptions_of(self.customer)
        )
        if after.id != before.id and (debited or needs) and open_mandate(self.customer, after) is None:
            request_mandate(self.customer, after, by=SYSTEM)
        self._tell("transfers/mail_done.txt")

    def refuse(self, party: Party, reason: str, *, by: Actor) -> None:
        self._take("refuse", by=by, party=party, reason=reason)
        self.refusal_reason = reason
        self._close()

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
        self._close()

    def lapse(self) -> None:
        self._take("lapse", by=SYSTEM)
        self._close()

    def _close(self) -> None:
        """Nothing has moved; every link stops working, and all three are told."""
        for party in Party:
            revoke_links(Purpose.CONSENT, ConsentOf(self, party))
        self._tell("transfers/mail_closed.txt")

    def _tell(self, template: str) -> None:
        for party in Party:
            if self.is_waived(party):
                continue
            owner, to = self._whom(party)
            queue_mail(
                to,
                template,
                about=self,
                owner=owner,
                language=getattr(to, "language", None) or self.customer.language,
                transfer=self,
            )


class ConsentOf:
    """What one party's link is about: a record of its own, so that a link closes no other's."""

    _SIGNS = {Party.GIVER: "g", Party.TAKER: "t", Party.CUSTOMER: "c"}

    def __init__(self, transfer: Transfer, party: Party) -> None:
        self.uid = f"{transfer.uid[:15]}{self._SIGNS[party]}"

    @classmethod
    def find(cls, uid: str) -> tuple[Transfer, Party]:
        """The transfer and the party of a link's subject. Raises LookupError."""
        party = next(party for party, sign in cls._SIGNS.items() if uid.endswith(sign))
        query = select(Transfer).where(Transfer.uid.startswith(uid[:15])).with_for_update(of=Transfer)
        row = db.session.scalars(query.execution_options(populate_existing=True)).one()
        return row, party


def owner_of(house: Organisation) -> User:
    """Who speaks for a reseller. Raises Refused where nobody may."""
    query = select(User).where(User.organisation_id == house.id, User.role == Role.OWNER, User.works())
    owner = db.session.scalars(query.order_by(User.id).limit(1)).first()
    if owner is None:
        raise Refused(_("%(name)s n'a pas de gérant qui puisse donner son accord.", name=house.name))
    return owner


def takers_for(customer: Customer) -> list[Organisation]:
    """The resellers to whom this customer could go, by name."""
    query = select(Organisation).where(
        Organisation.kind == OrganisationKind.RESELLER, Organisation.id != customer.reseller_id
    )
    return list(db.session.scalars(query.order_by(Organisation.name, Organisation.id)))


def open_transfer(customer: Customer) -> Transfer | None:
    query = select(Transfer).where(Transfer.customer_id == customer.id, Transfer.state == T.ASKED)
    return db.session.scalars(query.limit(1)).first()


def ask_transfer(customer: Customer, taker: Organisation, *, by: User) -> Transfer:
    """Ask the three for their consent. Raises Refused where one waits already, or nobody can agree."""
    if open_transfer(customer) is not None:
        raise Refused(_("Un transfert de ce client attend déjà les accords."))
    giver = customer.organisation.parent
    check_may_sell(taker.org_path)
    if giver is None or taker.id == giver.id or customer.archived_at is not None:
        raise Refused(_("Ce client ne peut pas aller chez ce revendeur."), field="taker")
    row = Transfer(
        organisation=by.organisation,
        customer=customer,
        giver=giver,
        taker=taker,
        state=T.ASKED,
        lapses_at=clock.now() + timedelta(days=LINK_DAYS),
        consents={},
    )
    db.session.add(row)
    db.session.flush()
    row._take("ask", by=by)
    row.send_links(by=by)
    return row


def lapsed_transfers() -> list[Transfer]:
    """Those that nobody has finished in time."""
    with scope(EVERYTHING):
        query = select(Transfer).where(Transfer.state == T.ASKED, Transfer.lapses_at <= clock.now())
        return list(db.session.scalars(query))
