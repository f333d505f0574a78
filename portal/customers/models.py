"""Customers, contacts, acceptances, and the drafts of forms not yet sent."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from blinker import Namespace
from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, or_, select
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.blobs import Document
from portal.crypto.secrets import Sealed
from portal.customers.references import WithReferences
from portal.db import PathType, Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.mail import Addressee
from portal.search.words import fold
from portal.terms.rules import Accepted, was_accepted
from portal.terms.stack import Stack

vat_number_given = Namespace().signal("vat-number-given")  # in the transaction that writes it


class CustomerKind(StrEnum):
    BUSINESS = "business"
    CONSUMER = "consumer"
    NON_PROFESSIONAL = "non_professional"  # personne morale non professionnelle
    PUBLIC_BODY = "public_body"


class ContactRole(StrEnum):
    BILLING = "billing"
    TECHNICAL = "technical"
    INCIDENT = "incident"
    SIGNATORY = "signatory"


class Means(StrEnum):
    """How the terms were accepted."""

    STAFF = "staff"  # on the word of who sells, as of old
    CODE = "code"  # by the signatory, with a code sent to her address
    PAPER = "paper"  # signed by hand, with its scan
    TAKEN_OVER = "taken_over"  # signed by hand before, as the file of the former system says


@dataclass(frozen=True, slots=True)
class TermsProof:
    """What shows that terms were accepted; signer and signed_on as they stand on a paper."""

    means: Means
    document: Document | None = None
    signer: str = ""
    signed_on: date | None = None


class Customer(Tenant, WithReferences, db.Model):
    """A party that buys backup through a reseller; its organisation is a leaf of the tree."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_name", "name_folded", "id"),
        Index("ix_customer_reseller_name", "reseller_id", "name_folded", "id"),
    )

    # No index on the path here: a planner would take it for the list, then sort every customer by name.
    org_path: Mapped[str] = mapped_column(PathType)
    reseller_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  # the node above
    kind: Mapped[CustomerKind]
    name: Mapped[str] = mapped_column(String(140))
    name_folded: Mapped[str] = mapped_column(PathType)
    siren: Mapped[str | None] = mapped_column(String(9), index=True)
    siret: Mapped[str | None] = mapped_column(String(14))
    vat_number: Mapped[str | None] = mapped_column(String(14))
    # Structured address: the only form that SEPA schemes take since 15 November 2026 (L13).
    street: Mapped[str] = mapped_column(String(70))
    postcode: Mapped[str] = mapped_column(String(16))
    town: Mapped[str] = mapped_column(String(35))
    country: Mapped[str] = mapped_column(String(2))
    health_data: Mapped[bool]  # will health data be stored? decides which offers may be sold
    language: Mapped[str] = mapped_column(String(5), default="fr")
    # Does she refuse invoices without her own reference? (Chorus Pro; some companies)
    requires_purchase_order: Mapped[bool] = mapped_column(default=False, server_default=false())
    requires_commitment_number: Mapped[bool] = mapped_column(default=False, server_default=false())
    requires_service_code: Mapped[bool] = mapped_column(default=False, server_default=false())
    partner_reference: Mapped[str | None] = mapped_column(String(60))  # who she is in the reseller's systems
    outside_eu_declared_at: Mapped[datetime | None]  # the customer declared to live or sit outside the Union
    archived_at: Mapped[datetime | None]  # put away: in no list, nothing of hers runs
    merged_into_id: Mapped[int | None]  # of the customer whose double she was

    organisation: Mapped[Organisation] = relationship(foreign_keys="Customer.organisation_id")
    merged_into: Mapped["Customer | None"] = relationship(
        primaryjoin=lambda: foreign(Customer.merged_into_id) == remote(Customer.id), viewonly=True
    )
    contacts: Mapped[list["Contact"]] = relationship(
        back_populates="customer", order_by="Contact.id", cascade="all, delete-orphan"
    )
    acceptances: Mapped[list["Acceptance"]] = relationship(
        order_by="Acceptance.id", back_populates="customer"
    )

    def __init__(self, *, name: str, **values: Any) -> None:
        super().__init__(name=name, name_folded=fold(name)[:200], **values)

    def contact(self, role: ContactRole) -> "Contact":
        return next(contact for contact in self.contacts if contact.role == role)

    def person_at(self, address: str) -> Addressee:
        """Who is written to at an address: with the name of the contact whose it is."""
        names = [contact.name for contact in self.contacts if contact.email == address]
        return Addressee(address, names[0] if names else "")

    def has_accepted(self, stack: Stack) -> bool:
        """Has every document of this stack been accepted, in exactly this version and text?"""
        counted = [row for row in self.acceptances if row.reversal is None]
        proofs = [Accepted(row.version, row.sha256, row.accepted_at) for row in counted]
        now = clock.now()
        return all(was_accepted(proofs, doc.version, doc.sha256, now) for doc in stack.documents)

    def proofs_of(self, stack: Stack) -> list["Acceptance"]:
        """The evidence that exactly these texts were accepted, the oldest first."""
        texts = {(document.version, document.sha256) for document in stack.documents}
        counted = (row for row in self.acceptances if row.reversal is None)
        return [row for row in counted if (row.version, row.sha256) in texts]

    def accept(
        self, stack: Stack, *, by: Actor, address: str, proof: TermsProof = TermsProof(Means.STAFF)
    ) -> None:
        """Keep the proof that the terms were accepted: who, when, from where, which text, by what.

        Source: 000-02, 001-09.
        """
        for document in stack.documents:
            row = Acceptance(
                organisation=self.organisation,
                document=document.code,
                version=document.version,
                sha256=document.sha256,
                accepted_by=proof.signer or by.label,
                address=address[:45],
                accepted_at=clock.now(),
                means=proof.means,
                signed_on=proof.signed_on,
                document_uid=proof.document.uid if proof.document else None,
            )
            self.acceptances.append(row)
        record(self, "accept_terms", by=by, documents=stack.versions, means=proof.means)


