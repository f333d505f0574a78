"""What a late payment costs becomes a charge once the invoice is paid, on whatever way it gets paid."""

from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.lateness import LATE_FEE, lateness_of
from portal.billing.models import Charge, Invoice, add_charge, invoice_paid, invoice_reopened
from portal.billing.rates import rate_entered
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.dunning.contracts import late_answers_for
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.stateful import Stateful, step
from portal.wording import N_, Cents


class FeeState(StrEnum):
    WAITING = "late_fee_waiting"  # for a rate of the central bank
    CHARGED = "late_fee_charged"  # goes with the next invoice, or went
    WAIVED = "late_fee_waived"
    VOID = "late_fee_void"  # the payment came back before it was billed


F = FeeState


class LateFee(Tenant, Stateful, db.Model):
    """Interest and fixed fee of one late payment of one invoice, in cents without VAT."""

    __tablename__ = "late_fee"
    __table_args__ = (UniqueConstraint("invoice_id", "part"),)
    steps = {
        "charge": step(F.WAITING, to=F.CHARGED),
        "lower": step(F.CHARGED, to=F.CHARGED),
        "waive": step(F.WAITING, F.CHARGED, to=F.WAIVED),
        "void": step(F.WAITING, F.CHARGED, to=F.VOID),
    }

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    part: Mapped[int]  # 2 and more: the payment came back, and another one followed
    state: Mapped[FeeState] = mapped_column(default=F.WAITING, index=True)
    paid_on: Mapped[date]
    missing: Mapped[str] = mapped_column(String(300), default="")  # what it waits for, in French
    penalty_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    fee_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    waived_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    waived_why: Mapped[str] = mapped_column(String(300), default="")

    invoice: Mapped[Invoice] = relationship()
    customer: Mapped[Customer] = relationship()

    def origin(self, kind: str) -> str:
        return f"{LATE_FEE}{self.invoice.uid}:{kind}:{self.part}"

    @property
    def charges(self) -> list[Charge]:
        """What carries it, the interest first: the first to be waived."""
        origins = [self.origin(kind) for kind in ("interest", "fixed")]
        rows = {
            row.origin: row for row in db.session.scalars(select(Charge).where(Charge.origin.in_(origins)))
        }
        return [rows[origin] for origin in origins if origin in rows]

    @property
    def is_billed(self) -> bool:
        return any(row.invoice_id is not None for row in self.charges)

    @property
    def may_be_waived(self) -> bool:
        return self.can("waive") and not self.is_billed

    def work_out(self) -> None:
        """Charge it, or wait for a rate that is missing.

        Source: 003-51, 003-52; L6.
        """
        late = lateness_of(self.invoice, clock.today())
        try:
            answers = late_answers_for(self.invoice, late) if late is not None else ()
        except Refused as refusal:
            self.missing = str(refusal)[:300]
            return
        amounts = {answer.what: answer for answer in answers}
        before = earlier_fees(self)
        self.penalty_cents = max(amounts["late_penalty"].cents - sum(e.penalty_cents for e in before), 0)
        self.fee_cents = max(amounts["recovery_fee"].cents - sum(e.fee_cents for e in before), 0)
        self.missing = ""
        with force_locale(self.customer.language):
            values = {"number": self.invoice.number, "day": self.paid_on.strftime("%d/%m/%Y")}
            late_words = _("Pénalités de retard, facture %(number)s payée le %(day)s", **values)
            fixed_words = _("Indemnité forfaitaire de recouvrement, facture %(number)s", **values)
        charge_late_fee(self, "interest", late_words, self.penalty_cents, amounts["late_penalty"].clause)
        charge_late_fee(self, "fixed", fixed_words, self.fee_cents, amounts["recovery_fee"].clause)
        self._take("charge", by=SYSTEM, penalty_cents=self.penalty_cents, fee_cents=self.fee_cents)
        record(self.invoice, "late_fee", by=SYSTEM, penalty=self.penalty_cents, fee=self.fee_cents)

    def waive(self, cents: int | None, why: str, *, by: Actor) -> None:
        """Let the customer off so many cents, or all (None), before they are billed: the interest first.

        Raises Refused without a reason, for more than is left, and once an invoice carries it.
        """
        if not why.strip():
            raise Refused(N_("Dites pourquoi le client en est dispensé."), field="why")
        if self.is_billed:
            raise Refused(N_("Ces frais sont déjà facturés : seul un avoir les corrige."))
        left = self.left_cents
        if cents is not None and (self.state == F.WAITING or not 0 < cents <= left):
            raise Refused(
                N_("Il reste %(left)s : laissez le champ vide pour tout abandonner."),
                field="cents",
                left=Cents(left),
            )
        whole = cents is None or cents == left
        self._take("waive" if whole else "lower", by=by, cents=left if cents is None else cents, reason=why)
        record(self.invoice, "waive_late_fee", by=by, cents=left if cents is None else cents, reason=why)
        self.waived_cents += left if cents is None else cents
        self.waived_why = why.strip()
        self._take_off(left if cents is None else cents)

    def _take_off(self, cents: int) -> None:
        for row in self.charges:
            off = min(cents, row.unit_cents)
            row.unit_cents, cents = row.unit_cents - off, cents - off
            if row.unit_cents == 0:
                db.session.delete(row)

    @property
    def left_cents(self) -> int:
        return self.penalty_cents + self.fee_cents - self.waived_cents

    def void(self) -> None:
        """The payment came back: what was not billed yet is reckoned again with the next one."""
        for row in self.charges:
            db.session.delete(row)
        self._take("void", by=SYSTEM)


