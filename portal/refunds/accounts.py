"""The account that a refund goes to: one that was entered for it, else that of the customer's mandate."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, exists, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.credit_models import Refund
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.panels import Place
from portal.refunds.asks import ask_of
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import mask, parse_iban
from portal.sepa.formats.payers import is_same_name
from portal.sepa.models import Mandate
from portal.sepa.models.amendment import AmendmentKind, MandateAmendment

QUIET_DAYS = 7  # an account that is newer waits: whoever took over a mailbox has no week


class Way(StrEnum):
    """How an account became known."""

    STAFF = "staff"  # typed by the provider's finance
    LINK = "link"  # by the customer, with a link and a code from an e-mail
    SPACE = "space"  # by the customer, in her own space
    PAYER = "payer"  # agreed by finance: the one that a transfer came from


class Payer(NamedTuple):
    """The account that a payment came from, as the bank's statement told. on: its Paris day."""

    iban: str
    holder: str
    on: date

    @property
    def masked(self) -> str:
        return mask(self.iban)


payer_account: Place[Refund, Payer] = Place()


class RefundAccount(Tenant, db.Model):
    """An account for a customer's refunds; the last one entered counts."""

    __tablename__ = "refund_account"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    iban_sealed: Mapped[str] = mapped_column(String(300))
    iban = Sealed()
    holder: Mapped[str] = mapped_column(String(70))
    since: Mapped[date]
    entered_by: Mapped[str] = mapped_column(String(200))
    way: Mapped[Way] = mapped_column(String(10), default=Way.STAFF, server_default="staff")
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")  # IP of who gave it

    # None: for whatever is owed to her; else for the refunds of this issuer alone, whose people gave it.
    legal_entity_id: Mapped[int | None] = mapped_column(ForeignKey("legal_entity.id"))

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity | None] = relationship()


class Account(NamedTuple):
    """Where a refund goes, and since which Paris day it goes there."""

    iban: str
    holder: str
    since: date
    refused_on: date | None = None  # the bank could not pay there
    entered: RefundAccount | None = None  # None: the account of a mandate

    @property
    def masked(self) -> str:
        return mask(self.iban)

    @property
    def usable_from(self) -> date:
        return self.since + timedelta(QUIET_DAYS)

    @property
    def is_usable(self) -> bool:
        return self.refused_on is None and self.usable_from <= clock.today()


def enter_account(
    customer: Customer,
    iban: str,
    holder: str,
    *,
    by: Actor,
    way: Way = Way.STAFF,
    address: str = "",
    issuer_id: int | None = None,
) -> RefundAccount:
    """The account that counts from now on; who was asked for it is asked no more.

    address: IP of who gives it. issuer_id: of the only issuer whose refunds go there; None for all of them.
    Raises Refused beside the field for an account that is none.
    """
    row = RefundAccount(organisation=customer.organisation, customer_id=customer.id, since=clock.today())
    row.iban, row.holder, row.entered_by = parse_iban(iban), holder.strip()[:70], by.label[:200]
    row.way, row.address, row.legal_entity_id = way, address[:45], issuer_id
    if not row.holder:
        raise Refused(_("Indiquez le titulaire du compte."), field="holder")
    db.session.add(row)
    db.session.flush()
    record(customer, "refund_account", by=by, account=mask(row.iban), way=way.value, address=row.address)
    if issuer_id is None and (ask := ask_of(customer)) is not None:
        ask.give(by=by)
    return row


def proposed_for(refund: Refund) -> Payer | None:
    """The account that her payment came from, where a statement told it and the SEPA area has it."""
    found = next(iter(payer_account.shown(refund)), None)
    try:
        return found._replace(iban=parse_iban(found.iban)) if found else None
    except Refused:
        return None


def is_hers(holder: str, customer: Customer) -> bool:
    """Is the holder of an account, as far as names tell, the customer herself?"""
    return is_same_name(holder, customer.name)


def account_for(refund: Refund) -> Account | None:
    """Where this refund goes; None where the portal knows no account for it."""
    return account_of(refund.customer, refund.legal_entity_id)


def account_of(customer: Customer, issuer_id: int | None = None) -> Account | None:
    """Where an issuer pays a customer back; None where the portal knows no account for it.

    issuer_id: of the legal entity that pays; without one, the account that every issuer may use.
    """
    entered = select(RefundAccount).where(
        RefundAccount.customer_id == customer.id,
        or_(RefundAccount.legal_entity_id.is_(None), RefundAccount.legal_entity_id == issuer_id),
    )
    row = db.session.scalars(entered.order_by(RefundAccount.id.desc())).first()
    if row is not None:
        return _told(customer, row.iban, row.holder, row.since, row.legal_entity_id)._replace(entered=row)
    signed = select(Mandate).where(Mandate.customer_id == customer.id, Mandate.signed_on.is_not(None))
    for mandate in db.session.scalars(signed.order_by(Mandate.id.desc())):
        if mandate.iban and mandate.signed_on:
            return _told(customer, mandate.iban, mandate.debtor_name, _known_since(mandate))
    return None


def _told(customer: Customer, iban: str, holder: str, since: date, issuer_id: int | None = None) -> Account:
    """With the day on which the bank refused it, unless it was entered again since.

    issuer_id: of the only issuer that pays there. What was refused to such a one says nothing of the
    account that the others use.
    """
    query = select(func.max(Refund.account_refused_on)).where(Refund.customer_id == customer.id)
    elsewhere = exists().where(
        RefundAccount.customer_id == Refund.customer_id,
        RefundAccount.legal_entity_id == Refund.legal_entity_id,
        RefundAccount.since <= Refund.account_refused_on,
    )
    refused_on = db.session.scalar(
        query.where(~elsewhere if issuer_id is None else Refund.legal_entity_id == issuer_id)
    )
    return Account(iban, holder, since, refused_on if refused_on and since < refused_on else None)


def _known_since(mandate: Mandate) -> date:
    changed = select(MandateAmendment.created_at).where(
        MandateAmendment.mandate_id == mandate.id, MandateAmendment.kind == AmendmentKind.ACCOUNT
    )
    last = db.session.scalar(changed.order_by(MandateAmendment.id.desc()).limit(1))
    signed = mandate.signed_on or clock.today()
    return max(signed, clock.paris_day(last)) if last else signed