def reverse_acceptance(row: "Acceptance", reason: str, *, by: Actor) -> None:
    """An acceptance that was recorded by mistake counts no more; the row itself is never changed.

    Raises Refused for one that the customer gave herself with a code, or that is reversed already.
    """
    if row.means == Means.CODE:
        raise Refused(_("Le client a donné cet accord lui-même, avec un code : il ne se retire pas ici."))
    if row.reversal is not None:
        raise Refused(_("Cette acceptation est déjà retirée."))
    row.reversal = AcceptanceReversal(
        organisation=row.customer.organisation, reason=reason, by_label=by.label
    )
    record(row.customer, "withdraw_terms", by=by, version=row.version, reason=reason)


class Contact(Tenant, db.Model):
    """A person at the customer's, for one purpose."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("customer_id", "role"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    role: Mapped[ContactRole]
    name: Mapped[str] = mapped_column(String(70))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(30), default="")

    customer: Mapped[Customer] = relationship(back_populates="contacts")


class Acceptance(Tenant, db.Model):
    """One document accepted: evidence, never changed."""

    __tablename__ = "acceptance"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    document: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    accepted_by: Mapped[str] = mapped_column(String(200))
    accepted_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45))
    means: Mapped[Means] = mapped_column(default=Means.STAFF)
    signed_on: Mapped[date | None]  # on a paper
    document_uid: Mapped[str | None] = mapped_column(String(16))  # of its proof: sealed evidence, or a scan

    customer: Mapped[Customer] = relationship(back_populates="acceptances")
    reversal: Mapped["AcceptanceReversal | None"] = relationship(uselist=False, lazy="selectin")


class AcceptanceReversal(Tenant, db.Model):
    """One acceptance was recorded by mistake: it counts no more, and stays as it was."""

    __tablename__ = "acceptance_reversal"

    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptance.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(300))
    by_label: Mapped[str] = mapped_column(String(200))


class Draft(Tenant, db.Model):
    """What a person has typed into a long form and not sent yet, sealed; one per form and person."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("user_id", "form"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    form: Mapped[str] = mapped_column(String(40))
    content_sealed: Mapped[str] = mapped_column(Text)
    content = Sealed()


def onboard(
    reseller: Organisation, *, contacts: dict[ContactRole, tuple[str, str, str]], by: Actor, **values: Any
) -> Customer:
    """Create a customer under a reseller: its node of the tree, its row, its four contacts.

    ``contacts`` gives (name, e-mail, phone) by role. Raises Refused for a SIREN that this reseller
    already has, unless both are establishments with a SIRET of their own.
    """
    if reseller.kind == OrganisationKind.CUSTOMER:
        raise Refused(_("Un client ne peut pas avoir de clients."))
    siren = values.get("siren")
    own = select(Organisation.id).where(Organisation.id == reseller.id)
    # Colleagues may enter the same customer at this moment. A plain lock would stop every insert below it.
    db.session.execute(own.with_for_update(key_share=True))
    if known := find_double(reseller.id, siren, values.get("siret")):
        sentence = _(
            "Ce numéro est déjà celui de %(name)s. Un autre établissement de la même entreprise se "
            "distingue par son SIRET.",
            name=known.name,
        )
        raise Refused(sentence, field="siren")
    node = Organisation(parent=reseller, kind=OrganisationKind.CUSTOMER, name=values["name"])
    db.session.add(node)
    db.session.flush()  # the customer's row needs the node's id
    customer = Customer(organisation=node, reseller_id=reseller.id, **values)
    for role, (name, email, phone) in contacts.items():
        customer.contacts.append(
            Contact(organisation=node, role=role, name=name, email=email.lower(), phone=phone)
        )
    db.session.add(customer)
    db.session.flush()
    record(customer, "onboard", by=by)
    vat_number_given.send(customer, by=by)
    return customer


def find_double(reseller_id: int, siren: str | None, siret: str | None) -> Customer | None:
    """The customer of this reseller who has this number, archived ones included.

    Two establishments of one SIREN are two customers where each has a SIRET and they differ.
    """
    if not siren:
        return None
    own = select(Customer).where(Customer.reseller_id == reseller_id, Customer.siren == siren)
    own = own.where(Customer.merged_into_id.is_(None))
    if siret:
        own = own.where(or_(Customer.siret == siret, Customer.siret.is_(None)))
    return db.session.scalars(own.order_by(Customer.id)).first()
