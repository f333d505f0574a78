"""The case of one handover: who waits for whom, what was delivered, accepted, destroyed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.blobs import Document
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.engine.models import (
    OpeningPurpose,
    Vault,
    VaultOpening,
    ask_for_key,
    find_opening,
    vault_opened,
)
from portal.engine.port import Exported
from portal.errors import Refused
from portal.jobs import Task
from portal.journal import SYSTEM, record
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.reversibility import facts, rules
from portal.stateful import Stateful, step
from portal.subscriptions.handover_fee import reversibility_fee
from portal.subscriptions.models import Subscription
from portal.terms.facts import Fact

FETCH_DAYS = 30


class Reason(StrEnum):
    SWITCH = "switch"  # to another provider
    IN_HOUSE = "in_house"
    COPY = "copy"
    DESTROY = "destroy"  # no copy wanted


class CaseState(StrEnum):
    REQUESTED = "requested"  # received; for a destruction, the customer confirms
    WAITING_FOR_KEY = "waiting_for_key"
    EXPORTING = "exporting"
    READY = "ready"
    CONTESTED = "contested"
    ACCEPTED = "accepted"
    ERASING = "erasing"
    ERASED = "erased"
    CANCELLED = "cancelled"


C = CaseState
OVER = (C.ERASED, C.CANCELLED)


class ReversibilityCase(Tenant, Stateful, db.Model):
    """One request to have a vault's data back, or destroyed."""

    __tablename__ = "reversibility_case"

    steps = {
        "start": step(C.REQUESTED, to=C.WAITING_FOR_KEY),
        "confirm_destruction": step(C.REQUESTED, to=C.ACCEPTED),
        "export": step(C.WAITING_FOR_KEY, to=C.EXPORTING),
        "lose_key": step(C.EXPORTING, to=C.WAITING_FOR_KEY),
        "deliver": step(C.EXPORTING, to=C.READY),
        "contest": step(C.READY, to=C.CONTESTED),
        "export_again": step(C.CONTESTED, to=C.WAITING_FOR_KEY),
        "accept": step(C.READY, to=C.ACCEPTED),
        "release": step(C.ACCEPTED, to=C.ERASING),
        "certify": step(C.ERASING, to=C.ERASED),
        "cancel": step(C.REQUESTED, C.WAITING_FOR_KEY, C.CONTESTED, to=C.CANCELLED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    reason: Mapped[Reason]
    state: Mapped[CaseState] = mapped_column(default=C.REQUESTED)
    requested_on: Mapped[date]  # the day the request was received, from which deadlines run
    requested_by: Mapped[str] = mapped_column(String(200))
    cost_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # cost sheet of a switch (L5)
    opening_uid: Mapped[str] = mapped_column(String(16), default="")
    round: Mapped[int] = mapped_column(default=1)  # number of the export; a contested one is done again
    files: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    delivered_at: Mapped[datetime | None]
    contest_reason: Mapped[str] = mapped_column(Text, default="")
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str] = mapped_column(String(254), default="")
    erase_now: Mapped[bool | None]  # the customer's choice; None until accepted
    released_by: Mapped[str] = mapped_column(String(200), default="")
    erased_at: Mapped[datetime | None]
    certificate_number: Mapped[str] = mapped_column(String(35), default="")
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    subscription: Mapped[Subscription] = relationship()
    vault: Mapped[Vault] = relationship()
    certificate: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

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

    # What the contract says

    @property
    def fee(self) -> Fact | None:
        return reversibility_fee(self.subscription, self.requested_on, self.reason, self.cost_cents)

    @property
    def delivery(self) -> Fact | None:
        return None if self.reason == Reason.DESTROY else facts.delivery(self.subscription, self.requested_on)

    @property
    def validation(self) -> Fact | None:
        """When silence becomes an acceptance; before the delivery, counted from its deadline."""
        delivery = self.delivery
        start = clock.paris_day(self.delivered_at) if self.delivered_at else delivery and delivery.value
        return facts.validation(self.subscription, start) if start else None

    @property
    def erasure(self) -> Fact | None:
        """The first day of an erasure that the customer did not ask to have at once."""
        if self.accepted_at:
            return facts.erasure(self.subscription, clock.paris_day(self.accepted_at))
        held_by = self.validation or self.delivery  # A4: never before the data could be handed over
        return facts.erasure(self.subscription, held_by.value if held_by else None)

    @property
    def needs_payment(self) -> bool:
        """A19: does the contract hand the data over only once the fee is paid?"""
        gate, fee = facts.payment_first(self.subscription, self.requested_on), self.fee
        return bool(gate and gate.value and fee and fee.value)

    def may_release(self) -> bool:
        fact = self.erasure
        return rules.may_erase(
            clock.today(), accepted=self.state == C.ACCEPTED, asked_now=bool(self.erase_now),
            held_until_on=fact.value if fact else None,
        )  # fmt: skip

    # What people decide

    def start(self, *, by: Any) -> None:
        if self.reason == Reason.DESTROY:
            raise Refused(_("Une destruction sans copie attend la confirmation du client."))
        self._take("start", by=by)
        self._ask(by)

    def ask_key(self, *, by: Any) -> None:
        """Send a new link to the customer who has to type the passphrase."""
        if self.state != C.WAITING_FOR_KEY:
            raise Refused(_("Le dossier n'attend pas la phrase secrète en ce moment."))
        self._ask(by)
        record(self, "ask_key", by=by)

    def _ask(self, by: Any) -> None:
        opening = ask_for_key(
            self.vault, purpose=OpeningPurpose.REVERSIBILITY, subject=self, role=ContactRole.SIGNATORY, by=by
        )
        self.opening_uid = opening.uid

    def key_is_there(self, *, by: Any) -> None:
        self._take("export", by=by)
        jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)
        jobs.resume(self.task_kind, self.task_ref)  # when it was waiting

    def lose_key(self, *, by: Any) -> None:
        self._take("lose_key", by=by)
        self._ask(by)

    def deliver(self, exported: Exported, *, by: Any) -> None:
        self._take("deliver", by=by, files=exported.files, bytes=exported.bytes)
        self.files, self.bytes = exported.files, exported.bytes
        self.manifest_sha256, self.delivered_at = exported.manifest_sha256, clock.now()
        if opening := self.opening:
            opening.close(by=by)
        self.send_fetch_link("mails/export_ready.txt")

    def send_fetch_link(self, template: str) -> None:
        recipient = signatory(self.customer)
        _row, token = make_link(
            Purpose.FETCH_EXPORT, self, owner=self.customer.organisation, recipient=recipient, days=FETCH_DAYS
        )
        self.write_to_customer(template, address=link(f"/fetch/{token}"), days=FETCH_DAYS)

    def write_to_customer(self, template: str, **context: Any) -> None:
        queue_mail(
            signatory(self.customer), template, about=self, owner=self.customer.organisation, case=self,
            language=self.customer.language, **context,
        )  # fmt: skip

    def contest(self, reason: str, *, by: Any) -> None:
        if not reason.strip():
            raise Refused(_("Dites ce qui manque ou ce qui n'est pas lisible."), field="reason")
        self._take("contest", by=by, reason=reason.strip()[:300])
        self.contest_reason = reason.strip()

    def export_again(self, *, by: Any) -> None:
        self._take("export_again", by=by)
        self.round += 1
        self.delivered_at = None
        revoke_links(Purpose.FETCH_EXPORT, self)
        self._ask(by)

    def accept(self, *, erase_now: bool, by: Any, address: str = "") -> None:
        """The customer has checked the copy (or wants none), and says when to erase."""
        verb = "confirm_destruction" if self.reason == Reason.DESTROY else "accept"
        self._take(verb, by=by, erase_now=erase_now, address=address)
        self.accepted_at, self.accepted_by, self.erase_now = clock.now(), by.label, erase_now

    def release(self, *, by: Any) -> None:
        """Second person: the operator lets the erasure begin. Nothing can stop it after that."""
        if self.state == C.ACCEPTED and not self.may_release():
            raise Refused(
                _("L'effacement est retenu : ni la date du contrat ni le client ne le permettent encore.")
            )
        if self.state == C.ACCEPTED and _restoring(self.vault):
            raise Refused(_("Une restauration est en cours dans ce coffre : terminez-la d'abord."))
        self._take("release", by=by)
        self.released_by = by.label
        jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)

    def certify(self, number: str, certificate: Document, *, by: Any) -> None:
        self._take("certify", by=by, number=number)
        self.certificate_number, self.certificate = number, certificate
        self.erased_at = clock.now()
        self.vault.erase(by=by)
        revoke_links(Purpose.FETCH_EXPORT, self)

    def cancel(self, *, by: Any) -> None:
        self._take("cancel", by=by)
        if opening := self.opening:
            opening.close(by=by)
        revoke_links(Purpose.FETCH_EXPORT, self)
        jobs.enqueue("reversibility.clean", self.uid, self.customer.organisation)


def signatory(customer: Customer) -> str:
    contact = customer.contact(ContactRole.SIGNATORY)
    return contact.email or customer.contact(ContactRole.BILLING).email


def _restoring(vault: Vault) -> bool:
    busy = (RestoreState.LISTING, RestoreState.BROWSING, RestoreState.RESTORING)
    query = select(RestoreRequest.id).where(RestoreRequest.vault_id == vault.id)
    return db.session.scalar(query.where(RestoreRequest.state.in_(busy)).limit(1)) is not None


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
