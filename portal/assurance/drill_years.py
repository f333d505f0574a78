"""Each year of the drills that a customer has ordered: its price, what is owed for it, what comes back."""

from datetime import date, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.assurance.drill_papers import clause_of_drills, includes_drills
from portal.assurance.drills import CATCH_UP_DAYS, DrillKind, DrillPlan, DrillState, VaultDrill, plan_of
from portal.billing.balance import SURPLUS_DAYS
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import charge_of, issue_credit_note, share_of
from portal.billing.models import Charge, InvoiceLine, add_charge, is_pending
from portal.catalogue.models import Method
from portal.customers.models import ContactRole
from portal.db import Tenant, db
from portal.desk.prices import Item, price_of
from portal.engine.models import Vault, VaultState, mail_contact
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.mail import link, queue_mail
from portal.restore_requests.billing import contract_of
from portal.subscriptions.models import SubscriptionState

D = DrillState


class DrillYear(Tenant, db.Model):
    """One year of a plan that is paid for. The drills of the year are those whose day it begins with."""

    __tablename__ = "drill_year"
    __table_args__ = (UniqueConstraint("plan_id", "begins_on"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("drill_plan.id"))
    begins_on: Mapped[date]
    ends_on: Mapped[date]  # first day that is no longer part of it
    cents: Mapped[int] = mapped_column(BigInteger)  # net of VAT, of the grid on the day it begins
    clause: Mapped[str] = mapped_column(String(40))
    settled_on: Mapped[date | None] = mapped_column(index=True)
    credited_cents: Mapped[int] = mapped_column(BigInteger)

    plan: Mapped[DrillPlan] = relationship()

    @property
    def origin(self) -> str:
        return f"drills:{self.uid}"


def undone_cents(cents: int, undone: int, kinds: int = len(DrillKind)) -> int:
    """What a year gives back, in cents net of VAT: its share for each drill that did not succeed.

    cents: price of the year. undone, kinds: drills of it without a good result, and all of them.

    Source: 002-11, 004-10.
    """
    return (cents * undone + kinds // 2) // kinds


def price_for(vault: Vault, day: date) -> int | None:
    """What a year that begins on a day (Paris) costs, in cents net of VAT; None without a price in the grid.

    Nothing where the contract includes the tests. Source: 002-11, 004-10.
    """
    return 0 if includes_drills(vault) else price_of(Item.DRILLS, vault.customer, day)


def check_price(vault: Vault) -> None:
    """Raises Refused where no price was fixed."""
    if price_for(vault, clock.today()) is None:
        raise Refused(_("La grille n'a pas de prix pour les essais annuels : fixez-le d'abord."))


def year_of(plan: DrillPlan) -> DrillYear | None:
    """The year that runs today; None where none is paid for."""
    query = select(DrillYear).where(DrillYear.plan_id == plan.id, DrillYear.settled_on.is_(None))
    row = db.session.scalars(query.order_by(DrillYear.begins_on.desc())).first()
    return row if row is not None and clock.today() < row.ends_on else None


def begin_year(plan: DrillPlan) -> DrillYear | None:
    """The year that today is part of, owed once with the next invoice; the customer is told its price.

    Source: 002-11, 004-10.
    """
    begins_on = plan.due_on(clock.today())
    known = select(DrillYear).where(DrillYear.plan_id == plan.id, DrillYear.begins_on == begins_on)
    if db.session.scalars(known).one_or_none() is not None:
        return None
    cents, clause = price_for(plan.vault, begins_on), clause_of_drills(plan.vault)
    if cents is None:
        return None
    row = DrillYear(
        organisation=plan.vault.customer.organisation,
        plan=plan,
        begins_on=begins_on,
        ends_on=plan.next_on(begins_on),
        cents=cents,
        clause=clause.clause if clause else "",
        credited_cents=0,
    )
    db.session.add(row)
    db.session.flush()
    record(plan.vault, "begin_drill_year", by=SYSTEM, begins_on=begins_on.isoformat(), cents=cents)
    if cents:
        _owe(row)
        _tell(row)
    return row


def _owe(row: DrillYear) -> None:
    vault = row.plan.vault
    with force_locale(vault.customer.language):
        label = _(
            "Essais annuels du coffre « %(vault)s », du %(first)s au %(last)s",
            vault=vault.name[:120],
            first=f"{row.begins_on:%d/%m/%Y}",
            last=f"{row.ends_on - timedelta(1):%d/%m/%Y}",
        )
    owed: dict[str, Any] = {
        "origin": row.origin,
        "label": label,
        "unit_cents": row.cents,
        "clause": row.clause,
        "includes_vat": False,
    }
    if contract := contract_of(vault):
        contract.owe(**owed)
    else:
        add_charge(vault.customer, quantity=1, method=Method.WIRE, **owed)


def _tell(row: DrillYear) -> None:
    customer = row.plan.vault.customer
    queue_mail(
        mail_contact(customer, ContactRole.BILLING),
        "assurance/mail_drill_year.txt",
        about=row.plan.vault,
        owner=customer.organisation,
        language=customer.language,
        vault=row.plan.vault,
        year=row,
        last_day=row.ends_on - timedelta(1),
        page=link(f"/vaults/{row.plan.vault.uid}"),
    )


def is_over(vault: Vault) -> bool:
    """Has the contract of a vault ended, or the vault itself?"""
    contract = contract_of(vault)
    left = contract is not None and (contract.is_over or contract.state == SubscriptionState.WITHDRAWN)
    return left or vault.state != VaultState.ACTIVE


def choose_drills(vault: Vault, is_on: bool, *, by: Actor) -> DrillPlan:
    """The option is taken, or not renewed: a year that is paid for is lived to its end.

    Taken again after it, its years begin anew. Raises Refused where no price was fixed.

    Source: 002-11, 004-10.
    """
    plan = plan_of(vault)
    if is_on and (plan is None or not plan.is_on):
        check_price(vault)
    if plan is None:
        plan = DrillPlan(
            organisation=vault.customer.organisation, vault=vault, since_on=clock.today(), is_on=False
        )
        db.session.add(plan)
        db.session.flush()
    begins = is_on and not plan.is_on and year_of(plan) is None
    plan.is_on = is_on
    record(vault, "want_drills" if is_on else "refuse_drills", by=by)
    if begins:
        plan.since_on = clock.today()
        begin_year(plan)
    return plan


def keep_years() -> None:
    """Of each plan: it ends with its contract, its next year begins, what did not take place comes back."""
    for plan in db.session.scalars(select(DrillPlan).where(DrillPlan.is_on).order_by(DrillPlan.id)):
        if is_over(plan.vault):
            plan.is_on = False
            record(plan.vault, "end_drills", by=SYSTEM)
        elif db.session.scalars(select(DrillYear.id).where(DrillYear.plan_id == plan.id)).first():
            begin_year(plan)  # one that was taken without a price goes on without
    for year in db.session.scalars(select(DrillYear).where(DrillYear.settled_on.is_(None))):
        if year.ends_on <= clock.today() or is_over(year.plan.vault):
            settle(year, by=SYSTEM)


def settle(year: DrillYear, *, by: Actor) -> None:
    """The year is over: what has no good result is credited. One that runs is waited for.

    Source: 002-11, 004-10.
    """
    vault = year.plan.vault
    query = select(VaultDrill).where(VaultDrill.vault_id == vault.id, VaultDrill.due_on == year.begins_on)
    drills = list(db.session.scalars(query))
    if any(row.state == D.RUNNING for row in drills):
        return
    for row in drills:
        if year.cents and row.can("credit"):
            row.take("credit", by=by)
        elif row.state == D.ASKED:
            row.take("lapse", by=by)
    done = {row.kind for row in drills if row.state == D.GOOD}
    year.settled_on = clock.today()
    year.credited_cents = undone_cents(year.cents, len(DrillKind) - len(done))
    if year.credited_cents:
        _give_back(year, by=by)
        record(vault, "credit_drills", by=by, cents=year.credited_cents, undone=len(DrillKind) - len(done))


def _give_back(year: DrillYear, *, by: Actor) -> None:
    """Owed no more where no invoice carries it, else a credit note on its line."""
    query = select(Charge).where(Charge.origin == year.origin)
    charge = db.session.scalars(query.with_for_update()).one()
    if charge.dropped_on is not None:
        return
    with force_locale(year.plan.vault.customer.language):
        why = _("Essai annuel non abouti dans son année")
        if db.session.scalar(select(is_pending()).select_from(Charge).where(Charge.id == charge.id)):
            _lower(charge, year.credited_cents, why)
            return
        lines = select(InvoiceLine).where(InvoiceLine.invoice_id == charge.invoice_id)
        line = next(one for one in db.session.scalars(lines) if charge_of(one) is charge)
        part = share_of(line.invoice, line, year.credited_cents)
        issue_credit_note(
            line.invoice,
            [part],
            origin=year.origin,
            reason=CreditReason.NOT_DONE,
            clause=year.clause,
            note=why,
            due_by=clock.today() + timedelta(SURPLUS_DAYS),
            by=by,
        )


def _lower(charge: Charge, cents: int, why: str) -> None:
    if cents >= charge.unit_cents:
        charge.dropped_on, charge.dropped_why = clock.today(), why
    else:
        charge.unit_cents -= cents
        charge.label = f"{charge.label} ; {why}"[:300]


def to_catch_up() -> list[VaultDrill]:
    """Drills that nobody opened the vault for, of years that are paid for and end soon."""
    found = []
    for year in db.session.scalars(select(DrillYear).where(DrillYear.settled_on.is_(None))):
        if year.ends_on - timedelta(CATCH_UP_DAYS) <= clock.today() < year.ends_on:
            query = select(VaultDrill).where(
                VaultDrill.vault_id == year.plan.vault_id, VaultDrill.due_on == year.begins_on
            )
            found += list(db.session.scalars(query.where(VaultDrill.state == D.LAPSED)))
    return found