def charge_late_fee(fee: LateFee, kind: str, label: str, cents: int, clause: str) -> None:
    """The one place where a late fee becomes something to bill: no VAT is due on damages (BOI-TVA-BASE)."""
    if cents > 0:
        add_charge(
            fee.customer,
            origin=fee.origin(kind),
            label=label[:300],
            clause=clause,
            quantity=1,
            unit_cents=cents,
            includes_vat=False,
            vat_basis_points=0,
            taxed=False,
            method=fee.invoice.method,
            **fee.invoice.parties.get("references", {}),
        )


def fees_of(invoice: Invoice) -> list[LateFee]:
    query = select(LateFee).where(LateFee.invoice_id == invoice.id)
    return list(db.session.scalars(query.order_by(LateFee.part)))


def earlier_fees(fee: LateFee) -> list[LateFee]:
    return [each for each in fees_of(fee.invoice) if each.part < fee.part and each.state != F.VOID]


@invoice_paid.connect
def owe_for_lateness(invoice: Invoice, **_more: Any) -> None:
    """An invoice is paid: what its lateness costs is charged in the same transaction, or waits for a rate.

    Source: 003-51, 003-52; L6.
    """
    if invoice.paid_on is None or invoice.paid_on <= invoice.due_on:
        return
    late = lateness_of(invoice, clock.today())
    if late is None:
        return
    try:
        if sum(answer.cents for answer in late_answers_for(invoice, late)) == 0:
            return
    except Refused:
        pass  # it waits
    fee = LateFee(
        organisation=invoice.customer.organisation,
        invoice=invoice,
        customer_id=invoice.customer_id,
        customer=invoice.customer,
        part=len(fees_of(invoice)) + 1,
        state=F.WAITING,
        paid_on=invoice.paid_on,
        missing="",
        penalty_cents=0,
        fee_cents=0,
        waived_cents=0,
        waived_why="",
    )
    db.session.add(fee)
    db.session.flush()
    fee.work_out()


@invoice_reopened.connect
def forget_what_was_not_billed(invoice: Invoice, **_more: Any) -> None:
    for fee in fees_of(invoice):
        if fee.can("void") and not fee.is_billed:
            fee.void()


@rate_entered.connect
def charge_what_waited(_sender: Any = None, **_more: Any) -> None:
    """Fees whose rate is known by now become charges.

    Source: 003-52.
    """
    for fee in db.session.scalars(
        select(LateFee).where(LateFee.state == F.WAITING).order_by(LateFee.id)
    ).all():
        fee.work_out()
