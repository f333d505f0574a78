"""Collections: one debit of one mandate, announced to the debtor before it is presented."""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from blinker import Signal
from flask_babel import gettext as _
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db, new_uid
from portal.deadlines import minus_target_days, next_target_day
from portal.errors import Refused
from portal.journal import record
from portal.mail import queue_mail
from portal.paging import Page, page_of
from portal.resellers.models import LegalEntity
from portal.sepa.formats import epc
from portal.sepa.formats.countries import needs_address
from portal.sepa.formats.pain008 import line_fault
from portal.sepa.formats.values import CollectionLine
from portal.sepa.models.mandate import Mandate
from portal.sepa.rules import (
    bank_day,
    first_debit_day,
    last_prenotification_day,
    refund_window_ends_on,
    unauthorised_window_ends_on,
)
from portal.stateful import Stateful, step

_OUTSIDE = re.compile(r"[^A-Za-z0-9-]+")
REFUND_WEEKS = 8  # EPC016-06: a consumer's refund without a reason
CONTEST_MONTHS = 13  # CMF L133-24: a debit that no mandate allowed

# Sent with collection=, inside the transaction: listeners write, and do not commit.
collection_settled, collection_returned = Signal(), Signal()
# Sent with collection= before its debt is presented anew: whoever knows it answers with the cents still owed.
still_owed = Signal()


class CollectionState(StrEnum):
    ANNOUNCED = "announced"
    HELD = "held"  # kept out of every batch until somebody lets it go
    FROZEN = "frozen"  # in a batch whose file is being made
    EXPORTED = "exported"  # in a file for the bank
    ACCEPTED = "accepted"  # the bank takes the file
    SETTLED = "settled"  # credited; may come back until final_on
    RETURNED = "returned"  # rejected before, or returned after the settlement
    CANCELLED = "cancelled"


C = CollectionState
UNPRESENTED = (C.ANNOUNCED, C.HELD, C.CANCELLED)  # in no batch; the others count as presented


