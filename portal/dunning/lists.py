"""Late payers: what each owes, since when, how far it went, and what comes next on which day."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from portal import clock
from portal.access import Permission, may
from portal.billing.disputes import DisputeState, InvoiceDispute
from portal.billing.models import Invoice, InvoiceState
from portal.billing.queries import customers_run_by
from portal.customers.lists import CUSTOMERS
from portal.customers.models import Customer
from portal.db import db
from portal.dunning.acting import take_step
from portal.dunning.ladder import Debt, NextStep, debts_of, next_step
from portal.dunning.models import Instalment, PaymentPlan, PlanState
from portal.dunning.rules import Stage
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Bulk,
    Cell,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Pill,
    define,
)
from portal.subscriptions.models import Subscription
from portal.subscriptions.stopping import shown_state_of
from portal.subscriptions.suspended import suspended_among, suspended_of

STEPS = {
    "reminder": _l("Rappel"),
    "second": _l("Second rappel"),
    "formal": _l("Mise en demeure"),
    "suspension": _l("Suspension"),
    "blocking": _l("Blocage des commandes"),
    "ending": _l("Fin du contrat"),
}


def overdue() -> ColumnElement[bool]:
    """Of the customers: something issued to her is not paid, and its day is past."""
    return exists().where(
        Invoice.customer_id == Customer.id,
        Invoice.state == InvoiceState.ISSUED,
        Invoice.due_on < clock.today(),
    )


def is_suspended() -> ColumnElement[bool]:
    return exists().where(
        Subscription.customer_id == Customer.id,
        Subscription.suspended_on.is_not(None),
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today()),
    )


def late_payers() -> Select[tuple[Customer]]:
    return customers_run_by(g.actor).where(or_(overdue(), is_suspended()))


def _debts(row: Customer) -> list[Debt]:
    """Worked out once for all the cells of a row."""
    known: dict[int, list[Debt]] = g.setdefault("late_debts", {})
    if row.id not in known:
        known[row.id] = debts_of(row)
    return known[row.id]


def stage_of(customer: Customer, debts: list[Debt]) -> str:
    """The name of a state: how far the gravest of her debts went."""
    if suspended := suspended_of(customer):
        return _stopped(suspended)
    reached = [debt.stage for debt in debts if debt.stage is not None]
    return f"stage_{max(reached, key=list(Stage).index).value}" if reached else "stage_none"


def _stopped(suspended: list[Subscription]) -> str:
    """Is a service stopped, or are only orders refused?"""
    states = {shown_state_of(row) for row in suspended}
    return "stage_blocked" if states == {"orders_blocked"} else "stage_suspended"


def step_words(step: NextStep | None) -> str:
    """What comes next and when, in the reader's language."""
    if step is None:
        return ""
    return _("%(step)s, %(day)s", step=STEPS[step.name], day=step.due_on.strftime("%d/%m/%Y"))


def _owed(customers: list[Customer]) -> dict[int, Cell]:
    sums = {row.id: sum(debt.owed_cents for debt in _debts(row)) for row in customers}
    return {key: Euros(cents) for key, cents in sums.items()}


def _since(customers: list[Customer]) -> dict[int, Cell]:
    query = select(Invoice.customer_id, func.min(Invoice.due_on)).where(
        Invoice.customer_id.in_([row.id for row in customers]),
        Invoice.state == InvoiceState.ISSUED,
        Invoice.due_on < clock.today(),
    )
    found: dict[int, Cell] = {}
    for key, day in db.session.execute(query.group_by(Invoice.customer_id)):
        found[key] = day
    return found


def _promised(customers: list[Customer]) -> dict[int, Cell]:
    query = (
        select(PaymentPlan.customer_id, func.min(Instalment.due_on))
        .join(Instalment)
        .where(
            PaymentPlan.customer_id.in_([row.id for row in customers]),
            PaymentPlan.state == PlanState.RUNNING,
            Instalment.received_on.is_(None),
        )
    )
    found: dict[int, Cell] = {}
    for key, day in db.session.execute(query.group_by(PaymentPlan.customer_id)):
        found[key] = day
    return found


def _disputed(customers: list[Customer]) -> dict[int, Cell]:
    query = select(InvoiceDispute.customer_id, func.min(InvoiceDispute.opened_on)).where(
        InvoiceDispute.customer_id.in_([row.id for row in customers]),
        InvoiceDispute.state == DisputeState.OPEN,
    )
    found: dict[int, Cell] = {}
    for key, day in db.session.execute(query.group_by(InvoiceDispute.customer_id)):
        found[key] = day
    return found


def _take(row: Customer) -> None:
    take_step(row, by=g.actor, may_end=may(Permission.CONTRACT_END))


LATE: Listing[Customer] = define(
    Listing(
        name="late-payers",
        label=_l("Retards de paiement"),
        endpoint="dunning.list_late",
        permission=Permission.DUNNING_READ,
        model=Customer,
        query=late_payers,
        columns=[
            Column(
                "name",
                _l("Client"),
                lambda row: Link(row.name, url_for("dunning.show_late", uid=row.uid)),
                rank=NAME,
            ),
            Column("owed", _l("Dû"), many=_owed, is_number=True),
            Column("since", _l("Depuis"), many=_since, is_number=True),
            Column(
                "stage",
                _l("Étape"),
                many=lambda rows: {row.id: Pill(stage_of(row, _debts(row))) for row in rows},
            ),
            Column(
                "next",
                _l("Ensuite"),
                many=lambda rows: {row.id: step_words(next_step(row, _debts(row))) for row in rows},
            ),
            Column("promised", _l("Promis pour le"), many=_promised, rank=WIDE, is_number=True),
            Column("disputed", _l("Contesté depuis"), many=_disputed, rank=WIDE, is_number=True),
            Column("siren", _l("SIREN"), lambda row: row.siren, rank=FILE),
        ],
        order=(Customer.name_folded, Customer.id),
        filters=[
            Choice(
                "state",
                _l("Étape"),
                lambda: [("late", _l("en retard")), ("suspended", _l("suspendu"))],
                lambda value: is_suspended() if value == "suspended" else overdue(),
            )
        ],
        bulk=[
            Bulk(
                "step",
                _l("Faire ce qui est dû"),
                "send",
                Permission.DUNNING_WRITE,
                _take,
                sure=_l("Chaque client choisi reçoit l'envoi qui lui est dû aujourd'hui, ou est suspendu."),
            )
        ],
        nothing=lambda: Nothing(
            _l("Personne n'est en retard."),
            _l("Une facture impayée y entre le lendemain de son échéance, et en sort dès qu'elle est payée."),
        ),
    )
)


def _states(customers: list[Customer]) -> dict[int, Cell]:
    return {key: Pill(_stopped(rows)) for key, rows in suspended_among(customers).items()}


CUSTOMERS.columns.append(Column("suspended", _l("Suspension"), many=_states, rank=WIDE))
