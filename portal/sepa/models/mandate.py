"""Mandates: asked for, signed, revoked; whether a day's debit may rest on one."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, cast

from blinker import Namespace
from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.blobs import Document
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer, CustomerKind
from portal.db import Tenant, db
from portal.errors import Refused
from portal.links import Purpose, revoke_links
from portal.resellers.models import LegalEntity, next_number
from portal.sepa.formats.iban import mask
from portal.sepa.formats.values import Address, Scheme
from portal.sepa.mandate_text import BY_VERSION, Language, MandateText, mandate_text
from portal.sepa.models.asking import Asked
from portal.sepa.models.event import MandateEvent, What
from portal.sepa.models.evidenced import Evidenced
from portal.sepa.models.hold import Holdable
from portal.sepa.rules import build_rum, mandate_lapses_on, revocation_effective_on
from portal.stateful import Stateful, step

LAPSE_MONTHS = 36  # EPC016-06: a mandate without a debit for so long may no longer be used

_signals = Namespace()
# Sent with mandate= inside the transaction that signs it: listeners write, and do not commit.
mandate_signed = _signals.signal("mandate-signed")  # and, between businesses, once its bank knows it


class MandateState(StrEnum):
    DRAFT = "draft"
    SENT = "sent"  # the debtor has the link
    CHECKING = "paper_entered"  # signed by hand, and one person has typed what the paper says
    SIGNED = "signed"
    SUSPENDED = "suspended"  # signed, and no debit may rest on it for now
    REFUSED = "refused"  # by the debtor, instead of signing
    REVOKED = "revoked"  # asked for by the debtor, or the request was withdrawn


S = MandateState
# Few, and every page counts them.
_AT_BANK = "state = 'signed' AND scheme = 'B2B' AND bank_confirmed_on IS NULL"


class Mandate(Asked, Evidenced, Holdable, Tenant, Stateful, db.Model):
    """A debtor's consent to be debited by one creditor (mandat de prélèvement SEPA)."""

    __tablename__ = "mandate"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "rum"),
        Index("ix_mandate_last_used", "last_presented_on", "signed_on"),  # which ones lapse
        Index("ix_mandate_at_bank", "state", postgresql_where=text(_AT_BANK), sqlite_where=text(_AT_BANK)),
    )

    steps = {
        "send": step(S.DRAFT, to=S.SENT),
        "import": step(S.DRAFT, to=S.SIGNED),
        "sign": step(S.SENT, to=S.SIGNED),
        "enter_paper": step(S.SENT, to=S.CHECKING),
        "agree_to_paper": step(S.CHECKING, to=S.SIGNED),
        "return_paper": step(S.CHECKING, to=S.SENT),
        "refuse": step(S.SENT, to=S.REFUSED),
        "revoke": step(S.SENT, S.CHECKING, S.SIGNED, S.SUSPENDED, to=S.REVOKED),
        "suspend": step(S.SIGNED, S.SUSPENDED, to=S.SUSPENDED),
        "resume": step(S.SUSPENDED, to=S.SIGNED),
        "stop": step(S.SIGNED, S.SUSPENDED, S.REVOKED, to=S.REVOKED),
        "resend": step(S.SENT, to=S.SENT),
        "delegate": step(S.SENT, to=S.SENT),
        "confirm": step(S.SIGNED, to=S.SIGNED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    rum: Mapped[str] = mapped_column(String(35))  # référence unique du mandat
    scheme: Mapped[str] = mapped_column(String(4))  # CORE or B2B
    language: Mapped[str] = mapped_column(String(5))  # of the text that is signed
    state: Mapped[MandateState] = mapped_column(default=S.DRAFT, index=True)
    debtor_name: Mapped[str] = mapped_column(String(70))  # holder of the account
    street: Mapped[str] = mapped_column(String(70))
    postcode: Mapped[str] = mapped_column(String(16))
    town: Mapped[str] = mapped_column(String(35))
    country: Mapped[str] = mapped_column(String(2))
    iban_sealed: Mapped[str | None] = mapped_column(String(300))
    iban_index: Mapped[str | None] = mapped_column(String(32), index=True)
    iban_masked: Mapped[str | None] = mapped_column(String(24))  # the only form that is shown
    iban = Sealed(indexed=True)
    signed_at: Mapped[datetime | None]
    signed_on: Mapped[date | None]
    text_version: Mapped[str] = mapped_column(String(20))
    text_sha256: Mapped[str] = mapped_column(String(64))
    shown_sha256: Mapped[str | None] = mapped_column(String(64))  # of the document on the screen
    refusal_reason: Mapped[str | None] = mapped_column(String(300))
    revocation_received_on: Mapped[date | None]
    revoked_on: Mapped[date | None]  # first day on which no debit may rest on it
    bank_confirmed_on: Mapped[date | None]  # B2B: the debtor's bank has registered the mandate
    last_presented_on: Mapped[date | None]  # due date of the last debit handed in
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    shown_document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    evidence_head: Mapped[str] = mapped_column(String(64))  # hash of the last event
    evidence_length: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document | None] = relationship(foreign_keys=[document_id])
    shown_document: Mapped[Document | None] = relationship(foreign_keys=[shown_document_id])
    proof: Mapped[Document | None] = relationship(foreign_keys=[proof_id])
    events: Mapped[list[MandateEvent]] = relationship(order_by=MandateEvent.seq)
    amendments: Mapped[list[Any]] = relationship(  # of MandateAmendment, which knows this class
        "MandateAmendment", back_populates="mandate", order_by="MandateAmendment.id"
    )

    # The head of the chain changes with every event: two writers at once never fork it.
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def address(self) -> Address:
        return Address(street=self.street, postcode=self.postcode, town=self.town, country=self.country)

    @property
    def text(self) -> MandateText:
        return BY_VERSION[self.text_version]

    @property
    def lapses_on(self) -> date | None:
        """First day on which it is lapsed for lack of use (caducité); None before the signature."""
        if self.signed_on is None:
            return None
        return mandate_lapses_on(self.last_presented_on, self.signed_on, LAPSE_MONTHS)

    def problem(self, on: date) -> str | None:
        """Why a debit due ``on`` may not rest on this mandate; None when it may.

        Source: 003-49, 003-80; EPC016-06 (36 months), EPC222-07 (confirmation by the bank).
        """
        if self.state == S.REFUSED:
            return _("Le client a refusé de signer le mandat.")
        if self.state == S.REVOKED and (self.revoked_on is None or on >= self.revoked_on):
            return _("Le mandat est révoqué.")
        if self.state == S.SUSPENDED:
            return _("Le mandat est suspendu : %(reason)s.", reason=(self.hold_reason or "").rstrip("."))
        if self.signed_on is None:
            return _("Le mandat n'est pas encore signé.")
        if on >= cast(date, self.lapses_on):
            return _("Le mandat est caduc : aucun prélèvement depuis 36 mois.")
        if self.scheme == "B2B" and (self.bank_confirmed_on is None or self.bank_confirmed_on > on):
            return _("La banque du client n'a pas encore confirmé ce mandat interentreprises.")
        return None

    def is_usable(self, on: date) -> bool:
        return self.problem(on) is None

    @classmethod
    def is_at_bank(cls) -> ColumnElement[bool]:
        """SQL condition: signed between businesses, and the debtor's bank does not know it yet.

        As the index of these few is written: with values instead, SQLite would read every mandate.
        """
        signed: ColumnElement[str] = literal_column("'signed'")
        between: ColumnElement[str] = literal_column("'B2B'")
        return and_(cls.state == signed, cls.scheme == between, cls.bank_confirmed_on.is_(None))

    def shown_state(self) -> str:
        if self.state == S.SIGNED and clock.today() >= cast(date, self.lapses_on):
            return "lapsed"
        if self.state == S.SIGNED and self.scheme == "B2B" and self.bank_confirmed_on is None:
            return "at_bank"
        return self.state.value

    # Steps

    def enter_account(self, *, iban: str, name: str, address: Address, visitor: dict[str, str]) -> None:
        """The account that the signer typed; whatever was shown or agreed to before counts no more."""
        self._require_sent()
        self.iban, self.iban_masked = iban, mask(iban)
        self.debtor_name = name
        self.street, self.postcode = address.street, address.postcode
        self.town, self.country = address.town, address.country
        self.shown_sha256 = self.signer_name = self.signer_role = self.signer_email = None
        self.note(
            What.ACCOUNT_ENTERED, visitor, iban=self.iban_masked, iban_index=str(self.iban_index), holder=name
        )

    def refuse(self, reason: str, *, by: Actor, visitor: dict[str, str]) -> None:
        self._take("refuse", by=by, reason=reason)
        self.refusal_reason = reason
        self.iban = self.iban_masked = None  # not needed any more, so not kept
        self.note(What.REFUSED, visitor, reason=reason)

    def sign(self, *, at: datetime, by: Actor) -> None:
        """Take the step; the documents are made by :mod:`portal.sepa.signing.documents`."""
        if not (self.iban_sealed and self.signer_name and self.shown_sha256):
            raise Refused(_("Il manque une étape avant la signature."))
        self._take("sign", by=by)
        self.signed_at, self.signed_on = at, clock.paris_day(at)

    def revoke(self, *, received_on: date, notice_months: int, by: Actor) -> None:
        """Stop on the debtor's demand, or withdraw an unsigned request.

        Source: 003-80.
        """
        if received_on > clock.today():
            raise Refused(_("La date de réception est dans le futur."), field="received_on")
        if self.signed_on and received_on < self.signed_on:
            raise Refused(_("La révocation est datée d'avant la signature."), field="received_on")
        revoked_on = revocation_effective_on(received_on, notice_months)
        self._take("revoke", by=by, received_on=received_on.isoformat(), effective=revoked_on.isoformat())
        self.revocation_received_on, self.revoked_on = received_on, revoked_on
        if self.signed_on is None:
            revoke_links(Purpose.SIGN_MANDATE, self)

    def confirm_at_bank(self, *, on: date, by: Actor) -> None:
        """B2B: the debtor's bank has registered the mandate, so that a debit may be presented."""
        if self.scheme != "B2B":
            raise Refused(_("Seul un mandat interentreprises se fait confirmer par la banque."))
        if on > clock.today() or (self.signed_on and on < self.signed_on):
            raise Refused(_("La confirmation se situe entre la signature et aujourd'hui."), field="on")
        self._take("confirm", by=by, on=on.isoformat())
        self.bank_confirmed_on = on
        mandate_signed.send(None, mandate=self)

    def _require_sent(self) -> None:
        if self.state != S.SENT:
            raise Refused(_("Ce mandat n'attend plus de signature."))


def request_mandate(
    customer: Customer, entity: LegalEntity, *, scheme: Scheme = "CORE", by: Actor
) -> tuple[Mandate, str]:
    """Ask a customer to sign a mandate for this creditor; the link leaves by e-mail.

    Returns the mandate and the token of its link. Raises Refused if one already waits for the
    signature, if a consumer is asked for a mandate between businesses, or of a creditor without ICS.

    Source: 003-49, 003-78.
    """
    if scheme == "B2B" and customer.kind in {CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL}:
        raise Refused(_("Le mandat interentreprises est réservé aux professionnels."), field="scheme")
    if not entity.ics:
        raise Refused(_("%(name)s n'a pas d'ICS et ne prélève personne.", name=entity.name))
    if waiting := open_mandate(customer, entity):
        raise Refused(_("Le mandat %(rum)s attend déjà la signature : renvoyez le lien.", rum=waiting.rum))
    language: Language = "en" if customer.language == "en" else "fr"
    text = mandate_text(scheme, language)
    mandate = Mandate(
        organisation=customer.organisation,
        customer=customer,
        legal_entity=entity,
        state=S.DRAFT,
        scheme=scheme,
        language=language,
        debtor_name=customer.name[:70],
        street=customer.street,
        postcode=customer.postcode,
        town=customer.town,
        country=customer.country,
        text_version=text.version,
        text_sha256=text.sha256,
        evidence_length=0,
        rum=_next_rum(entity),
        evidence_head="",
    )
    mandate.evidence_head = mandate.envelope
    db.session.add(mandate)
    db.session.flush()
    return mandate, mandate.send(by=by)


def _next_rum(entity: LegalEntity) -> str:
    _prefix, year, number = next_number(entity, "RUM", clock.today().year).split("-")
    code = "".join(c for c in entity.mandate_prefix.upper() if c.isascii() and c.isalnum())
    return build_rum(code, int(year + number))


def open_mandate(customer: Customer, entity: LegalEntity) -> Mandate | None:
    """The mandate that this customer has been sent and that counts for nothing yet."""
    waiting = Mandate.state.in_([S.SENT, S.CHECKING])
    query = select(Mandate).where(Mandate.customer_id == customer.id, waiting)
    query = query.where(Mandate.legal_entity_id == entity.id).order_by(Mandate.id.desc())
    return db.session.scalars(query.limit(1)).first()


def mandate_at_bank(customer: Customer, entity: LegalEntity) -> Mandate | None:
    """The signed mandate between businesses that the debtor's bank does not know yet."""
    query = select(Mandate).where(Mandate.customer_id == customer.id, Mandate.is_at_bank())
    return db.session.scalars(query.where(Mandate.legal_entity_id == entity.id).limit(1)).first()


def find_usable_mandate(customer: Customer, entity: LegalEntity, on: date) -> Mandate | None:
    """The latest mandate on which a debit of this creditor due ``on`` may rest."""
    return usable_mandates([customer], entity, on).get(customer.id)


def usable_mandates(customers: Iterable[Customer], entity: LegalEntity, on: date) -> dict[int, Mandate]:
    """By customer's id, the latest mandate on which a debit due ``on`` may rest; without who has none."""
    wanted = Mandate.customer_id.in_([customer.id for customer in customers])
    query = select(Mandate).where(wanted, Mandate.signed_on.is_not(None))
    query = query.where(Mandate.legal_entity_id == entity.id).order_by(Mandate.id)
    return {mandate.customer_id: mandate for mandate in db.session.scalars(query) if mandate.is_usable(on)}
