"""Asking the customer herself to accept a contract: a link and a code to her signatory, or a signed paper."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import User
from portal.actor import Actor
from portal.blobs import Document, keep
from portal.customers.models import ContactRole, Customer, CustomerKind, Means, TermsProof
from portal.customers.proofs import WithProof, seal_proof
from portal.customers.rules import check_buyer
from portal.db import EVERYTHING, Tenant, db, scope
from portal.errors import Refused
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink, make_link, revoke_links
from portal.mail import Addressee, link, queue_mail
from portal.scans import read_scan
from portal.stateful import Stateful, step
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack
from portal.wording import N_

LINK_DAYS = 30


class RequestState(StrEnum):
    SENT = "sent"  # the signatory has the link
    ACCEPTED = "terms_accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by who asked, or because another way was taken


R = RequestState


class Agreed(NamedTuple):
    """Who accepts, in which function, and the texts that she was shown."""

    name: str
    role: str
    shown: str


class TermsRequest(Tenant, WithProof, Stateful, db.Model):
    """One contract that a customer is asked to accept; what she is shown is what is in force that day."""

    __tablename__ = "terms_request"

    steps = {
        "ask": step(R.SENT, to=R.SENT),
        "resend": step(R.SENT, to=R.SENT),
        "accept": step(R.SENT, to=R.ACCEPTED),
        "refuse": step(R.SENT, to=R.REFUSED),
        "withdraw": step(R.SENT, to=R.WITHDRAWN),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    terms: Mapped[str] = mapped_column(String(40))  # name of the contract in the library
    state: Mapped[RequestState] = mapped_column(default=R.SENT, index=True)
    asked_by_id: Mapped[int | None]  # of user_account: who is told of the answer
    order: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # what waits for it, as typed
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    customer: Mapped[Customer] = relationship()
    proof: Mapped[Document | None] = relationship()

    label = N_("demande d'acceptation")

    @property
    def stack(self) -> Stack:
        """What an acceptance of today is about."""
        return stack_in_force(self.terms, clock.today())

    @property
    def link(self) -> SignedLink | None:
        query = select(SignedLink).where(SignedLink.subject_uid == self.uid)
        return db.session.scalars(query.order_by(SignedLink.id.desc()).limit(1)).first()

    def resend(self, *, by: Actor) -> None:
        """A new link to the present signatory; the one before stops working."""
        self._take("resend", by=by)
        self._send_link(by)

    def _send_link(self, by: Actor) -> None:
        contact = self.customer.contact(ContactRole.SIGNATORY)
        row, token = make_link(
            Purpose.ACCEPT_TERMS,
            self,
            owner=self.customer.organisation,
            recipient=contact.email,
            days=LINK_DAYS,
        )
        self.note(N_("lien créé"), by=by.label, token_sha256=row.token_hash)
        queue_mail(
            contact,
            "customers/mail_terms.txt",
            about=self,
            owner=self.customer.organisation,
            language=self.customer.language,
            urgent=True,
            customer=self.customer,
            stack=self.stack,
            url=link(f"/accept/{token}"),
            last_day=clock.today() + timedelta(days=LINK_DAYS),
        )

    def agree(self, name: str, role: str, shown: str, visitor: dict[str, str]) -> None:
        """Who is about to accept which texts; the code then says that she has the address on file."""
        self.signer_name, self.signer_role, self.shown = name, role, shown
        self.note(N_("textes présentés et acceptés"), visitor, signer=name, role=role, texts=shown)

    def accept(self, by_link: SignedLink, visitor: dict[str, str]) -> None:
        """The code was right: the proof is sealed, the texts are accepted, both sides are told.

        Raises Refused where other texts are in force than those that were agreed to.

        Source: 000-02, 001-09, 004-02.
        """
        stack = self.stack
        if self.shown != shown_texts(stack):
            raise Refused(_("Ces conditions ont changé depuis l'affichage de la page : relisez-les."))
        signer = Signer(f"{self.signer_name}, {self.signer_role} ({by_link.recipient})")
        self._take("accept", by=signer)
        self.note(N_("accepté"), visitor, signer=signer.label, texts=str(self.shown))
        self.proof = _sealed(self, stack, signer.label, by_link.recipient)
        proof = TermsProof(Means.CODE, self.proof)
        self.customer.accept(stack, by=signer, address=visitor["ip"], proof=proof)
        _tell(self, Addressee(by_link.recipient, str(self.signer_name)))

    def refuse(self, reason: str, *, by: Actor, visitor: dict[str, str]) -> None:
        self._take("refuse", by=by, reason=reason)
        self.refusal_reason = reason
        self.note(N_("refusé"), visitor, reason=reason)
        _tell_asker(self)

    def withdraw(self, *, by: Actor) -> None:
        self._take("withdraw", by=by)
        revoke_links(Purpose.ACCEPT_TERMS, self)


def shown_texts(stack: Stack) -> str:
    """The exact texts that a page shows, so that no other ones are accepted by its form."""
    return " ".join(f"{document.version}:{document.sha256}" for document in stack.documents)


def waiting_request(customer: Customer, terms: str) -> TermsRequest | None:
    query = select(TermsRequest).where(TermsRequest.customer_id == customer.id, TermsRequest.terms == terms)
    return db.session.scalars(query.where(TermsRequest.state == R.SENT)).first()


def check_party(kind: CustomerKind, terms: str) -> None:
    """May a customer of this kind be asked to accept a contract of the library? Raises Refused, and KeyError.

    Source: 003-02.
    """
    said = stack_in_force(terms, clock.today()).find("customer.businesses_only")
    if said:
        is_consumer = kind == CustomerKind.CONSUMER
        check_buyer(is_consumer=is_consumer, businesses_only=said.value, clause=said.clause, field="contract")


def request_terms(
    customer: Customer, terms: str, *, by: Actor, order: dict[str, str] | None = None
) -> TermsRequest:
    """Ask a customer's signatory to accept a contract; one that waits already gets a new link.

    terms: name of the contract in the library; raises KeyError for an unknown one. order: what is typed
    and waits for it. Raises Refused for a contract that is not for her.

    Source: 000-02, 003-02, 004-02.
    """
    check_party(customer.kind, terms)
    row = waiting_request(customer, terms)
    if row is not None:
        row.order = order or row.order
        row.resend(by=by)
        return row
    row = TermsRequest(
        organisation=customer.organisation,
        customer=customer,
        terms=terms,
        state=R.SENT,
        asked_by_id=by.id,
        order=order or {},
    )
    row.begin_chain(request=row.uid, terms=terms)
    db.session.add(row)
    db.session.flush()
    row._take("ask", by=by)
    row._send_link(by)
    return row


def accept_at_once(
    customer: Customer, terms: str, by_link: SignedLink, agreed: Agreed, visitor: dict[str, str]
) -> None:
    """A customer who has just come by a link and a code of hers has read and accepted a contract with it.

    terms: name of the contract in the library. Raises Refused where other texts are in force than those that
    she agreed to.

    Source: 000-02, 001-09, 004-02.
    """
    signer = Signer(f"{agreed.name}, {agreed.role} ({by_link.recipient})")
    row = TermsRequest(
        organisation=customer.organisation, customer=customer, terms=terms, state=R.SENT, order={}
    )
    row.begin_chain(request=row.uid, terms=terms)
    db.session.add(row)
    db.session.flush()
    row._take("ask", by=signer)
    row.agree(agreed.name, agreed.role, agreed.shown, visitor)
    row.accept(by_link, visitor)


def accept_on_paper(
    customer: Customer, stack: Stack, scan: bytes, *, signer: str, signed_on: date, by: User, address: str
) -> None:
    """Record terms that were signed by hand: who signed, when, and the scan; the customer is told.

    signer: name and function as on the paper. signed_on: Paris day. Raises Refused for a file that is no
    PDF, JPEG or PNG, for a day to come, and for a contract that is not for her.

    Source: 000-02, 003-02, 004-02.
    """
    check_party(customer.kind, stack.name)
    file = read_scan(scan)
    if signed_on > clock.today():
        raise Refused(_("Le papier ne peut pas être signé dans le futur."), field="signed_on")
    document = keep(
        file.content,
        owner=customer.organisation,
        subject=customer,
        kind="terms_paper",
        filename=f"conditions-{stack.name}-{signed_on}.{file.suffix}",
        media_type=file.media_type,
    )
    proof = TermsProof(Means.PAPER, document, signer=signer, signed_on=signed_on)
    customer.accept(stack, by=by, address=address, proof=proof)
    if waiting := waiting_request(customer, stack.name):
        waiting.withdraw(by=by)
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "customers/mail_terms_paper.txt",
        about=customer,
        owner=customer.organisation,
        language=customer.language,
        attach=[document],
        customer=customer,
        stack=stack,
        signer=signer,
        signed_on=signed_on,
        by=by.label,
    )


def _sealed(request: TermsRequest, stack: Stack, signer: str, address: str) -> Document:
    customer = request.customer
    summary = [
        (_("Client"), customer.name),
        (_("Signataire"), signer),
        (_("Adresse du code"), address),
        *((document.title, f"{document.version}, SHA-256 {document.sha256}") for document in stack.documents),
        (_("Dernière empreinte"), request.head),
    ]
    return seal_proof(
        request,
        customer,
        (_("Conditions"), stack.label),
        summary,
        kind="terms_evidence",
        name=f"conditions-{stack.name}",
        reason=f"Conditions {stack.name}",
    )


def _tell(request: TermsRequest, signer: Addressee) -> None:
    queue_mail(
        signer,
        "customers/mail_terms_accepted.txt",
        about=request,
        owner=request.customer.organisation,
        language=request.customer.language,
        attach=[request.proof] if request.proof else [],
        customer=request.customer,
        stack=request.stack,
    )
    _tell_asker(request)


def _goes_on(request: TermsRequest) -> str:
    page = f"/customers/{request.customer.uid}"
    waits = request.order and request.state == R.ACCEPTED
    return f"{page}/orders/new?{urlencode(request.order)}" if waits else page


def _tell_asker(request: TermsRequest) -> None:
    """Whoever asked goes on from there: to the order that waits, or to the customer."""
    with scope(EVERYTHING):  # the asker's house lies above the customer, who acts here
        asker = db.session.get(User, request.asked_by_id) if request.asked_by_id else None
        if asker is None or not asker.is_enabled:
            return
        queue_mail(
            asker,
            "customers/mail_terms_answer.txt",
            about=request,
            owner=asker.organisation,
            language=asker.language or "fr",
            request=request,
            customer=request.customer,
            stack=request.stack,
            url=link(_goes_on(request)),
        )
        db.session.flush()
