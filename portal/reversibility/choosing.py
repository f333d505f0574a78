"""The choice of what is handed back: offered before the copy begins, kept with the case, never imposed.

What a contract promises is the latest version of everything. Who owns the data may leave some of it out, or
take an older point, such as the last before an attack; who says nothing in time gets the latest of all.
"""

import json
from datetime import datetime, time, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.actor import Actor
from portal.clock import PARIS
from portal.crypto.secrets import Sealed
from portal.customers.models import ContactRole
from portal.db import Tenant, db
from portal.engine.models import mail_contact
from portal.errors import Refused
from portal.jobs import TaskState
from portal.journal import record
from portal.links import Purpose, make_link
from portal.mail import link
from portal.reversibility.groups import Group, Point, as_rows, from_rows
from portal.reversibility.states import CaseState
from portal.stateful import Stateful

C = CaseState
BEFORE_THE_COPY = (C.REQUESTED, C.QUOTED, C.TO_PAY, C.WAITING_FOR_KEY)
REMINDED = timedelta(hours=20)  # after a reminder; with the first wait, shorter than the passphrase is held
LEFT_OUT = ""  # in the place of the id of a point


def warned_above() -> int:
    """From how many groups on a vault deserves a look, whoever has asked for one."""
    return int(current_app.config["CHOICE_GROUPS"])


