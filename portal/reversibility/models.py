"""The case of one handover: who waits for whom, what was delivered, accepted, destroyed."""

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.actor import Actor
from portal.answers.rules import handover as rules
from portal.blobs import Document
from portal.customers.models import Contact, ContactRole, Customer
from portal.db import Tenant, db
from portal.engine.models import (
    OpeningPurpose,
    Vault,
    VaultOpening,
    ask_for_key,
    find_opening,
    mail_contact,
    vault_opened,
)
from portal.errors import Refused
from portal.jobs import Task
from portal.journal import SYSTEM, record
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.reversibility.choosing import Choosing
from portal.reversibility.erasure import ErasureOrder
from portal.reversibility.losses import Losses
from portal.reversibility.states import CaseState as CaseState
from portal.reversibility.states import HandoverForm as HandoverForm
from portal.reversibility.states import Reason as Reason
from portal.stateful import step
from portal.subscriptions.models import Subscription
from portal.wording import Cents
from portal.words.choices import FORM_WORDS

FETCH_DAYS = 30


C = CaseState
OVER = (C.ERASED, C.CANCELLED)


class ReversibilityCase(Tenant, ErasureOrder, Choosing, Losses, db.Model):
    """One request to have a vault's data back, or destroyed."""

    __tablename__ = "reversibility_case"

    steps = {
        "quote": step(C.REQUESTED, C.QUOTED, to=C.QUOTED),
        "accept_quote": step(C.QUOTED, to=C.TO_PAY),
        "await_payment": step(C.REQUESTED, to=C.TO_PAY),
        "start": step(C.REQUESTED, C.TO_PAY, to=C.WAITING_FOR_KEY),
        "start_sealed": step(C.REQUESTED, C.TO_PAY, C.CONTESTED, to=C.EXPORTING),
        "confirm_destruction": step(C.REQUESTED, to=C.ACCEPTED),
        "export": step(C.WAITING_FOR_KEY, to=C.EXPORTING),
        "lose_key": step(C.EXPORTING, to=C.WAITING_FOR_KEY),
        "offer": step(C.EXPORTING, to=C.CHOOSING),
        "choose": step(C.CHOOSING, to=C.EXPORTING),
        "lapse_choice": step(C.CHOOSING, to=C.EXPORTING),
        "deliver": step(C.EXPORTING, to=C.READY),
        "ship": step(C.READY, to=C.READY),
        "contest": step(C.READY, to=C.CONTESTED),
        "export_again": step(C.CONTESTED, to=C.WAITING_FOR_KEY),
        "accept": step(C.READY, to=C.ACCEPTED),
        "release_first": step(C.ACCEPTED, to=C.ACCEPTED),
        "release": step(C.ACCEPTED, to=C.ERASING),
        "order": step(C.ACCEPTED, to=C.COOLING_OFF),
        "recall": step(C.COOLING_OFF, to=C.ACCEPTED),
        "begin": step(C.COOLING_OFF, to=C.ERASING),
        "certify": step(C.ERASING, to=C.ERASED),
        "cancel": step(
            C.REQUESTED,
            C.QUOTED,
            C.TO_PAY,
            C.WAITING_FOR_KEY,
            C.CHOOSING,
            C.EXPORTING,
            C.CONTESTED,
            to=C.CANCELLED,
        ),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    reason: Mapped[Reason]
    state: Mapped[CaseState] = mapped_column(default=C.REQUESTED)
    requested_on: Mapped[date]  # the day the request was received, from which deadlines run
    requested_by: Mapped[str] = mapped_column(String(200))
    form: Mapped[HandoverForm] = mapped_column(default=HandoverForm.READABLE)
    cost_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # cost sheet of a switch (L5)
    quote_cents: Mapped[int | None] = mapped_column(BigInteger)  # without VAT
    quoted_at: Mapped[datetime | None]
    quote_accepted_at: Mapped[datetime | None]
    quote_accepted_by: Mapped[str] = mapped_column(String(254), default="")
    paid_on: Mapped[date | None]
    opening_uid: Mapped[str] = mapped_column(String(16), default="")
    round: Mapped[int] = mapped_column(default=1)  # number of the export; a contested one is done again
    files: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    delivered_at: Mapped[datetime | None]
    shipped_on: Mapped[date | None]  # on a physical medium, beside the download
    medium: Mapped[str] = mapped_column(String(80), default="")
    tracking: Mapped[str] = mapped_column(String(80), default="")
    contest_reason: Mapped[str] = mapped_column(Text, default="")
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str] = mapped_column(String(254), default="")
    erase_now: Mapped[bool | None]  # the customer's choice; None until accepted
    return_number: Mapped[str] = mapped_column(String(35), default="")
    return_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    first_released_by_id: Mapped[int | None]  # of two people, for a large vault
    first_released_by: Mapped[str] = mapped_column(String(200), default="")
    released_by: Mapped[str] = mapped_column(String(200), default="")
    erase_from: Mapped[datetime | None]  # ordered: it begins then, unless it is recalled
    erased_at: Mapped[datetime | None]
    certificate_number: Mapped[str] = mapped_column(String(35), default="")
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    subscription: Mapped[Subscription] = relationship()
    vault: Mapped[Vault] = relationship()
    certificate: Mapped[Document | None] = relationship(foreign_keys=[certificate_id])
    return_certificate: Mapped[Document | None] = relationship(foreign_keys=[return_certificate_id])

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def form_word(self) -> str:
        return str(FORM_WORDS[self.form])

    @property
    def is_sealed(self) -> bool:
        return self.form == HandoverForm.SEALED

    @property
    def newer_backup_at(self) -> datetime | None:
        """The last backup, when it came after the copy was handed over: the copy does not hold it."""
        newest = self.vault.newest_at
        is_newer = newest is not None and self.delivered_at is not None and newest > self.delivered_at
        return newest if is_newer and self.state not in (C.ERASED, C.CANCELLED) else None

    @property
    def opening(self) -> VaultOpening | None:
        return find_opening(self.opening_uid) if self.opening_uid else None

    @property
    def task_kind(self) -> str:
        return "reversibility.erase" if self.state == C.ERASING else "reversibility.export"

    @property
    def task_ref(self) -> str:
        return f"{self.uid}:{self.round}"

    @property
    def task(self) -> Task | None:
        working = self.state in {C.EXPORTING, C.WAITING_FOR_KEY, C.ERASING}
        return jobs.find_task(self.task_kind, self.task_ref) if working else None

    @property
    def is_moving(self) -> bool:
        """Will the page change without the reader doing anything?"""
        return self.state in {C.WAITING_FOR_KEY, C.EXPORTING, C.ERASING}

    # What people decide

    def quote(self, cents: int, *, by: Actor) -> None:
        """Tell the customer the price of the recovery, without VAT, in cents (003-23)."""
        if not self.needs_quote:
            raise Refused(_("Ce contrat ne demande pas de devis."))
        most = self.highest_quote
        if most is not None and cents > most.value:
            raise Refused(
                _("La loi ne permet pas plus de %(most)s pour ce départ (%(law)s)."),
                field="amount_cents",
                most=Cents(most.value),
                law=", ".join(most.clauses),
            )
        self._take("quote", by=by, cents=cents)
        self.quote_cents, self.quoted_at = cents, clock.now()
        self.send_fetch_link("mails/quote.txt")

    def accept_quote(self, *, by: Actor, address: str = "") -> None:
        """The customer accepts the price; the recovery starts once it is paid, where the contract says so."""
        self._take("accept_quote", by=by, cents=self.quote_cents, address=address)
        self.quote_accepted_at, self.quote_accepted_by = clock.now(), by.label

    def wait_for_payment(self, *, by: Actor) -> None:
        self._take("await_payment", by=by)

    def pay(self, on: date, reference: str, *, by: Actor) -> None:
        """The price has come in: the recovery starts."""
        if self.state != C.TO_PAY:
            raise Refused(_("Ce dossier n'attend pas de paiement."))
        if not self.requested_on <= on <= clock.today():
            raise Refused(_("Le paiement se situe entre la demande et aujourd'hui."), field="on")
        self.paid_on = on
        record(self, "pay", by=by, on=on.isoformat(), reference=reference)
        self.start(by=by)

    def start(self, *, by: Actor) -> None:
        if not self.wants_copy:
            raise Refused(_("Une destruction sans copie attend la confirmation du client."))
        if self.needs_quote and self.quote_accepted_at is None:
            raise Refused(_("Le client n'a pas encore accepté le devis."))
        if self.needs_payment and self.paid_on is None:
            raise Refused(_("Le prix se paie avant la remise : notez d'abord le paiement."))
        if self.is_sealed:
            self._take("start_sealed", by=by)
            jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)
            return
        self._take("start", by=by)
        self._ask(by)

    def ask_key(self, *, by: Actor) -> None:
        """Send a new link to the customer who has to type the passphrase."""
        if self.state != C.WAITING_FOR_KEY:
            raise Refused(_("Le dossier n'attend pas la phrase secrète en ce moment."))
        self._ask(by)
        record(self, "ask_key", by=by)

    def _ask(self, by: Actor) -> None:
        opening = ask_for_key(
            self.vault, purpose=OpeningPurpose.REVERSIBILITY, subject=self, role=ContactRole.SIGNATORY, by=by
        )
        self.opening_uid = opening.uid

    def key_is_there(self, *, by: Actor) -> None:
        self._take("export", by=by)
        jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)
        jobs.resume(self.task_kind, self.task_ref)  # when it was waiting

    def lose_key(self, *, by: Actor) -> None:
        self._take("lose_key", by=by)
        self._ask(by)

    def deliver(
        self,
        files: int,
        size: int,
        sums_sha256: str,
        *,
        lost: int = 0,
        folders: int = 0,
        older: int = 0,
        older_folders: int = 0,
        by: Actor,
    ) -> None:
        """The copy is with the customer: files and bytes of it, and what commits to its content.

        lost, folders, older, older_folders: what it lacks and what comes from older points, by its papers.
        """
        self._take("deliver", by=by, files=files, bytes=size, lost=lost, older=older)
        self.files, self.bytes = files, size
        self.manifest_sha256, self.delivered_at = sums_sha256, clock.now()
        self.note_losses(lost, folders, older, older_folders)
        if opening := self.opening:
            opening.close(by=by)
        self.send_fetch_link("mails/export_ready.txt")

    def ship(self, medium: str, tracking: str, on: date, *, by: Actor) -> None:
        """The same copy leaves on a medium: the customer's time to check it starts again that day."""
        if self.delivered_at is None or not clock.paris_day(self.delivered_at) <= on <= clock.today():
            raise Refused(_("L'envoi se situe entre l'export et aujourd'hui."), field="on")
        self._take("ship", by=by, medium=medium, tracking=tracking, on=on.isoformat())
        self.medium, self.tracking, self.shipped_on = medium, tracking, on
        self.write_to_customer("mails/shipped.txt")

    def send_fetch_link(self, template: str) -> None:
        recipient = signatory(self.customer).email
        _row, token = make_link(
            Purpose.FETCH_EXPORT, self, owner=self.customer.organisation, recipient=recipient, days=FETCH_DAYS
        )
        self.write_to_customer(template, urgent=True, address=link(f"/fetch/{token}"), days=FETCH_DAYS)

    def write_to_customer(self, template: str, **context: Any) -> None:
        queue_mail(
            signatory(self.customer),
            template,
            about=self,
            owner=self.customer.organisation,
            case=self,
            language=self.customer.language,
            **context,
        )

    def contest(self, reason: str, *, by: Actor) -> None:
        if not reason.strip():
            raise Refused(_("Dites ce qui manque ou ce qui n'est pas lisible."), field="reason")
        self._take("contest", by=by, reason=reason.strip()[:300])
        self.contest_reason = reason.strip()

    def export_again(self, *, by: Actor) -> None:
        verb = "start_sealed" if self.is_sealed else "export_again"
        self._take(verb, by=by)
        self.round += 1
        self.delivered_at = None
        self.forget_losses()
        self.shipped_on, self.medium, self.tracking = None, "", ""
        revoke_links(Purpose.FETCH_EXPORT, self)
        if self.is_sealed:
            jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)
        else:
            self._ask(by)

    def accept(self, *, erase_now: bool, by: Actor, address: str = "") -> None:
        """The customer has checked the copy (or wants none), and says when to erase."""
        verb = "confirm_destruction" if self.reason == Reason.DESTROY else "accept"
        self._take(verb, by=by, erase_now=erase_now, address=address)
        self.accepted_at, self.accepted_by, self.erase_now = clock.now(), by.label, erase_now
        if self.wants_copy:
            self._move_end(by)
            jobs.enqueue("reversibility.certify_return", self.task_ref, self.customer.organisation)

    def _move_end(self, by: Actor) -> None:
        """Where the contract says so, it ends on the day on which the customer has the data (003-23)."""
        subscription, received_on = self.subscription, clock.today()
        moves = subscription.terms.on(self.requested_on).find("reversibility.moves_end")
        ends_on = subscription.ends_on
        if moves and moves.value and ends_on is not None and self.requested_on < ends_on < received_on:
            day = rules.effective_after_recovery(ends_on, self.requested_on, received_on)
            if day is not None:
                subscription.move_end(day, by=by)

    def certify_return(self, number: str, certificate: Document, *, by: Actor) -> None:
        """The proof that the data were handed back, and how the handover ended."""
        record(self, "certify_return", by=by, number=number)
        self.return_number, self.return_certificate = number, certificate

    def certify(self, number: str, certificate: Document, *, by: Actor) -> None:
        self._take("certify", by=by, number=number)
        self.certificate_number, self.certificate = number, certificate
        self.erased_at = clock.now()
        self.vault.erase(by=by)
        revoke_links(Purpose.FETCH_EXPORT, self)

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
        if opening := self.opening:
            opening.close(by=by)
        revoke_links(Purpose.FETCH_EXPORT, self)
        jobs.enqueue("reversibility.clean", self.uid, self.customer.organisation)


