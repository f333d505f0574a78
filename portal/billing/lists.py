"""The lists of invoices (factures) and of billing runs (facturations mensuelles)."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.billing.balance import UNDER_WAY
from portal.billing.carried import carried_sums
from portal.billing.models import BillingRun, Invoice, InvoiceState, RunState
from portal.catalogue.models import Method
from portal.customers.lists import CUSTOMERS, customer_column
from portal.customers.models import Customer
from portal.db import db
from portal.listing import (
    ALWAYS,
    NAME,
    WIDE,
    Cell,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    define,
)
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.lists import entity_choice
from portal.sepa.models import Collection
from portal.words.choices import METHODS
from portal.words.states import look_of

_OVERDUE = "overdue"


def _states() -> list[tuple[str, Any]]:
    return [(state, look_of(state).word) for state in (InvoiceState.ISSUED, _OVERDUE, InvoiceState.PAID)]


def _in_state(state: str) -> ColumnElement[bool]:
    if state == _OVERDUE:
        return and_(Invoice.state == InvoiceState.ISSUED, Invoice.due_on < clock.today())
    return Invoice.state == InvoiceState(state)


def without_a_way() -> ColumnElement[bool]:
    """Owed, to be debited, and no debit is on its way: no mandate allowed one, or the last one came back."""
    under_way = select(Collection.id).where(
        Collection.reference == Invoice.number, Collection.state.in_(UNDER_WAY)
    )
    owed = Invoice.state == InvoiceState.ISSUED, Invoice.method == Method.DIRECT_DEBIT
    return and_(*owed, ~under_way.correlate(Invoice).exists())


INVOICES: Listing[Invoice] = define(
    Listing(
        name="invoices",
        label=_l("Factures"),
        endpoint="billing.list_invoices",
        permission=Permission.INVOICE_READ,
        model=Invoice,
        query=lambda: Invoice.visible_to(g.actor),
        load=(joinedload(Invoice.customer),),
        columns=[
            Column(
                "number",
                _l("Numéro"),
                lambda row: Link(row.number, url_for("billing.show_invoice", uid=row.uid)),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.parties["buyer"]["name"])),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("method", _l("Paiement"), lambda row: str(METHODS[row.method]), rank=WIDE),
            Column("issued_on", _l("Émise le"), lambda row: row.issued_on, rank=WIDE, is_number=True),
            Column("due_on", _l("Échéance"), lambda row: row.due_on, sort=Invoice.due_on, is_number=True),
            Column(
                "gross",
                _l("Montant TTC"),
                lambda row: Euros(row.gross_cents),
                sort=Invoice.gross_cents,
                is_number=True,
            ),
        ],
        order=(Invoice.id.desc(),),
        filters=[
            Choice("state", _l("État"), _states, _in_state),
            Choice(
                "method",
                _l("Paiement"),
                lambda: [(method, METHODS[method]) for method in Method],
                lambda value: Invoice.method == Method(value),
            ),
            Choice(
                "way",
                _l("Prélèvement"),
                lambda: [("none", _l("aucun en route"))],
                lambda _value: without_a_way(),
            ),
            Period("issued", _l("Émise"), Invoice.issued_on),
        ],
        total=Invoice.gross_cents,
        nothing=lambda: Nothing(
            _l("Aucune facture."), _l("La première s'émet avec un paiement ou la facturation mensuelle.")
        ),
    )
)


def _month(run: BillingRun) -> Link:
    """The month; and which one it is of the runs that billed what was added since."""
    more = _("complément %(n)d", n=run.part - 1) if run.part > 1 else ""
    return Link(run.month, url_for("billing.show_run", uid=run.uid), more)


RUNS: Listing[BillingRun] = define(
    Listing(
        name="billing-runs",
        label=_l("Facturation mensuelle"),
        endpoint="billing.list_runs",
        permission=Permission.MONTH_READ,
        model=BillingRun,
        query=lambda: run_by(BillingRun, g.actor),
        load=(joinedload(BillingRun.legal_entity),),
        columns=[
            Column("month", _l("Mois"), _month, rank=NAME),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("entity", _l("Émetteur"), lambda row: row.legal_entity.name, rank=WIDE),
            Column("started_at", _l("Lancée"), lambda row: row.created_at, rank=WIDE, is_number=True),
            Column("finished_at", _l("Finie"), lambda row: row.finished_at, is_number=True),
            Column("invoices", _l("Factures"), lambda row: row.invoices, is_number=True),
            Column("collections", _l("Prélèvements"), lambda row: row.collections, is_number=True),
            Column("gross", _l("Montant TTC"), lambda row: Euros(row.gross_cents), is_number=True),
        ],
        order=(BillingRun.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in RunState],
                lambda value: BillingRun.state == RunState(value),
            ),
            entity_choice(_l("Émetteur"), BillingRun.legal_entity_id, issuers_to_run),
            Period("started", _l("Lancée"), BillingRun.created_at),
        ],
        total=BillingRun.gross_cents,
        nothing=lambda: Nothing(_l("Aucun mois facturé."), _l("Le premier se lance au-dessus.")),
    )
)


def _owed(customers: list[Customer]) -> dict[int, Cell]:
    """What each of these owes on invoices that are not paid, those of the former system included."""
    owed = select(Invoice.customer_id, func.sum(Invoice.gross_cents)).where(
        Invoice.customer_id.in_([each.id for each in customers]), Invoice.state == InvoiceState.ISSUED
    )
    sums = carried_sums([each.id for each in customers])
    for key, cents in db.session.execute(owed.group_by(Invoice.customer_id)):
        sums[key] = sums.get(key, 0) + int(cents)
    return {key: Euros(cents) for key, cents in sums.items()}


CUSTOMERS.columns.append(Column("owed", _l("Dû"), many=_owed, rank=ALWAYS, is_number=True))
