"""Notices of new terms, one per customer and version: the proof of telling, and the answer."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.terminations import TERMS
from portal.changes.taking_back import offer_back, people_of
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, Tenant, db, scope
from portal.deadlines import start_of_paris_day
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.mail import Mail, queue_mail
from portal.stateful import Stateful, step
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.termination import Notice, Termination, terminate, work_out
from portal.terms.changes import Change, changes_between
from portal.terms.in_force import contracts_with, document_of, get_document, pinned_stack
from portal.terms.models import TermsVersion
from portal.terms.rules import check_refusal, official_address
from portal.terms.shipped import TermsDocument
from portal.terms.values import Value
from portal.wording import N_

REFUSAL, REFUND = "terms.refusal", "termination.terms_refused_refund"


class NoticeState(StrEnum):
    TOLD = "told"  # the e-mail is written; that it has left is the mail's own state
    REFUSED = "refused_terms"  # in writing and in time: the old version stays
    APPLIED = "applied"  # the running subscriptions have moved to the new version
    RECALLED = "recalled"  # the version was withdrawn before it applied


N = NoticeState


class TermsNotice(Tenant, Stateful, db.Model):
    """One customer told of one new version (information sur de nouvelles conditions)."""

    __tablename__ = "terms_notice"
    __table_args__ = (UniqueConstraint("customer_id", "terms_version_id"),)

    steps = {
        "refuse": step(N.TOLD, to=N.REFUSED),
        "apply": step(N.TOLD, to=N.APPLIED),
        "recall": step(N.TOLD, N.REFUSED, to=N.RECALLED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    terms_version_id: Mapped[int] = mapped_column(ForeignKey("terms_version.id"), index=True)
    old_version: Mapped[str] = mapped_column(String(40))  # what the customer's contract pinned when told
    new_version: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))  # of the text that would apply
    effective_on: Mapped[date]
    recipient: Mapped[str] = mapped_column(String(254))
    mail_uid: Mapped[str] = mapped_column(String(16), index=True)
    state: Mapped[NoticeState] = mapped_column(default=N.TOLD)
    refused_by: Mapped[str] = mapped_column(String(200), default="")
    refused_at: Mapped[datetime | None]
    refused_from: Mapped[str] = mapped_column(String(45), default="")
    revision: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    terms_version: Mapped[TermsVersion] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": revision}

    @property
    def mail(self) -> Mail | None:
        return db.session.scalars(select(Mail).where(Mail.uid == self.mail_uid)).one_or_none()

    @property
    def changes(self) -> list[Change]:
        new = document_of(self.terms_version).values
        return changes_between(get_document(self.old_version).values, new)

    @property
    def refusal(self) -> Value | None:
        """The clause that lets the customer refuse; None where the new version binds new orders only."""
        return get_document(self.old_version).values.get(REFUSAL)

    @property
    def refund(self) -> Value | None:
        """What becomes of sums paid in advance when the refusal ends the contract (003-18)."""
        return get_document(self.old_version).values.get(REFUND)

    def can_be_refused(self) -> bool:
        before = clock.now() < start_of_paris_day(self.effective_on)
        return self.refusal is not None and self.can("refuse") and before

    def refuse(self, *, in_writing: bool, by: Actor, address: str) -> None:
        """The customer says no, in writing and before the new version applies: it ends her contracts.

        The old version counts until their end; what was paid for later days comes back.
        Raises Refused for a refusal that is oral or late, and where the contract knows none.

        Source: 003-05, 003-18.
        """
        if self.refusal is None:
            raise Refused(N_("Ce contrat garde sa version : il n'y a rien à refuser."))
        check_refusal(clock.now(), self.effective_on, in_writing=in_writing)
        self._take("refuse", by=by, address=address)
        self.refused_by, self.refused_at, self.refused_from = by.label, clock.now(), address[:45]
        for subscription in self._running():
            terminate(subscription, Notice(clock.today(), TERMS), by=by)

    def _running(self) -> list[Subscription]:
        return [each for each in concerned(self.customer, self.terms_version) if each.state in GOING_ON]

    def exits(self) -> list[tuple[Subscription, Termination]]:
        """What a refusal of today leads to, by the same rules as the refusal itself."""
        return [(each, work_out(each, Notice(clock.today(), TERMS))) for each in self._running()]

    def was_told_in_time(self) -> bool:
        """Has the e-mail left before the day on which the new version applies?"""
        mail = self.mail
        return bool(mail and mail.sent_at and mail.sent_at < start_of_paris_day(self.effective_on))

    def apply(self) -> None:
        """From the effective day on, the customer's running contracts follow the new version.

        A contract whose end is already notified keeps the terms under which it was given.

        Source: 003-05.
        """
        for subscription in concerned(self.customer, self.terms_version):
            if subscription.state in GOING_ON:
                old = pinned_document(subscription, self.terms_version.code)
                if REFUSAL in old.values:
                    versions = [
                        self.new_version if v == old.version else v for v in subscription.terms_versions
                    ]
                    follow = pinned_stack(subscription.terms_stack, versions)
                    subscription.follow_terms(follow.versions, by=SYSTEM)
                    keep_term(subscription)
        self._take("apply", by=SYSTEM)

    def ended(self) -> list[Subscription]:
        """The contracts that her refusal ends, or has ended already."""
        if self.refused_at is None:
            return []
        refused_on = clock.paris_day(self.refused_at)
        query = select(Subscription).where(
            Subscription.customer_id == self.customer_id,
            Subscription.terms_stack.in_(contracts_with(self.terms_version.code)),
            Subscription.notice_reason == TERMS,
            Subscription.notified_on == refused_on,
        )
        return list(db.session.scalars(query.order_by(Subscription.id)))

    def recall(self) -> None:
        """The version was withdrawn: say so to who had been told of it.

        Contracts that a refusal ends later are offered to go on, which she decides; what is over stays over.

        Source: 003-05, 003-18.
        """
        self._take("recall", by=SYSTEM)
        left = self.ended()
        offered = [each for each in left if offer_back(each, self.new_version, by=SYSTEM) is not None]
        if self.recipient:
            _write(self, "contracts/mail_recalled.txt", offered=offered, left=left)
        if left:
            _tell_house(self, offered, left)


def pinned_document(subscription: Subscription, code: str) -> TermsDocument:
    """The version of one document that a subscription pins."""
    found = [get_document(version) for version in subscription.terms_versions]
    return next(document for document in found if document.code == code)


def concerned(customer: Customer, version: TermsVersion) -> list[Subscription]:
    """The customer's subscriptions that still run when a version applies, and pin another one."""
    query = (
        select(Subscription)
        .where(Subscription.customer_id == customer.id)
        .where(Subscription.terms_stack.in_(contracts_with(version.code)))
        .where(or_(Subscription.ends_on.is_(None), Subscription.ends_on > version.effective_on))
        .order_by(Subscription.id)
    )
    return [one for one in db.session.scalars(query) if version.version not in one.terms_versions]