class Collection(Tenant, Stateful, db.Model):
    """One debit (prélèvement): an amount, a due date and the reference of what it pays."""

    __tablename__ = "collection"
    # The state is in no index: PostgreSQL then moves 100,000 rows to the next state without touching one.
    __table_args__ = (
        Index(
            "ix_collection_due",
            "legal_entity_id",
            "scheme",
            "due_on",
            "id",
            postgresql_where=text("batch_id IS NULL"),
            sqlite_where=text("batch_id IS NULL"),
        ),
        Index(  # few: the reason is there as long as the debit is held
            "ix_collection_held",
            "due_on",
            "id",
            postgresql_where=text("hold_reason IS NOT NULL"),
            sqlite_where=text("hold_reason IS NOT NULL"),
        ),
        Index(  # what came back, for its rates, which are read here alone; the path, because a scope asks
            "ix_collection_back",
            "legal_entity_id",
            "due_on",
            "return_reason",
            "amount_cents",
            "org_path",
            postgresql_where=text("return_reason IS NOT NULL"),
            sqlite_where=text("return_reason IS NOT NULL"),
        ),
        Index("ix_collection_lot", "batch_id", "due_on", "sequence_type", "id"),
    )

    # A batch moves its rows in one statement under the same rule; the batch's journal says so.
    steps = {
        "postpone": step(C.ANNOUNCED, to=C.ANNOUNCED),
        "cancel": step(C.ANNOUNCED, C.HELD, to=C.CANCELLED),
        "hold": step(C.ANNOUNCED, to=C.HELD),
        "unhold": step(C.HELD, to=C.ANNOUNCED),
        "split": step(C.ANNOUNCED, to=C.ANNOUNCED),
        "lower": step(C.ANNOUNCED, to=C.ANNOUNCED),
        "freeze": step(C.ANNOUNCED, to=C.FROZEN),
        "export": step(C.FROZEN, to=C.EXPORTED),
        "accept": step(C.EXPORTED, to=C.ACCEPTED),
        "settle": step(C.EXPORTED, C.ACCEPTED, to=C.SETTLED),
        "return": step(C.EXPORTED, C.ACCEPTED, C.SETTLED, to=C.RETURNED),
        "arrive": step(C.RETURNED, C.ANNOUNCED, C.HELD, to=C.SETTLED),
        "give_back": step(C.FROZEN, C.EXPORTED, to=C.ANNOUNCED),
    }

    mandate_id: Mapped[int] = mapped_column(ForeignKey("mandate.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    scheme: Mapped[str] = mapped_column(String(4))  # its mandate's, which never changes
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]  # a TARGET day
    end_to_end_id: Mapped[str] = mapped_column(String(35), unique=True)
    reference: Mapped[str] = mapped_column(String(40))  # invoice number
    source_uid: Mapped[str] = mapped_column(String(40), unique=True)  # planned twice is planned once
    remittance: Mapped[str] = mapped_column(String(140))  # on the debtor's statement
    sequence_type: Mapped[str] = mapped_column(String(4), default="RCUR")
    state: Mapped[CollectionState] = mapped_column(default=C.ANNOUNCED)
    announced_at: Mapped[datetime]
    notice_days: Mapped[int]
    hold_reason: Mapped[str | None] = mapped_column(String(200))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))
    # What its mandate must tell the debtor's bank, as fields of CollectionLine; written when it is frozen.
    amendment: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    settled_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    return_reason: Mapped[str | None] = mapped_column(String(35))  # the bank's code
    attempt: Mapped[int] = mapped_column(default=1)  # presentations of the same debt, this one included
    version: Mapped[int] = mapped_column()

    mandate: Mapped[Mandate] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def debt_uid(self) -> str:
        """The uid of what it pays, such as an invoice: a part or a later presentation of it carries more."""
        return re.split("[:#]", self.source_uid, maxsplit=1)[0]

    @property
    def next_source_uid(self) -> str:
        """The ``source_uid`` of its next presentation."""
        return f"{self.source_uid.partition('#')[0]}#{self.attempt + 1}"

    @property
    def hand_in_by(self) -> date:
        """Last day on which the file may reach the creditor's bank."""
        return minus_target_days(self.due_on, self.legal_entity.lead_days)

    def problem(self, on: date) -> str | None:
        """Why it cannot go into a batch frozen ``on``; None when it can.

        Source: 003-50, 003-77, 003-80.
        """
        if fault := epc.amount_fault(self.amount_cents):
            return _("Montant : %(fault)s.", fault=_(fault))
        if sentence := self.mandate.problem(self.due_on):
            return sentence
        announced_on = clock.paris_day(self.announced_at)
        if announced_on > last_prenotification_day(self.due_on, self.notice_days):
            return _("Annoncé trop tard : le client a droit à %(n)d jours.", n=self.notice_days)
        if max(on, bank_day(clock.now(), self.legal_entity.cutoff_hour)) > self.hand_in_by:
            return _("Trop tard pour la banque : annoncez une nouvelle date.")
        line = self.line()
        if line.address is not None and self.legal_entity.message_version == "02":
            return _("Ce compte hors de l'EEE demande une adresse, que la version 02 du fichier n'a pas.")
        if fault := line_fault(line, self.due_on):
            said = str(_(fault))
            return f"{said[:1].upper()}{said[1:]}."
        return None

    def line(self) -> CollectionLine:
        """The row of the bank file. The address is given only where the bank needs it."""
        mandate = self.mandate
        iban = mandate.iban or ""
        return CollectionLine(
            end_to_end_id=self.end_to_end_id,
            amount_cents=self.amount_cents,
            rum=mandate.rum,
            signed_on=mandate.signed_on or self.due_on,
            debtor_name=mandate.debtor_name,
            debtor_iban=iban,
            remittance=self.remittance,
            address=mandate.address if needs_address(iban) else None,
            **(self.amendment or {}),
        )

    def shown_state(self) -> str:
        """State as a word for a debit, which is masculine in French."""
        masculine = {C.FROZEN: "debit_frozen", C.CANCELLED: "debit_cancelled"}
        return masculine.get(self.state, self.state.value)

    @property
    def final_on(self) -> date | None:
        """First day on which a credited debit can no longer be refunded without a reason; None before.

        Source: 003-79 (8 weeks); the B2B scheme knows no such refund.
        """
        if self.settled_on is None:
            return None
        weeks = REFUND_WEEKS if self.mandate.scheme == "CORE" else 0
        return refund_window_ends_on(self.settled_on, weeks) + timedelta(days=1)

    @property
    def contestable_through(self) -> date | None:
        """Last day to contest a debit as one that no mandate allowed; None before it is credited.

        Source: 003-79 (13 months), CMF L133-24.
        """
        return (
            None if self.settled_on is None else unauthorised_window_ends_on(self.settled_on, CONTEST_MONTHS)
        )

    def accept(self, *, by: Actor) -> None:
        self._take("accept", by=by)

    def settle(self, on: date, *, by: Actor) -> None:
        """The bank credited it: provisional until :attr:`final_on`."""
        self._take("settle", by=by, on=on.isoformat())
        self.settled_on = on
        collection_settled.send(None, collection=self)

    def come_back(self, on: date, reason: str, *, by: Actor) -> None:
        """The bank took it back, before or after the settlement; what it paid is open again."""
        self._take("return", by=by, on=on.isoformat(), reason=reason)
        self.returned_on, self.return_reason = on, reason
        collection_returned.send(None, collection=self)

    def arrive(self, on: date, *, by: Actor) -> None:
        """Somebody says that the money is there, though the bank had said no or was never asked."""
        was_announced = self.state in (C.ANNOUNCED, C.HELD)
        self._take("arrive", by=by, on=on.isoformat())
        self.settled_on, self.returned_on, self.return_reason, self.hold_reason = on, None, None, None
        collection_settled.send(None, collection=self)
        if was_announced:
            self.tell_called_off()

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
        self.tell_called_off()

    def tell_called_off(self) -> None:
        """Tell the debtor that a new presentation, which she was told of, does not take place.

        Source: 003-50 (a changed debit is told again).
        """
        if self.attempt < 2:
            return
        answers = [cents for _who, cents in still_owed.send(None, collection=self) if cents is not None]
        customer = self.mandate.customer
        queue_mail(
            customer.contact(ContactRole.BILLING),
            "sepa/mail_called_off.txt",
            about=self,
            owner=customer.organisation,
            language=customer.language,
            collection=self,
            is_paid=bool(answers) and max(answers) <= 0,
            entity=self.legal_entity,
        )

    def hold(self, reason: str, *, by: Actor) -> None:
        """Keep it out of every batch until somebody lets it go."""
        self._take("hold", by=by, reason=reason)
        self.hold_reason = reason

    def unhold(self, *, by: Actor) -> None:
        """Let it go; when its date has become impossible, a new one is announced."""
        self._take("unhold", by=by)
        self.hold_reason = None
        if clock.today() > self.hand_in_by:
            self.postpone(by=by)

    def split(self, first_cents: int, second_on: date, *, by: Actor) -> "Collection":
        """Debit a part on the first possible day and the rest on a later one, each announced anew.

        Source: 003-50 (a changed amount or date is told again).
        """
        rest = self.amount_cents - first_cents
        if first_cents < 1 or rest < 1:
            raise Refused(_("La première part se situe entre 0,01 € et le montant."), field="first_cents")
        soonest = first_debit_day(clock.today(), self.notice_days, self.legal_entity.lead_days)
        second_on = next_target_day(second_on)
        if second_on <= soonest:
            raise Refused(_("La deuxième date vient après le %(day)s."), field="second_on", day=soonest)
        for day in (soonest, second_on):
            if sentence := self.mandate.problem(day):
                raise Refused(sentence, field="second_on")
        self._take("split", by=by, first_cents=first_cents, rest_cents=rest)
        self.amount_cents, self.due_on, self.announced_at = first_cents, soonest, clock.now()
        uid = new_uid()
        other = Collection(
            organisation=self.mandate.customer.organisation,
            uid=uid,
            mandate=self.mandate,
            legal_entity=self.legal_entity,
            scheme=self.scheme,
            amount_cents=rest,
            due_on=second_on,
            end_to_end_id=end_to_end_id_of(self.reference, uid),
            reference=self.reference,
            source_uid=f"{self.debt_uid}:{uid}",
            remittance=self.remittance,
            sequence_type="RCUR",
            state=C.ANNOUNCED,
            announced_at=clock.now(),
            notice_days=self.notice_days,
            attempt=self.attempt,
        )
        db.session.add(other)
        record(other, "announce", by=by, after=C.ANNOUNCED.value, due_on=second_on.isoformat())
        self.announce()
        other.announce()
        return other

    def lower(self, amount_cents: int, *, by: Actor) -> None:
        """Debit less than was announced, on the first possible day, and tell the debtor anew.

        amount_cents: from 1 to one cent below the present amount; what is no longer debited stays owed.

        Source: 003-50 (a changed amount is told again).
        """
        if not 0 < amount_cents < self.amount_cents:
            raise Refused(
                _(
                    "Le nouveau montant se situe entre 0,01 € et le montant annoncé : on ne prélève "
                    "jamais plus que la facture."
                ),
                field="amount_cents",
            )
        due_on = self._soonest()
        self._take("lower", by=by, before_cents=self.amount_cents, after_cents=amount_cents)
        self.amount_cents, self.due_on, self.announced_at = amount_cents, due_on, clock.now()
        self.announce()

    def _soonest(self) -> date:
        """The first day for which it may be announced now. Raises Refused if the mandate forbids it."""
        due_on = first_debit_day(clock.today(), self.notice_days, self.legal_entity.lead_days)
        if sentence := self.mandate.problem(due_on):
            raise Refused(sentence)
        return due_on

    def postpone(self, *, by: Actor) -> None:
        """Announce it anew for the first day that is possible now.

        Source: 003-50 (a changed date is told again).
        """
        due_on = self._soonest()
        self._take("postpone", by=by, due_on=due_on.isoformat())
        self.due_on, self.announced_at = due_on, clock.now()
        self.announce()

    def announce(self) -> None:
        """Tell the debtor."""
        customer, mandate = self.mandate.customer, self.mandate
        contact = customer.contact(ContactRole.BILLING)
        queue_mail(
            contact,
            "sepa/mail_debit.txt",
            about=self,
            owner=customer.organisation,
            language=customer.language,
            collection=self,
            mandate=mandate,
            entity=self.legal_entity,
        )


def end_to_end_id_of(reference: str, uid: str) -> str:
    """What the bank gives back with everything that it says of the debit."""
    short = _OUTSIDE.sub("-", reference).strip("-")[:18].upper()  # banks give it back in any case
    return f"{short}-{uid.upper()}".lstrip("-")


def next_collections(customer: Customer) -> Page[Collection]:
    """What will be debited from a customer, soonest first."""
    query = select(Collection).join(Collection.mandate).where(Mandate.customer_id == customer.id)
    query = query.where(Collection.state.in_([C.ANNOUNCED, C.FROZEN, C.EXPORTED]))
    query = query.where(Collection.due_on >= clock.today())
    return page_of(query, Collection.due_on, Collection.id, size=12, name="debits")