def signatory(customer: Customer) -> Contact:
    return mail_contact(customer, ContactRole.SIGNATORY)


def find_case(uid: str) -> ReversibilityCase | None:
    return db.session.scalars(select(ReversibilityCase).where(ReversibilityCase.uid == uid)).one_or_none()


def case_for(subscription: Subscription) -> ReversibilityCase | None:
    """The latest case of a subscription that was not cancelled."""
    query = select(ReversibilityCase).where(
        ReversibilityCase.subscription_id == subscription.id, ReversibilityCase.state != C.CANCELLED
    )
    return db.session.scalars(query.order_by(ReversibilityCase.id.desc()).limit(1)).one_or_none()


def cases_of(customer: Customer) -> list[ReversibilityCase]:
    query = select(ReversibilityCase).where(ReversibilityCase.customer_id == customer.id)
    return list(db.session.scalars(query.order_by(ReversibilityCase.id.desc())))


@vault_opened.connect
def go_on(opening: VaultOpening) -> None:
    """The passphrase is there: the export starts, or goes on where it was cut off."""
    case = find_case(opening.subject_uid) if opening.purpose == OpeningPurpose.REVERSIBILITY else None
    if case is not None and case.opening_uid == opening.uid and case.can("export"):
        case.key_is_there(by=SYSTEM)