def tell(customer: Customer, version: TermsVersion) -> TermsNotice | None:
    """Write to a customer of a version that was published, once; None when it does not concern her.

    Source: 003-04, 003-08, 003-42.
    """
    query = select(TermsNotice).where(TermsNotice.customer_id == customer.id)
    told = db.session.scalars(query.where(TermsNotice.terms_version_id == version.id)).first()
    subscriptions = concerned(customer, version)
    if told is not None or not subscriptions or version.effective_on is None:
        return None
    notice = TermsNotice(
        organisation=customer.organisation,
        customer_id=customer.id,
        terms_version_id=version.id,
        old_version=pinned_document(subscriptions[0], version.code).version,
        new_version=version.version,
        sha256=document_of(version).sha256,
        effective_on=version.effective_on,
        state=N.TOLD,
        recipient=account_address(customer),
        mail_uid="",
    )
    notice.customer, notice.terms_version = customer, version
    db.session.add(notice)
    db.session.flush()
    if notice.recipient:
        notice.mail_uid = _write(notice, "contracts/mail_terms.txt").uid
    record(notice, "tell", by=SYSTEM, version=version.version)
    return notice


def _tell_house(notice: TermsNotice, offered: list[Subscription], left: list[Subscription]) -> None:
    """To those of the reseller who sold what the refusal ends."""
    customer = notice.customer
    with scope(EVERYTHING):
        for user in people_of(customer.reseller_id):
            queue_mail(
                user,
                "contracts/mail_recalled_staff.txt",
                about=notice,
                owner=user.organisation,
                language=user.language or "fr",
                customer=customer,
                notice=notice,
                offered=offered,
                left=left,
            )
        db.session.flush()


def _write(notice: TermsNotice, template: str, **more: Any) -> Mail:
    customer = notice.customer
    mail = queue_mail(
        customer.person_at(notice.recipient),
        template,
        about=notice,
        owner=customer.organisation,
        language=customer.language,
        notice=notice,
        document=document_of(notice.terms_version),
        address=f"/notices/{notice.uid}",
        **more,
    )
    db.session.flush()
    return mail


def account_address(customer: Customer) -> str:
    """Where official notices go: the signatory's address, or the one that invoices go to; "" without any.

    Source: 003-08.
    """
    signatory, billing = (
        customer.contact(role).email for role in (ContactRole.SIGNATORY, ContactRole.BILLING)
    )
    try:
        return official_address(billing, signatory)
    except Refused:  # the notice is kept as not sent, for the operator to see
        return ""
