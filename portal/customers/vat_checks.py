"""Is a customer's VAT number in use? Asked of the register of the Union, with the proof of what it said."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from flask import current_app
from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.actor import Actor
from portal.blobs import Document, keep
from portal.canonical import canonical_json
from portal.customers.countries import is_european_vat
from portal.customers.models import Customer, vat_number_given
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.registers import Unreachable, VatAnswer, ask_vies
from portal.resellers.models import issuer_for
from portal.scans import read_scan
from portal.stateful import Stateful, step
from portal.wording import N_


class CheckState(StrEnum):
    ASKED = "asked"
    SILENT = "silent"  # the register did not answer yet; it is asked again
    VALID = "valid"
    INVALID = "invalid"
    OVERTAKEN = "overtaken"  # the customer has another number now; nobody asks any more


class Place(StrEnum):
    """Where a person has looked a number up."""

    VIES = "vies"  # the page of the European Commission
    TAX_OFFICE = "tax_office"  # impots.gouv.fr
    STATE = "state"  # the administration of the other state


C = CheckState
_ANSWERS = (C.VALID, C.INVALID)
_LONGEST_PAUSE = 3600.0  # seconds: the registers of the states close at night


class VatCheck(Tenant, Stateful, db.Model):
    """One question about one number, and the answer with its proof."""

    __tablename__ = "vat_check"
    steps = {
        "keep_silent": step(C.ASKED, to=C.SILENT),
        "confirm": step(C.ASKED, C.SILENT, to=C.VALID),
        "deny": step(C.ASKED, C.SILENT, to=C.INVALID),
        "overtake": step(C.ASKED, C.SILENT, to=C.OVERTAKEN),
        "note_valid": step(C.ASKED, to=C.VALID),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    number: Mapped[str] = mapped_column(String(14))
    state: Mapped[CheckState]
    why: Mapped[str] = mapped_column(String(80), default="")  # the register's word for its silence
    answered_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(String(200), default="")  # as the register has it; some states hide it
    consultation: Mapped[str] = mapped_column(String(40), default="")  # number of the proof
    # Looked up by a person, where no register is linked or none answers: the Paris day, by whom and where.
    looked_up_on: Mapped[date | None]
    looked_up_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    looked_up_place: Mapped[str] = mapped_column(String(20), default="", server_default="")  # a Place
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    customer: Mapped[Customer] = relationship()
    document: Mapped[Document | None] = relationship()

    def shown_state(self) -> str:
        return f"vat_{self.state.value}"

    @classmethod
    def of(cls, customer: Customer) -> Self | None:
        """The last one about the number that the customer has now."""
        query = select(cls).where(cls.customer_id == customer.id, cls.number == customer.vat_number)
        query = query.where(cls.state != C.OVERTAKEN)
        last = db.session.scalars(query.order_by(cls.id.desc())).first()
        answer = cls.answered(customer)
        if answer is not None and answer.looked_up_on and last is not None and not last.is_answer:
            return answer  # while a register is silent, what a person has read stands
        return answer if last is not None and last.is_answer else last

    @classmethod
    def answered(cls, customer: Customer) -> Self | None:
        """The last one that says whether the present number is valid, a register's or a person's."""
        query = select(cls).where(cls.customer_id == customer.id, cls.number == customer.vat_number)
        query = query.where(cls.state.in_(_ANSWERS))
        at = func.coalesce(cls.answered_at, cls.created_at)
        return db.session.scalars(query.order_by(at.desc(), cls.id.desc())).first()

    @property
    def is_answer(self) -> bool:
        return self.state in _ANSWERS

    def answer(self, said: VatAnswer, requester: str) -> None:
        """Keep what the register said, whole, as the proof of the day."""
        self.answered_at, self.why = clock.now(), ""
        self.name, self.consultation = said.name[:200], said.consultation[:40]
        proof = {"asked": self.number, "requester": requester, "at": self.answered_at.isoformat()}
        self.document = keep(
            canonical_json(proof | {"said": said.said}),
            owner=self.customer.organisation,
            subject=self.customer,
            kind="vat_proof",
            filename=f"tva-{self.number}-{clock.paris_day(self.answered_at)}.json",
            media_type="application/json",
        )
        self._take("confirm" if said.is_valid else "deny", by=SYSTEM, number=self.number)

    def overtake(self) -> None:
        self._take("overtake", by=SYSTEM, number=self.number)

    def keep_silent(self, why: str) -> None:
        self.why = why[:80]
        if self.state == C.ASKED:  # said once, however often it is asked
            self._take("keep_silent", by=SYSTEM)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a person has read on a public page: the Paris day, where, its number of consultation, a copy."""

    on: date
    place: Place
    consultation: str = ""
    copy: bytes = b""


