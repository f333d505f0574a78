"""What has changed on a mandate since it was signed, as a history; and what the bank must still be told.

A debtor's bank learns of a change from the debits themselves: each one carries it until one has settled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.blobs import Document
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer
from portal.db import Tenant, db, scope
from portal.journal import SYSTEM, record
from portal.links import Purpose, revoke_links
from portal.resellers.models import LegalEntity
from portal.sepa.models.bank import own_reactions
from portal.sepa.models.collection import Collection, collection_settled
from portal.sepa.models.event import What
from portal.sepa.models.mandate import Mandate, MandateState
from portal.sepa.reactions import ends_with_new_account
from portal.stateful import Stateful, step

HOLD = timedelta(hours=24)  # between the confirmation and the first use: time to object
_CHUNK = 500


class AmendmentKind(StrEnum):
    ACCOUNT = "account"  # the debtor's account
    CREDITOR = "creditor"  # reference, identifier or name of the creditor


class AmendmentState(StrEnum):
    ASKED = "asked"  # the debtor has the link
    CONFIRMED = "confirmed"  # by the debtor; counts a day later
    APPLIED = "applied"  # each debit carries it
    SETTLED = "settled"  # a debit that carried it was paid
    WITHDRAWN = "withdrawn"


A = AmendmentState


@dataclass(frozen=True, slots=True)
class Amendment:
    """What one debit must tell, named as the fields of ``CollectionLine``."""

    original_rum: str | None = None
    original_ics: str | None = None
    original_creditor_name: str | None = None
    new_account: bool = False


class MandateAmendment(Tenant, Stateful, db.Model):
    """One change of a mandate, kept for ever; the mandate itself holds the present values."""

    __tablename__ = "mandate_amendment"

    steps = {
        "confirm": step(A.ASKED, to=A.CONFIRMED),
        "apply": step(A.CONFIRMED, to=A.APPLIED),
        "settle": step(A.APPLIED, to=A.SETTLED),  # in one statement, see amendments_settled
        "withdraw": step(A.ASKED, A.CONFIRMED, to=A.WITHDRAWN),
    }

    mandate_id: Mapped[int] = mapped_column(ForeignKey("mandate.id"), index=True)
    kind: Mapped[AmendmentKind]
    state: Mapped[AmendmentState] = mapped_column(index=True)
    original_rum: Mapped[str | None] = mapped_column(String(35))
    original_ics: Mapped[str | None] = mapped_column(String(35))
    original_creditor_name: Mapped[str | None] = mapped_column(String(70))
    former_masked: Mapped[str | None] = mapped_column(String(24))
    iban_sealed: Mapped[str | None] = mapped_column(String(300))  # of the new account
    iban_masked: Mapped[str | None] = mapped_column(String(24))
    iban = Sealed()
    shown_sha256: Mapped[str | None] = mapped_column(String(64))  # of the document on the screen
    signer_name: Mapped[str | None] = mapped_column(String(70))
    signer_role: Mapped[str | None] = mapped_column(String(70))
    confirmed_at: Mapped[datetime | None]
    effective_on: Mapped[date | None]
    noted_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(300), default="")
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))  # what the debtor confirmed
    sent_batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))  # first that carried it
    settled_on: Mapped[date | None]

    mandate: Mapped[Mandate] = relationship(back_populates="amendments")
    document: Mapped[Document | None] = relationship()

    @property
    def counts_from(self) -> datetime | None:
        return self.confirmed_at + HOLD if self.confirmed_at else None

    def shown_state(self) -> str:
        return f"amendment_{self.state.value}"

    def confirm(self, document: Document, *, at: datetime, by: Actor) -> None:
        self._take("confirm", by=by)
        self.confirmed_at, self.document = at, document
        record(self.mandate, "confirm_account", by=by, account=self.iban_masked)

    def apply(self) -> None:
        """Debits go to the new account from now on; between businesses its bank confirms anew.

        Source: EPC016-06 and EPC222-07 (a changed account); a suspension for the former account ends.
        """
        mandate = self.mandate
        self._take("apply", by=SYSTEM)
        mandate.iban, mandate.iban_masked = self.iban, self.iban_masked
        self.effective_on = clock.today()
        if mandate.scheme == "B2B":
            mandate.bank_confirmed_on = None
        with scope(mandate.legal_entity.org_path):  # the creditor's table lies above its customers
            own = own_reactions(mandate.legal_entity)
        if mandate.can("resume") and ends_with_new_account(mandate.hold_reason or "", own):
            mandate.resume(by=SYSTEM)
        mandate.note(What.ACCOUNT_APPLIED, former=str(self.former_masked), account=str(self.iban_masked))
        record(mandate, "change_account", by=SYSTEM, account=self.iban_masked)

    def withdraw(self, *, by: Actor) -> None:
        self._take("withdraw", by=by)
        self.iban = None  # not needed any more, so not kept
        revoke_links(Purpose.CHANGE_ACCOUNT, self)
        self.mandate.note(What.ACCOUNT_WITHDRAWN, by=by.label)
        record(self.mandate, "withdraw_account", by=by)


def open_change(mandate: Mandate) -> MandateAmendment | None:
    """The change of account that is asked for or confirmed, and does not count yet."""
    query = select(MandateAmendment).where(MandateAmendment.mandate_id == mandate.id)
    query = query.where(MandateAmendment.state.in_([A.ASKED, A.CONFIRMED]))
    return db.session.scalars(query.order_by(MandateAmendment.id.desc()).limit(1)).first()


def pending_amendments(mandate_ids: Iterable[int]) -> Mapping[int, Amendment]:
    """What the next debit of each of these mandates must tell; a mandate with nothing to tell is absent.

    Of two changes of the creditor the oldest counts: the debtor's bank knows no later value.
    """
    found: dict[int, Amendment] = {}
    ids = list(mandate_ids)
    for start in range(0, len(ids), _CHUNK):
        query = select(MandateAmendment).where(MandateAmendment.mandate_id.in_(ids[start : start + _CHUNK]))
        for row in db.session.scalars(
            query.where(MandateAmendment.state == A.APPLIED).order_by(MandateAmendment.id)
        ):
            known = found.get(row.mandate_id, Amendment())
            found[row.mandate_id] = Amendment(
                original_rum=known.original_rum or row.original_rum,
                original_ics=known.original_ics or row.original_ics,
                original_creditor_name=known.original_creditor_name or row.original_creditor_name,
                new_account=known.new_account or row.kind == AmendmentKind.ACCOUNT,
            )
    return found


def note_new_ics(entity: LegalEntity, former: str, *, by: Actor) -> int:
    """The creditor's identifier has changed: each of its mandates tells it with its next debit.

    The three characters of the business code are not part of the identity. Returns the number of mandates.

    Source: EPC016-06 and EPC222-07 (changed creditor identifier).
    """
    if not former or _without_business_code(former) == _without_business_code(entity.ics):
        return 0
    return _note_on_each(entity, by, original_ics=former)


def note_new_name(entity: LegalEntity, former: str, *, by: Actor) -> int:
    """The creditor's name has changed: each of its mandates tells it with its next debit.

    Source: EPC016-06 and EPC222-07 (changed creditor name).
    """
    return _note_on_each(entity, by, original_creditor_name=former)


def _note_on_each(entity: LegalEntity, by: Actor, **former: str) -> int:
    query = select(Mandate).where(Mandate.legal_entity_id == entity.id)
    query = query.where(Mandate.state.in_([MandateState.SIGNED, MandateState.SUSPENDED]))
    query = query.options(joinedload(Mandate.customer).joinedload(Customer.organisation))
    count = 0
    for mandate in db.session.scalars(query, execution_options={"yield_per": _CHUNK}):
        count += 1
        db.session.add(
            MandateAmendment(
                organisation=mandate.customer.organisation,
                mandate_id=mandate.id,
                kind=AmendmentKind.CREDITOR,
                state=A.APPLIED,
                noted_by=by.label,
                effective_on=clock.today(),
                reason="",
                **former,
            )
        )
    return count


def _without_business_code(ics: str) -> str:
    return ics[:4] + ics[7:]


def _still_news(amendment: Amendment, entity: LegalEntity) -> Amendment:
    """An identifier or a name that was changed back is no news."""
    former = amendment.original_ics
    if former and _without_business_code(former) == _without_business_code(entity.ics):
        amendment = replace(amendment, original_ics=None)
    if amendment.original_creditor_name == entity.name:
        amendment = replace(amendment, original_creditor_name=None)
    return amendment


def pin_amendments(batch: Any, ids: list[int]) -> None:
    """Write what these rows of a batch must tell beside them, so that its file is the same whenever made."""
    in_batch = select(Collection.mandate_id).where(Collection.id.in_(ids))
    changed = select(MandateAmendment.mandate_id).where(MandateAmendment.state == A.APPLIED)
    changed = changed.where(MandateAmendment.mandate_id.in_(in_batch)).distinct()
    for mandate_id, amendment in pending_amendments(db.session.scalars(changed)).items():
        news = _still_news(amendment, batch.legal_entity)
        db.session.execute(
            update(Collection)
            .where(Collection.id.in_(ids), Collection.mandate_id == mandate_id)
            .values(amendment=asdict(news) if news != Amendment() else None)
            .execution_options(synchronize_session=False)
        )
    db.session.execute(
        update(MandateAmendment)
        .where(MandateAmendment.mandate_id.in_(in_batch), MandateAmendment.state == A.APPLIED)
        .where(MandateAmendment.sent_batch_id.is_(None))
        .values(sent_batch_id=batch.id)
        .execution_options(synchronize_session="fetch")
    )


def forget_batch(batch: Any) -> None:
    """A batch that was never made has carried nothing."""
    db.session.execute(
        update(MandateAmendment).where(MandateAmendment.sent_batch_id == batch.id).values(sent_batch_id=None)
    )


@collection_settled.connect
def amendments_settled(_sender: Any, collection: Collection) -> None:
    """A debit of a mandate was paid: the changes that it carried need not be told again."""
    if collection.amendment is None:
        return
    db.session.execute(
        update(MandateAmendment)
        .where(MandateAmendment.mandate_id == collection.mandate_id, MandateAmendment.state == A.APPLIED)
        .where(MandateAmendment.sent_batch_id <= collection.batch_id)
        .values(state=A.SETTLED, settled_on=collection.settled_on)
        .execution_options(synchronize_session="fetch")
    )


def is_open_to_change(mandate: Mandate) -> bool:
    return mandate.state in {MandateState.SIGNED, MandateState.SUSPENDED} and (
        mandate.lapses_on is not None and clock.today() < mandate.lapses_on
    )
