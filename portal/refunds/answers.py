"""What the bank answers to files of refunds: its status report (pain.002), its statement (camt).

All of a bank file is kept in the transaction that books it. A transfer that the bank did not pay, or that
came back, makes its refund owed again, once, and only while it stands in the file that the bank speaks of.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.credit_models import Refund, RefundFile, RefundFileState, RefundState
from portal.db import Tenant, db
from portal.i18n import eur
from portal.journal import SYSTEM, record
from portal.refunds.files import owe_again
from portal.sepa.formats.bank_values import BankEntry
from portal.sepa.models.bank import Answered, BankFile, orders_answered, orders_given
from portal.words.reasons import reason_words

# The account takes no transfer: wrong, closed, blocked, of another kind, of nobody.
ACCOUNT_REASONS = frozenset(
    {"AC01", "AC02", "AC03", "AC04", "AC06", "AC07", "AC14", "AC16", "BE01", "MD07", "RC01", "RC04", "RC07"}
)
_OURS = re.compile(r"RMB-([A-Z2-7]{16})(?:-([A-Z2-7]{8}))?(?:-1)?")
_OUT = (RefundState.IN_FILE, RefundState.REFUNDED)
_LEFT = (RefundFileState.RELEASED, RefundFileState.SENT, RefundFileState.REJECTED)


class AnswerOutcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # not paid
    BOOKED = "booked"  # the account was debited
    RETURNED = "returned"  # paid, and the money came back
    UNCLEAR = "unclear"


A = AnswerOutcome
_UNPAID = (A.REJECTED, A.RETURNED)


class RefundAnswer(Tenant, db.Model):
    """One thing that the bank says of a transfer of ours, or of a file of them; kept once."""

    __tablename__ = "refund_answer"
    __table_args__ = (UniqueConstraint("legal_entity_id", "key"),)

    bank_file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    refund_file_id: Mapped[int] = mapped_column(ForeignKey("refund_file.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"), index=True)  # None: of the file
    key: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[AnswerOutcome] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(35))
    detail: Mapped[str] = mapped_column(String(140))
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    told_on: Mapped[date]  # Paris day of the booking, else of the import
    why: Mapped[str] = mapped_column(String(200))  # why somebody has to look
    closed_by: Mapped[str] = mapped_column(String(200))  # who has looked

    bank_file: Mapped[BankFile] = relationship()
    refund_file: Mapped[RefundFile] = relationship()
    refund: Mapped[Refund | None] = relationship()

    def close(self, *, by: Actor) -> None:
        """Somebody has looked: nothing more follows."""
        if self.why and not self.closed_by:
            self.closed_by = by.label
            record(self.refund_file, "close_answer", by=by, reason=self.why)

    def shown_state(self) -> str:
        return "answer_review" if self.why and not self.closed_by else f"answer_{self.outcome}"


def answers_about(record_: Refund | RefundFile) -> Select[tuple[RefundAnswer]]:
    """What the bank has said of a refund, or of a file and of all in it."""
    if isinstance(record_, Refund):
        return select(RefundAnswer).where(RefundAnswer.refund_id == record_.id)
    return select(RefundAnswer).where(RefundAnswer.refund_file_id == record_.id)


@orders_given.connect
def files_named(_sender: object, *, messages: set[str]) -> dict[str, int]:
    """Which of these message identifiers are of files of refunds, and whose."""
    upper = {each.upper(): each for each in messages}
    query = select(RefundFile.msg_id, RefundFile.legal_entity_id).where(RefundFile.msg_id.in_(upper))
    return {upper[msg_id]: entity_id for msg_id, entity_id in db.session.execute(query)}


@orders_answered.connect
def keep_answers(file: BankFile, *, entries: Sequence[BankEntry]) -> Answered:
    """Keep what is said of refunds, and make owed again what was not paid.

    The creditor is locked by the import. What is known already, or about a refund that has gone on since,
    moves nothing.

    Source: ISO 20022 pain.002 and camt.053; EPC125-05 (rejects and returns of transfers).
    """
    book = _Book(file)
    named = book.look_up(entries)
    places: set[int] = set()
    new = 0
    for place, entry in enumerate(entries):
        if (about := named.get(place)) is not None:
            places.add(place)
            new += book.keep(entry, *about)
    book.close()
    return Answered(places, new)


@dataclass
class _Book:
    """Of one chunk of a bank file."""

    file: BankFile

    def look_up(self, entries: Sequence[BankEntry]) -> dict[int, tuple[RefundFile, Refund | None]]:
        """By its place, the file of refunds that an entry speaks of, and the one of them where it says so."""
        said = {place: _names(entry) for place, entry in enumerate(entries)}
        said = {place: names for place, names in said.items() if any(names)}
        files = self._files({uid for whole, _end, _in in said.values() for uid in whole})
        refunds = self._refunds({end for _whole, end, _in in said.values() if end})
        found = {}
        for place, (whole, end, start) in said.items():
            refund = refunds.get(end)
            file = next((files[uid] for uid in whole if uid in files), None)
            if file is None and refund is not None:
                file = self._file_of(refund, start)
            if file is not None and (refund is not None or entries[place].scope != "transaction"):
                found[place] = (file, refund)
        return found

    def _files(self, uids: set[str]) -> dict[str, RefundFile]:
        if not uids:
            return {}
        query = select(RefundFile).where(RefundFile.uid.in_(uids)).with_for_update()
        mine = RefundFile.legal_entity_id == self.file.legal_entity_id
        return {row.uid: row for row in db.session.scalars(query.where(mine))}

    def _refunds(self, uids: set[str]) -> dict[str, Refund]:
        if not uids:
            return {}
        query = select(Refund).where(Refund.uid.in_(uids)).order_by(Refund.id).with_for_update()
        mine = Refund.legal_entity_id == self.file.legal_entity_id
        return {row.uid: row for row in db.session.scalars(query.where(mine))}

    def _file_of(self, refund: Refund, start: str) -> RefundFile | None:
        """The file that a transfer names by its beginning; without one, that in which its refund stands."""
        if not start:
            return db.session.get(RefundFile, refund.file_id) if refund.file_id else None
        query = select(RefundFile).where(RefundFile.uid.startswith(start))
        mine = RefundFile.legal_entity_id == self.file.legal_entity_id
        return db.session.scalars(query.where(mine).with_for_update()).first()

    def keep(self, entry: BankEntry, file: RefundFile, refund: Refund | None) -> bool:
        """Is it new? One of a whole file that was not paid is kept for each refund that is still in it."""
        outcome = _outcome(entry)
        if self._is_known(key := _key(entry, outcome, file, refund)):
            return False
        if refund is not None:
            self._row(entry, outcome, file, refund, key, self._move(entry, outcome, file, refund))
            return True
        unpaid = list(self._unnamed(file)) if outcome in _UNPAID else []
        doubt = _of_the_sum(entry, unpaid) if unpaid or outcome in _UNPAID else ""
        if outcome == A.UNCLEAR:
            doubt = _("La banque ne dit pas clairement ce qu'elle a fait de ce fichier.")
        for each in () if doubt else unpaid:
            if not self._is_known(own := _key(entry, outcome, file, each)):
                self._row(entry, outcome, file, each, own, self._move(entry, outcome, file, each))
        self._row(entry, outcome, file, None, key, doubt)
        return True

    def _unnamed(self, file: RefundFile) -> Iterator[Refund]:
        """What is still in the file, but for those of which this very message has spoken one by one."""
        query = select(RefundAnswer.refund_id).where(RefundAnswer.bank_file_id == self.file.id)
        named = set(db.session.scalars(query.where(RefundAnswer.refund_id.is_not(None))))
        query = select(Refund).where(Refund.file_id == file.id).order_by(Refund.id).with_for_update()
        return (each for each in db.session.scalars(query) if each.id not in named)

    def _is_known(self, key: str) -> bool:
        mine = RefundAnswer.legal_entity_id == self.file.legal_entity_id
        return db.session.scalar(select(RefundAnswer.id).where(RefundAnswer.key == key, mine)) is not None

    def _move(self, entry: BankEntry, outcome: A, file: RefundFile, refund: Refund) -> str:
        """Make it owed again where the bank did not pay it; else, or as well, why somebody has to look."""
        if outcome == A.UNCLEAR:
            return _("La banque ne dit pas clairement ce qu'elle a fait de ce virement.")
        if outcome not in _UNPAID:
            return ""
        if refund.file_id != file.id or refund.state not in _OUT:
            back = select(RefundAnswer.id).where(
                RefundAnswer.refund_id == refund.id,
                RefundAnswer.refund_file_id == file.id,
                RefundAnswer.outcome.in_(_UNPAID),
            )
            if db.session.scalar(back.limit(1)) is not None:
                return ""  # told before, in another way
            return _("Ce remboursement n'est plus dans ce fichier : rien n'a bougé.")
        if file.state not in _LEFT:
            return _("Ce fichier n'a pas été libéré, et la banque en parle : rien n'a bougé.")
        if doubt := _of_the_sum(entry, [refund]) if entry.scope == "transaction" else "":
            return doubt
        words = str(reason_words(entry.reason))
        note = ", ".join(each for each in (entry.reason, words, entry.detail) if each)
        on = clock.today() if entry.reason in ACCOUNT_REASONS else None
        owe_again(refund, note, refused_on=on)
        return ""

    def _row(
        self, entry: BankEntry, outcome: A, file: RefundFile, refund: Refund | None, key: str, why: str
    ) -> None:
        row = RefundAnswer(
            organisation=file.legal_entity.organisation,
            bank_file_id=self.file.id,
            legal_entity_id=self.file.legal_entity_id,
            refund_file_id=file.id,
            refund_id=refund.id if refund else None,
            key=key,
            outcome=outcome,
            reason=entry.reason[:35],
            detail=(entry.detail or entry.foreign)[:140],
            amount_cents=entry.amount_cents
            if refund is None or entry.scope == "transaction"
            else refund.cents,
            told_on=entry.booked_on or clock.today(),
            why=why[:200],
            closed_by="",
        )
        db.session.add(row)
        db.session.flush()

    def close(self) -> None:
        """A file of which nothing was paid is rejected."""
        query = select(RefundAnswer.refund_file_id).where(
            RefundAnswer.bank_file_id == self.file.id, RefundAnswer.outcome.in_(_UNPAID)
        )
        for file in db.session.scalars(select(RefundFile).where(RefundFile.id.in_(query))):
            left = select(Refund.id).where(Refund.file_id == file.id).limit(1)
            if file.can("reject") and db.session.scalar(left) is None:
                file.reject(by=SYSTEM)


def _names(entry: BankEntry) -> tuple[list[str], str, str]:
    """Uids of the files that an entry names, that of the refund, and the beginning of that of its file."""
    whole = [found[1].lower() for name in (entry.message_id, entry.payment_info_id) if (found := _read(name))]
    end = _read(entry.end_to_end_id)
    return whole, end[1].lower() if end else "", (end[2] or "").lower() if end else ""


def _read(name: str) -> re.Match[str] | None:
    return _OURS.fullmatch(name.strip().upper())


def _outcome(entry: BankEntry) -> A:
    """Of a report its status; of a statement the side of the account: a credit is money that came back."""
    if entry.is_report:
        if entry.outcome == "accepted":
            return A.ACCEPTED
        return A.REJECTED if entry.outcome == "returned" and entry.is_sure else A.UNCLEAR
    if entry.foreign:
        return A.UNCLEAR
    return A.RETURNED if entry.outcome == "settled" else A.BOOKED


def _of_the_sum(entry: BankEntry, refunds: Iterable[Refund]) -> str:
    """Why the bank's amount is not that of these refunds, or what it kept of it; empty when it is."""
    expected = sum(each.cents for each in refunds)
    said = entry.amount_cents
    if said is None or said in (expected, expected - entry.fee_cents):
        return ""
    return _(
        "La banque dit %(bank)s, il en était attendu %(sum)s : rien n'a bougé.",
        bank=eur(said),
        sum=eur(expected),
    )


def _key(entry: BankEntry, outcome: A, file: RefundFile, refund: Refund | None) -> str:
    """The same thing told twice has one key, whatever file tells it again."""
    parts: list[object] = [outcome, file.id, refund.id if refund else 0]
    if outcome not in (A.BOOKED, A.RETURNED):
        parts += [entry.reason]
    elif refund is None:
        parts += [entry.booked_on, entry.amount_cents]
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