def note_by_hand(customer: Customer, found: LookedUp, *, by: Actor) -> VatCheck:
    """Keep that the customer's number was found valid by hand; it counts as checked from now on.

    Raises Refused beside the field for a number that no other member state gave, a day to come or before the
    number was given, without a reference and without a copy, and where the register has answered itself.

    Source: 000-33; L4, CGI art. 283-2, CGI ann. II art. 242 nonies A.
    """
    number, today = customer.vat_number or "", clock.today()
    if not is_european_vat(number):
        raise Refused(N_("Le registre ne connaît que les numéros des autres États de l'Union."))
    if not clock.paris_day(customer.created_at) <= found.on <= today:
        raise Refused(N_("La consultation se situe entre l'entrée du client et aujourd'hui."), field="on")
    if not found.consultation.strip() and not found.copy:
        raise Refused(
            N_("Donnez la référence de la consultation, ou joignez sa copie."), field="consultation"
        )
    last = VatCheck.answered(customer)
    if is_register_set() and last is not None and last.looked_up_on is None:
        raise Refused(N_("Le registre relié a répondu lui-même : c'est sa réponse qui compte."))
    scan = read_scan(found.copy, field="copy") if found.copy else None
    check = VatCheck(
        organisation=customer.organisation, customer_id=customer.id, number=number, state=C.ASKED
    )
    check.looked_up_on, check.looked_up_by, check.looked_up_place = found.on, by.label, found.place.value
    check.consultation, check.answered_at = found.consultation.strip()[:40], clock.now()
    if scan is not None:
        check.document = keep(
            scan.content,
            owner=customer.organisation,
            subject=customer,
            kind="vat_proof",
            filename=f"tva-{number}-{found.on}.{scan.suffix}",
            media_type=scan.media_type,
        )
    db.session.add(check)
    db.session.flush()
    check._take("note_valid", by=by, number=number)
    record(customer, "vat_looked_up", by=by, number=number, on=found.on.isoformat(), place=found.place.value)
    return check


def has_checked_number(customer: Customer) -> bool:
    """Is the customer's present number valid by the last answer, a register's or a person's? (000-33, L4)"""
    check = VatCheck.answered(customer) if is_european_vat(customer.vat_number or "") else None
    return check is not None and check.state == C.VALID


def is_register_set() -> bool:
    return bool(current_app.config["VIES_URL"])


def ask_about(customer: Customer, *, by: Actor) -> VatCheck:
    """Ask about the customer's number, in the background.

    Raises Refused for a number that the register does not have, and where no register is set.
    """
    number = customer.vat_number or ""
    if not is_european_vat(number):
        raise Refused(N_("Le registre ne connaît que les numéros des autres États de l'Union."))
    if not is_register_set():
        raise Refused(N_("Aucun registre de TVA n'est relié à ce portail."))
    check = VatCheck(
        organisation=customer.organisation, customer_id=customer.id, number=number, state=C.ASKED
    )
    db.session.add(check)
    db.session.flush()
    jobs.enqueue("customers.ask_vat", check.uid, customer.organisation)
    return check


@vat_number_given.connect
def ask_at_once(customer: Customer, *, by: Actor) -> None:
    """A number that is new is asked about without anybody's doing."""
    if is_european_vat(customer.vat_number or "") and is_register_set():
        ask_about(customer, by=by)


@jobs.job("customers.ask_vat", jobs.Lane.PROMPT)
def ask(claim: jobs.Claim) -> None:
    """While the register is silent the question is put again, and the page says so."""
    check = db.session.scalars(select(VatCheck).where(VatCheck.uid == claim.ref)).one()
    if check.answered_at is not None:
        return
    if check.number != check.customer.vat_number:
        check.overtake()
        return
    number, requester = check.number, issuer_for(check.customer).vat_number
    db.session.rollback()  # no transaction is held while the register is asked
    try:
        said = ask_vies(current_app.config["VIES_URL"], number, requester)
    except Unreachable as silence:
        check.keep_silent(str(silence))
        claim.step()
        raise jobs.Later(str(silence), at_most=_LONGEST_PAUSE) from None
    check.answer(said, requester)
    claim.step(done=1, total=1)
