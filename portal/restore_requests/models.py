"""The restore request: its states, its billing, and what a vault's opening means for it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.models import add_charge
from portal.blobs import Document
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.engine.errors import SENTENCES, EngineFault
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
from portal.restore_requests.kinds import ACCIDENTS as ACCIDENTS
from portal.restore_requests.kinds import Cause as Cause
from portal.restore_requests.kinds import Holder as Holder
from portal.restore_requests.kinds import Picked as Picked
from portal.restore_requests.kinds import RestoreKind as RestoreKind
from portal.restore_requests.kinds import RestoreState as RestoreState
from portal.restore_requests.kinds import Scope as Scope
from portal.restore_requests.kinds import Urgency as Urgency
from portal.restore_requests.rules import is_billable, price_day, restore_kind
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, answered
from portal.terms.values import Value
from portal.wording import N_, Sentence

R = RestoreState
_SHORTEST = 3  # letters that a search of the whole vault is worth


class RestoreRequest(Tenant, Stateful, db.Model):
    """One thing that a customer wants back."""

    __tablename__ = "restore_request"

    steps = {
        "list": step(R.REQUESTED, R.BROWSING, to=R.LISTING),
        "browse": step(R.LISTING, to=R.BROWSING),
        "restore": step(R.BROWSING, to=R.RESTORING),
        "restore_another": step(R.DONE, to=R.RESTORING),
        "finish": step(R.RESTORING, to=R.DONE),
        "fail": step(R.RESTORING, to=R.BROWSING),
        "fail_another": step(R.RESTORING, to=R.DONE),
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
    wanted_before: Mapped[datetime | None]  # the last point of each machine before this instant
    snapshot_id: Mapped[str] = mapped_column(String(64), default="")  # of the first of what was picked
    path: Mapped[str] = mapped_column(Text, default="")
    picks: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)  # rows of Picked
    archive: Mapped[str] = mapped_column(String(3), default="")  # "zip", "tar"; "": one file as it is
    picked_files: Mapped[int] = mapped_column(BigInteger, default=0)
    picked_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    files: Mapped[int | None] = mapped_column(BigInteger)  # handed over last
    lost: Mapped[int | None] = mapped_column(BigInteger)  # that could not be read, named in the archive
    fault: Mapped[EngineFault | None]  # why the last reading gave nothing
    sought: Mapped[str] = mapped_column(String(100), default="")  # in all points of the vault
    done_at: Mapped[datetime | None]
    scope: Mapped[Scope] = mapped_column(default=Scope.FILE)
    urgency: Mapped[Urgency] = mapped_column(default=Urgency.NORMAL)
    holder: Mapped[Holder] = mapped_column(default=Holder.UNKNOWN)  # of the passphrase, as the caller says
    caller: Mapped[str] = mapped_column(String(70), default="")  # who asked by phone
    caller_check: Mapped[str] = mapped_column(String(120), default="")  # how it was known that it is her
    taken_by_id: Mapped[int | None] = mapped_column(index=True)  # of user_account
    taken_by: Mapped[str] = mapped_column(String(200), default="")
    checked_at: Mapped[datetime | None]  # with the customer, after the work
    checked_by: Mapped[str] = mapped_column(String(200), default="")
    kept_until: Mapped[date | None]  # last day (Paris) on which what was handed over can be fetched
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
        if self.state == R.REQUESTED:
            return True
        if self.state not in {R.LISTING, R.RESTORING, R.BROWSING, R.DONE}:
            return False
        tasks = (self.task, self.search)
        return any(task is not None and task.state == TaskState.WAITING for task in tasks)

    @property
    def can_pick(self) -> bool:
        """May something be chosen in its vault now?"""
        return self.state == R.BROWSING or (self.state == R.DONE and self.kind == RestoreKind.COMPLEX)

    @property
    def search_ref(self) -> str:
        return f"{self.uid}:{sha256(self.sought.encode()).hexdigest()[:16]}"

    @property
    def search(self) -> Task | None:
        """The reading of all points for a part of a path, if one was asked for."""
        return jobs.find_task("restore.search", self.search_ref) if self.sought else None

    @property
    def problem(self) -> str:
        return SENTENCES[self.fault] if self.fault else ""

    @property
    def picked(self) -> list[Picked]:
        return [Picked(*row) for row in self.picks]

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

    def start_listing(self, *, by: Actor, snapshot: str = "", before: datetime | None = None) -> None:
        """Read the names of one point, of the last one before an instant, or of each machine's newest."""
        self._take("list", by=by)
        self.wanted_snapshot, self.wanted_before, self.fault = snapshot, before, None
        self._start()

    def look_everywhere(self, text: str, *, by: Actor) -> None:
        """Find a part of a path in every point of the vault. Raises Refused for too short a text."""
        if self.state not in (R.BROWSING, R.DONE):
            raise Refused(_("Le coffre n'est pas ouvert en ce moment."))
        if len(text) < _SHORTEST:
            raise Refused(_("Donnez au moins trois lettres du nom ou du chemin."))
        self.sought = text
        record(self, "look_everywhere", by=by)
        jobs.enqueue("restore.search", self.search_ref, self.customer.organisation)
        jobs.do_again("restore.search", self.search_ref)

    def pick(self, picks: Sequence[Picked], *, files: int, size: int, archive: str = "", by: Actor) -> None:
        """Fetch what was chosen in the inventory: one file as it is, or all of it as one archive.

        files, size: what that is, in files and bytes. archive: "zip" or "tar"; "" for one file.
        Raises Refused for nothing, and for what is no simple restore any more and lacks its plan.

        Source: 002-09, 002-10, 004-10.
        """
        whole = any(one.is_folder and one.path == "/" for one in picks)
        if self.kind == RestoreKind.SIMPLE and restore_kind(files, machine=whole) == RestoreKind.COMPLEX:
            raise Refused(
                _(
                    "Plusieurs fichiers font une restauration complexe : changez d'abord la sorte de la "
                    "demande."
                )
            )
        self.check_may_start()
        another = self.state == R.DONE and self.kind == RestoreKind.COMPLEX
        self._take("restore_another" if another else "restore", by=by, files=files)
        self.snapshot_id, self.path = picks[0].snapshot, "" if archive else picks[0].path
        self.picks, self.archive = [list(one) for one in picks], archive
        self.picked_files, self.picked_bytes, self.fault = files, size, None
        self._start()

    def check_may_start(self) -> None:
        """Raises Refused for what a complex restore lacks before its work."""

    def _start(self) -> None:
        self.run += 1
        jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)

    def listed(self, *, by: Actor) -> None:
        self._take("browse", by=by)

    def finish(self, document: Document, *, files: int = 1, lost: int = 0, by: Actor) -> None:
        """What was chosen lies ready for the customer, for so many days. lost: files that nothing gives."""
        self._take("finish", by=by, document=document.uid, files=files, lost=lost)
        self.done_at, self.files, self.lost = clock.now(), files, lost or None
        self.kept_until = clock.today() + timedelta(days=kept_days())

    def give_up(self, fault: EngineFault, *, by: Actor) -> None:
        """What was chosen cannot be read: another choice may be made, and what was handed over stays."""
        self._take("fail_another" if self.done_at else "fail", by=by, reason=fault.value)
        self.fault = fault

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


def kept_days() -> int:
    """Days for which a restored file can be fetched."""
    return int(current_app.config["RESTORE_DAYS"])


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
    elif request.sought:
        jobs.resume("restore.search", request.search_ref)


def withdraw_link(request: RestoreRequest) -> None:
    revoke_links(Purpose.FETCH_EXPORT, request)
