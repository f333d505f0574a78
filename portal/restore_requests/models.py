"""The restore request: its states, its billing, and what a vault's opening means for it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.models import add_charge
from portal.blobs import Document
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.engine.models import (
    OpeningPurpose,
    Vault,
    VaultOpening,
    VaultState,
    ask_for_key,
    find_opening,
    vault_opened,
)
from portal.errors import Refused
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM, record
from portal.links import Purpose, revoke_links
from portal.paging import Page, page_of
from portal.restore_requests.rules import is_billable, price_day
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, answered
from portal.terms.values import Value
from portal.wording import N_, Sentence


class RestoreKind(StrEnum):
    SIMPLE = "simple"  # one file, through support
    COMPLEX = "complex"  # folders, machines, databases: planned, several files


class Cause(StrEnum):
    LOST_BY_USER = "lost_by_user"
    MALWARE = "malware"
    CUSTOMER_EQUIPMENT = "customer_equipment"
    HOSTED_EQUIPMENT = "hosted_equipment"
    RESTORE_TEST = "restore_test"
    OTHER = "other"


class RestoreState(StrEnum):
    REQUESTED = "requested"  # the customer has the link
    LISTING = "listing"
    BROWSING = "browsing"
    RESTORING = "restoring"
    DONE = "done"  # the file is with the customer
    CHECKED = "checked"  # the customer says that it is the right one
    BILLED = "billed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


R = RestoreState


class RestoreRequest(Tenant, Stateful, db.Model):
    """One thing that a customer wants back."""

    __tablename__ = "restore_request"

    steps = {
        "list": step(R.REQUESTED, R.BROWSING, to=R.LISTING),
        "browse": step(R.LISTING, to=R.BROWSING),
        "restore": step(R.BROWSING, to=R.RESTORING),
        "restore_another": step(R.DONE, to=R.RESTORING),
        "finish": step(R.RESTORING, to=R.DONE),
        "check": step(R.DONE, to=R.CHECKED),
        "bill": step(R.CHECKED, to=R.BILLED),
        "close": step(R.CHECKED, to=R.CLOSED),
        "cancel": step(R.REQUESTED, R.LISTING, R.BROWSING, R.RESTORING, to=R.CANCELLED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    kind: Mapped[RestoreKind]
    cause: Mapped[Cause]
    what: Mapped[str] = mapped_column(Text)  # in the customer's words
    lost_on: Mapped[date | None]
    planned_on: Mapped[date | None]  # a complex one is planned by urgency (002-10)
    state: Mapped[RestoreState] = mapped_column(default=R.REQUESTED)
    opening_uid: Mapped[str] = mapped_column(String(16), index=True)
    run: Mapped[int] = mapped_column(default=0)  # number of the present listing or fetching
    wanted_snapshot: Mapped[str] = mapped_column(String(64), default="")  # empty: newest of each machine
    snapshot_id: Mapped[str] = mapped_column(String(64), default="")  # of the file that was picked
    path: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]
    billed: Mapped[bool | None]
    price_cents: Mapped[int | None] = mapped_column(BigInteger)
    price_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    vault: Mapped[Vault] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def opening(self) -> VaultOpening | None:
        return find_opening(self.opening_uid)

    @property
    def task_kind(self) -> str:
        return "restore.fetch" if self.state == R.RESTORING else "restore.list"

    @property
    def task_ref(self) -> str:
        return f"{self.uid}:{self.run}"

    @property
    def task(self) -> Task | None:
        """The long work of the present state, if there is any."""
        return jobs.find_task(self.task_kind, self.task_ref) if self.is_working else None

    @property
    def is_working(self) -> bool:
        return self.state in {R.LISTING, R.RESTORING}

    @property
    def waits_for_key(self) -> bool:
        task = self.task
        return self.state == R.REQUESTED or (task is not None and task.state == TaskState.WAITING)

    @property
    def is_over(self) -> bool:
        return self.state in {R.CHECKED, R.BILLED, R.CLOSED, R.CANCELLED}

    @property
    def subscription(self) -> Subscription | None:
        query = select(Subscription).where(Subscription.uid == self.vault.subscription_uid)
        return db.session.scalars(query).one_or_none()

    def ask_key(self, *, by: Actor) -> None:
        """Send the customer a link to type the passphrase, now and each time it is gone."""
        if not self.waits_for_key:
            raise Refused(_("Le coffre n'attend pas la phrase secrète en ce moment."))
        opening = ask_for_key(
            self.vault, purpose=OpeningPurpose.RESTORE, subject=self, role=ContactRole.TECHNICAL, by=by
        )
        self.opening_uid = opening.uid
        record(self, "ask_key", by=by)

    def start_listing(self, *, by: Actor, snapshot: str = "") -> None:
        self._take("list", by=by)
        self.wanted_snapshot = snapshot
        self._start()

    def pick(self, snapshot: str, path: str, *, by: Actor) -> None:
        """Fetch one file; its path comes from the inventory."""
        another = self.state == R.DONE and self.kind == RestoreKind.COMPLEX
        self._take("restore_another" if another else "restore", by=by)
        self.snapshot_id, self.path = snapshot, path
        self._start()

    def _start(self) -> None:
        self.run += 1
        jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)

    def listed(self, *, by: Actor) -> None:
        self._take("browse", by=by)

    def finish(self, document: Document, *, by: Actor) -> None:
        self._take("finish", by=by, document=document.uid)
        self.done_at = clock.now()

    def check(self, *, by: Actor) -> None:
        """The technician went through the result with the customer (002-10)."""
        self._take("check", by=by)
        self._end(by)

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
        self._end(by)

    def _end(self, by: Actor) -> None:
        if opening := self.opening:
            opening.close(by=by)
        jobs.enqueue("restore.clean", self.uid, self.customer.organisation)

    def settle(self, *, billed: bool, price_cents: int, by: Actor) -> None:
        """Bill the work at the price of the day, once, or close it without a charge."""
        if billed and not price_cents:
            raise Refused(_("Indiquez le prix du jour, hors taxes."), field="price")
        self._take("bill" if billed else "close", by=by, price_cents=price_cents if billed else 0)
        self.billed = billed
        if not billed:
            return
        worked_on = clock.paris_day(self.done_at or clock.now())
        self.price_cents = price_cents
        self.price_on = price_day(worked_on, clock.paris_day(self.created_at))
        source = self.free_cause
        owed = {
            "origin": f"restore:{self.uid}",
            "clause": source.clause if source else "",
            "label": _(
                "Restauration du %(day)s, coffre « %(vault)s »",
                vault=self.vault.name,
                day=worked_on.strftime("%d/%m/%Y"),
            ),
            "unit_cents": price_cents,
            "includes_vat": False,
        }
        if self.subscription:
            self.subscription.owe(**owed)
        else:
            add_charge(self.customer, quantity=1, method=Method.WIRE, **owed)

    @property
    def free_cause(self) -> Value | None:
        subscription = self.subscription
        day = clock.paris_day(self.created_at)
        return subscription.terms.on(day).find("restore.free_cause") if subscription else None

    @property
    def billable(self) -> bool | None:
        source = self.free_cause
        return is_billable(self.cause, source.value if source else None)

    def billing_answer(self) -> Answered:
        """Whether the restore is billed, and why.

        Source: 002-08, 004-10.
        """
        source = self.free_cause
        if source is None:
            working = Sentence(
                N_("Le contrat est muet : rien n'est facturé, sauf décision du technicien."), {}
            )
            return answered("restore_billing", "no", working=working)
        if self.billable:
            working = Sentence(
                N_("Seule une panne du matériel hébergé est couverte ; la cause est autre."), {}
            )
            return answered("restore_billing", "price_of_the_day", source, working=working)
        working = Sentence(N_("La cause est une panne du matériel hébergé : couverte."), {})
        return answered("restore_billing", "no", source, working=working)


def open_request(
    vault: Vault, *, kind: RestoreKind, cause: Cause, what: str, lost_on: date | None, by: Actor
) -> RestoreRequest:
    """Log a request and ask the customer to open the vault."""
    if vault.state != VaultState.ACTIVE:
        raise Refused(_("Ce coffre a été effacé : il n'y a plus rien à restaurer."))
    if lost_on is not None and lost_on > clock.today():
        raise Refused(_("Cette date est dans le futur."), field="lost_on")
    request = RestoreRequest(
        organisation=vault.customer.organisation,
        customer=vault.customer,
        vault=vault,
        kind=kind,
        cause=cause,
        what=what,
        lost_on=lost_on,
        state=R.REQUESTED,
        opening_uid="",
        run=0,
        wanted_snapshot="",
        snapshot_id="",
        path="",
    )
    db.session.add(request)
    record(request, "open", by=by)
    request.ask_key(by=by)
    return request


def find_request(uid: str) -> RestoreRequest | None:
    return db.session.scalars(select(RestoreRequest).where(RestoreRequest.uid == uid)).one_or_none()


def requests_of(customer: Customer) -> Page[RestoreRequest]:
    query = select(RestoreRequest).where(RestoreRequest.customer_id == customer.id)
    return page_of(query, RestoreRequest.id.desc(), name="restores")


@vault_opened.connect
def go_on(opening: VaultOpening) -> None:
    """The passphrase is there: start reading, or go on where the work was waiting."""
    request = find_request(opening.subject_uid) if opening.purpose == OpeningPurpose.RESTORE else None
    if request is None or request.opening_uid != opening.uid:
        return
    if request.state == R.REQUESTED:
        request.start_listing(by=SYSTEM)
    elif request.is_working:
        jobs.resume(request.task_kind, request.task_ref)


def withdraw_link(request: RestoreRequest) -> None:
    revoke_links(Purpose.FETCH_EXPORT, request)
