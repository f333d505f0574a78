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
from portal.blobs import Document
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.desk.models import Outcome, WorkKind, WorkOrder, open_work, work_about
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
from portal.restore_requests.billing import billing_of as billing_of
from portal.restore_requests.billing import contract_of, free_cause_of
from portal.restore_requests.called import Called
from portal.restore_requests.kinds import ACCIDENTS as ACCIDENTS
from portal.restore_requests.kinds import Cause as Cause
from portal.restore_requests.kinds import Picked as Picked
from portal.restore_requests.kinds import RestoreKind as RestoreKind
from portal.restore_requests.kinds import RestoreState as RestoreState
from portal.restore_requests.rules import check_may_start, is_billable, restore_kind
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered
from portal.terms.values import Value

R = RestoreState
_SHORTEST = 3  # letters that a search of the whole vault is worth


class RestoreRequest(Tenant, Called, Stateful, db.Model):
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
    def work(self) -> WorkOrder | None:
        """What a complex one is quoted, planned and billed by."""
        return work_about(self.uid, WorkKind.RESTORE)

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
        return contract_of(self.vault)

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
        """Raises Refused for what a complex restore lacks before its work, where the contract plans it.

        Source: 002-09, 002-10, 004-10.
        """
        work, day = self.work, clock.paris_day(self.created_at)
        subscription = self.subscription
        if subscription is None or not subscription.terms.on(day).find("restore.complex_steps"):
            return
        check_may_start(
            self.kind.value,
            planned_on=clock.paris_day(work.planned_at) if work and work.planned_at else None,
            technician=work.technician if work else "",
            needs_quote=bool(work and work.needs_quote),
            quote_accepted_at=work.accepted_at if work else None,
        )

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
        if (work := self.work) and work.can("end"):
            work.end(Outcome.PARTIAL if lost else Outcome.WHOLE, by=by)

    def give_up(self, fault: EngineFault, *, by: Actor) -> None:
        """What was chosen cannot be read: another choice may be made, and what was handed over stays."""
        self._take("fail_another" if self.done_at else "fail", by=by, reason=SENTENCES[fault])
        self.fault = fault

    def check(self, who: str = "", *, by: Actor) -> None:
        """It was gone through with the customer: by whom of hers, as she clicks or the technician notes.

        Source: 002-10, 004-10.
        """
        self._take("check", by=by, who=who)
        self.checked_at, self.checked_by = clock.now(), who or by.label
        if (work := self.work) and work.can("check"):
            work.check(self.checked_by, by=by)
        self._end(by)

    def make_complex(self, *, by: Actor) -> None:
        """More than one file is wanted: it is planned, and may be quoted. Source: 002-10, 004-10."""
        if self.kind == RestoreKind.COMPLEX or self.state not in (R.REQUESTED, R.LISTING, R.BROWSING):
            raise Refused(_("La sorte de cette demande ne change plus."))
        self.kind = RestoreKind.COMPLEX
        record(self, "make_complex", by=by)
        _open_work(self, by)

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
        if (work := self.work) and work.can("cancel"):
            work.cancel(by=by)
        self._end(by)

    def _end(self, by: Actor) -> None:
        if opening := self.opening:
            opening.close(by=by)
        jobs.enqueue("restore.clean", self.uid, self.customer.organisation)

    @property
    def free_cause(self) -> Value | None:
        return free_cause_of(self.vault, clock.paris_day(self.created_at))

    @property
    def billable(self) -> bool | None:
        source = self.free_cause
        return is_billable(self.cause, source.value if source else None)

    def billing_answer(self) -> Answered:
        return billing_of(self.vault, self.cause, clock.paris_day(self.created_at))


def open_request(
    vault: Vault,
    *,
    kind: RestoreKind,
    cause: Cause,
    what: str,
    lost_on: date | None,
    by: Actor,
    **called: Any,
) -> RestoreRequest:
    """Log a request and ask the customer to open the vault. called: what the phone call has told."""
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
        **called,
    )
    db.session.add(request)
    db.session.flush()
    record(request, "open", by=by)
    if kind == RestoreKind.COMPLEX:
        _open_work(request, by)
    request.ask_key(by=by)
    return request


def _open_work(request: RestoreRequest, by: Actor) -> None:
    source = request.free_cause
    open_work(
        request.customer,
        WorkKind.RESTORE,
        request.uid,
        _("Restauration, coffre « %(vault)s »", vault=request.vault.name),
        subscription_uid=request.vault.subscription_uid,
        clause=source.clause if source else "",
        is_accident=request.cause in ACCIDENTS,
        by=by,
    )


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