class HandoverChoice(Tenant, db.Model):
    """What one export may give, and what was chosen of it."""

    __tablename__ = "handover_choice"
    __table_args__ = (UniqueConstraint("case_id", "round", name="uq_handover_choice_case_id_round"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("reversibility_case.id"))
    round: Mapped[int]
    # What it may give, as JSON: machines and folders are often called after persons.
    offered_sealed: Mapped[str | None] = mapped_column(Text)
    offered = Sealed()
    until: Mapped[datetime]
    chosen: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # ids; "" is left out
    chosen_by: Mapped[str] = mapped_column(String(254), default="")
    chosen_at: Mapped[datetime | None]
    word_sealed: Mapped[str | None] = mapped_column(Text)
    word = Sealed()  # of the customer, where somebody else has noted it

    is_shrunk: Mapped[bool] = mapped_column(default=False, server_default=false())  # a newest point is
    reminded_at: Mapped[datetime | None]  # of one that is
    lapsed_at: Mapped[datetime | None]  # nobody has chosen

    @property
    def larger(self) -> list[tuple[Group, Point]]:
        """Where nobody has chosen: the point before of each group whose newest one has shrunk."""
        if self.lapsed_at is None:
            return []
        return [(one, one.points[1]) for one in self.groups if one.is_shrunk]

    @property
    def groups(self) -> list[Group]:
        return from_rows(json.loads(self.offered)) if self.offered else []

    @property
    def is_forgotten(self) -> bool:
        """Has its detail gone with the time for which it is kept?"""
        return self.offered_sealed is None

    def forget(self) -> None:
        """Nobody is named any more; that something was chosen stays, and its day."""
        self.offered = self.word = None
        self.chosen, self.chosen_by = [] if self.chosen is not None else None, ""

    @property
    def ids(self) -> list[str] | None:
        """The points that are handed over; None while nothing was chosen."""
        return None if self.chosen is None else [one for one in self.chosen if one != LEFT_OUT]

    @property
    def decisions(self) -> list[tuple[Group, str, datetime | None]]:
        """What is not the latest: a group, « left_out », « older » or « also », the point's time."""
        found: list[tuple[Group, str, datetime | None]] = [
            (group, "also", point.at) for group, point in self.larger
        ]
        for group, id_ in zip(self.groups, self.chosen or (), strict=False):
            if id_ == LEFT_OUT:
                found.append((group, "left_out", None))
            elif id_ != group.points[0].id:
                found.append((group, "older", next(one.at for one in group.points if one.id == id_)))
        return found

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The decisions as rows of CHOICE.csv."""
        at = _iso(self.chosen_at)
        return tuple(
            (one.host, ", ".join(one.paths), what, _iso(point), self.chosen_by, at, self.word or "")
            for one, what, point in self.decisions
        )


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


class Choosing(Stateful):
    """Part of a case: what is handed over is chosen before the copy begins, where somebody asks for it."""

    id: Any
    round: Any
    customer: Any
    wants_copy: Any
    is_sealed: Any
    delivery: Any
    task_kind: Any
    task_ref: Any
    write_to_customer: Any
    task: Any
    awaits_decision: Any

    wants_choice: Mapped[bool] = mapped_column(default=False, server_default=false())

    @property
    def choice(self) -> HandoverChoice | None:
        query = select(HandoverChoice).where(
            HandoverChoice.case_id == self.id, HandoverChoice.round == self.round
        )
        return db.session.scalars(query).one_or_none()

    @property
    def may_ask_to_choose(self) -> bool:
        return self.state in BEFORE_THE_COPY and self.wants_copy and not self.is_sealed

    @property
    def may_choose_again(self) -> bool:
        """Has a chosen point gone, so that nothing can be copied?"""
        choice, task = self.choice, self.task
        if self.state != C.EXPORTING or choice is None or choice.chosen is None or task is None:
            return False
        return task.state == TaskState.FAILED and not self.awaits_decision

    @property
    def choice_until(self) -> datetime:
        """How long the copy may wait for a choice: never into the last day of the contract's delay."""
        until = clock.now() + timedelta(hours=int(current_app.config["CHOICE_HOURS"]))
        due = self.delivery
        if due is None:
            return until
        last = datetime.combine(due.value - timedelta(days=1), time(), PARIS)
        return min(until, last)

    def ask_to_choose(self, *, by: Actor) -> None:
        """Hold the copy, once the vault is open, until somebody has looked at what it would hold."""
        if not self.may_ask_to_choose:
            raise Refused(_("La copie a déjà commencé : il n'y a plus rien à choisir."))
        if not self.wants_choice:
            self.wants_choice = True
            record(self, "ask_to_choose", by=by)

    def offer(self, groups: list[Group], *, by: Actor) -> None:
        """The vault was looked through: the copy waits for a choice, some days at most."""
        until = self.choice_until
        self._take("offer", by=by, groups=len(groups))
        row = self.choice
        if row is None:
            row = HandoverChoice(organisation=self.customer.organisation, case_id=self.id, round=self.round)
            db.session.add(row)
        row.offered, row.until, row.chosen = json.dumps(as_rows(groups)), until, None
        row.chosen_by, row.chosen_at, row.word = "", None, None
        row.is_shrunk, row.reminded_at, row.lapsed_at = any(one.is_shrunk for one in groups), None, None
        db.session.flush()
        self._send_choice(row, "mails/choice.txt", groups=len(groups))

    def _send_choice(self, row: HandoverChoice, template: str, **words: Any) -> None:
        """The signatory needs no account: her link works as long as she may choose."""
        contact = mail_contact(self.customer, ContactRole.SIGNATORY)
        days = max((row.until - clock.now()).days + 1, 1)
        owner = self.customer.organisation
        _row, token = make_link(
            Purpose.CHOOSE_HANDOVER, self, owner=owner, recipient=contact.email, days=days
        )
        address = link(f"/handover-choice/{token}")
        self.write_to_customer(
            template, until=row.until, address=address, is_shrunk=row.is_shrunk, urgent=True, **words
        )

    def choose(self, chosen: list[str], word: str, *, by: Actor) -> None:
        """Keep what is handed over. chosen: an id for each group, « » where it is left out.

        word: what the customer has written, where somebody else notes her choice.
        """
        row = self.choice
        if row is None or self.state != C.CHOOSING:
            raise Refused(_("La copie a déjà commencé : il n'y a plus rien à choisir."))
        offered = [{point.id for point in group.points} for group in row.groups]
        if len(chosen) != len(offered) or any(
            id_ != LEFT_OUT and id_ not in ids for id_, ids in zip(chosen, offered, strict=False)
        ):
            raise Refused(_("Ce point de restauration n'est pas dans le coffre."))
        if not any(chosen):
            raise Refused(_("Gardez une machine au moins, ou annulez le dossier."))
        row.chosen, row.chosen_by, row.chosen_at, row.word = chosen, by.label, clock.now(), word
        left_out = sum(what == "left_out" for _group, what, _at in row.decisions)
        older = len(row.decisions) - left_out
        self._take("choose", by=by, left_out=left_out, older=older)
        jobs.resume(self.task_kind, self.task_ref)

    def lapse_choice(self, *, by: Actor) -> None:
        """Nobody has chosen in time: the latest of everything, as the contract has it (001-50).

        Where a newest point holds less than half of the one before, she is reminded once and waited for
        again, as long as the contract's delay lets; then the larger point leaves as well, and she is told.
        """
        row = self.choice
        if row is None or self.state != C.CHOOSING or clock.now() < row.until:
            return
        if row.is_shrunk and row.reminded_at is None and self.choice_until > clock.now():
            row.reminded_at = clock.now()
            row.until = min(self.choice_until, clock.now() + REMINDED)
            record(self, "remind_of_choice", by=by)
            self._send_choice(row, "reversibility/mail_shrunk.txt", groups=len(row.groups))
            return
        self._take("lapse_choice", by=by)
        row.lapsed_at = clock.now()
        if row.larger:
            self.write_to_customer("reversibility/mail_both_points.txt", machines=len(row.larger))
        jobs.resume(self.task_kind, self.task_ref)

    def choose_again(self, *, by: Actor) -> None:
        """A chosen point has gone meanwhile: look through the vault once more."""
        row = self.choice
        if self.state != C.EXPORTING or row is None or row.chosen is None:
            raise Refused(_("Il n'y a rien à choisir de nouveau."))
        db.session.delete(row)
        db.session.flush()
        self.wants_choice = True
        record(self, "choose_again", by=by)
        jobs.resume(self.task_kind, self.task_ref)
