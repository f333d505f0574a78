"""What each clause of each contract brought in and cost, of what an issuer invoiced and credited."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, String, case, cast, func, literal, or_, select, union_all
from sqlalchemy.sql import Subquery

from portal.billing.credit_models import CreditLine, CreditNote
from portal.billing.models import Charge, Invoice, InvoiceLine
from portal.catalogue.models import Product
from portal.catalogue.offers import shipped_offers
from portal.db import EVERYTHING, db, scope
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, answered
from portal.terms.in_force import pinned_stack
from portal.terms.shipped import CONTRACTS
from portal.terms.stack import Stack
from portal.terms.values import Value

_UID = 16  # characters
# Origins of charges that name the subscription behind the mark.
_MARKS = ("subscription:", "change:", "usage:", "early-end-penalty:", "metered-end-penalty:", "period-due:")
_AMOUNTS = ("cents", "basis_points")
_EXAMPLES = ("sla.example.",)  # printed to explain, never asked for


class Contract(NamedTuple):
    """A contract in the versions that are pinned; both empty for what was invoiced under none."""

    stack: str = ""
    versions: tuple[str, ...] = ()

    @property
    def terms(self) -> Stack | None:
        return pinned_stack(self.stack, self.versions) if self.stack in CONTRACTS else None

    @property
    def label(self) -> str:
        return f"{CONTRACTS[self.stack][0]}, {', '.join(self.versions)}" if self.stack in CONTRACTS else ""


class Served(NamedTuple):
    """One clause of one contract, "" for the rows without one. Cents without VAT; cost: of credit notes."""

    contract: Contract
    clause: str
    earned: int
    cost: int
    times: int
    customers: int

    @property
    def net(self) -> int:
        return self.earned - self.cost

    @property
    def answer(self) -> Answered | None:
        """The values of the contract that this clause has, for who wants to read it."""
        return told(self.contract, self.clause)


class Line(NamedTuple):
    """One line of an invoice (kind "sold") or of a credit note ("back"), as :func:`rows_between` has it."""

    kind: str
    id: int
    stack: str
    versions: str
    clause: str
    net: int
    customer_id: int
    document: str
    number: str
    issued_on: date
    label: str


def told(contract: Contract, clause: str) -> Answered | None:
    """A clause with what its contract says there; None for a law, or without a contract."""
    terms = contract.terms
    wanted = clause.split(", ")
    found = [each for each in terms.values.values() if each.clause in wanted] if terms else []
    return answered("clause", None, *found) if found else None


def rows_between(entity: LegalEntity, since: date, until: date) -> Subquery:
    """Every line that an issuer invoiced in these days, both included, or credited: those below zero."""
    sold = _sold(entity, since, until)
    back = _taken_back(entity, since, until)
    return union_all(sold, back).subquery()


def _named(invoices: Any) -> Subquery:
    """The charges of these invoices with the position of their line, which is their order."""
    position = func.row_number().over(partition_by=Charge.invoice_id, order_by=Charge.id).label("position")
    query = select(Charge.invoice_id, Charge.origin, position)
    return query.where(Charge.invoice_id.in_(invoices)).subquery()


def _columns(kind: str, document: Any, line: Any, clause: Any, net: Any) -> list[Any]:
    return [
        literal(kind, String).label("kind"),
        line.id.label("id"),
        func.coalesce(Subscription.terms_stack, "").label("stack"),
        func.coalesce(cast(Subscription.terms_versions, String), "[]").label("versions"),
        clause.label("clause"),
        net.label("net"),
        document.customer_id.label("customer_id"),
        document.uid.label("document"),
        document.number.label("number"),
        document.issued_on.label("issued_on"),
        line.label.label("label"),
    ]


def _subscription_in(origin: Any) -> Any:
    """The uid of the subscription that an origin names, NULL where it names none."""
    return case(
        *(
            (origin.startswith(mark, autoescape=True), func.substr(origin, len(mark) + 1, _UID))
            for mark in _MARKS
        ),
        else_=None,
    )


def _clause(said: Any) -> Any:
    """What a line says; else the clause of the contract that has the offer whose periods it charges."""
    offers = ((Product.code == offer.code, offer.clause) for offer in shipped_offers().values())
    return case((func.coalesce(said, "") != "", said), *offers, else_="")


def _sold(entity: LegalEntity, since: date, until: date) -> Select[Any]:
    wanted = (Invoice.legal_entity_id == entity.id, Invoice.issued_on.between(since, until))
    named = _named(select(Invoice.id).where(*wanted))
    of_line = (named.c.invoice_id == InvoiceLine.invoice_id) & (named.c.position == InvoiceLine.position)
    query = select(
        *_columns("sold", Invoice, InvoiceLine, _clause(InvoiceLine.clause), InvoiceLine.net_cents)
    )
    query = query.select_from(InvoiceLine).join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    return _with_contract(query, named, of_line).where(*wanted)


def _with_contract(query: Select[Any], named: Any, of_line: Any) -> Select[Any]:
    query = query.outerjoin(named, of_line)
    query = query.outerjoin(Subscription, Subscription.uid == _subscription_in(named.c.origin))
    return query.outerjoin(Product, Product.id == Subscription.product_id)


def _taken_back(entity: LegalEntity, since: date, until: date) -> Select[Any]:
    wanted = (CreditNote.legal_entity_id == entity.id, CreditNote.issued_on.between(since, until))
    named = _named(select(CreditNote.invoice_id).where(*wanted))
    of_line = (named.c.invoice_id == InvoiceLine.invoice_id) & (named.c.position == InvoiceLine.position)
    clause = _clause(case((CreditNote.clause != "", CreditNote.clause), else_=InvoiceLine.clause))
    query = select(*_columns("back", CreditNote, CreditLine, clause, -CreditLine.net_cents))
    query = query.select_from(CreditLine).join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
    query = query.join(InvoiceLine, InvoiceLine.id == CreditLine.invoice_line_id)
    return _with_contract(query, named, of_line).where(*wanted)


def served(entity: LegalEntity, since: date, until: date) -> list[Served]:
    """What each clause of each contract brought in and cost; their sum is the revenue of these days.

    Source: PCG art. 944-70 (what is invoiced, less what is credited).
    """
    with scope(EVERYTHING):
        rows = rows_between(entity, since, until)
        query = select(
            rows.c.stack,
            rows.c.versions,
            rows.c.clause,
            func.sum(case((rows.c.net > 0, rows.c.net), else_=0)),
            func.sum(case((rows.c.net < 0, -rows.c.net), else_=0)),
            func.count(),
            func.count(rows.c.customer_id.distinct()),
        ).group_by(rows.c.stack, rows.c.versions, rows.c.clause)
        found = [
            Served(Contract(stack, tuple(json.loads(versions))), clause, int(earned), int(cost), times, whose)
            for stack, versions, clause, earned, cost, times, whose in db.session.execute(query)
        ]
    return sorted(
        found, key=lambda each: (not each.contract.stack, each.contract, not each.clause, each.clause)
    )


def rows_of(rows: Subquery, contract: Contract, clause: str) -> Select[Any]:
    """The rows behind one clause of one contract."""
    query = select(rows).where(rows.c.clause == clause, rows.c.stack == contract.stack)
    kept = select(cast(Subscription.terms_versions, String)).distinct()
    same = [text for text in db.session.scalars(kept) if tuple(json.loads(text)) == contract.versions]
    return query.where(rows.c.versions.in_([*same, "[]"] if not contract.versions else same))


def never_served(entity: LegalEntity, since: date, until: date, used: Iterable[Served]) -> list[Answered]:
    """The clauses with an amount, of the contracts that ran in these days, which brought in and cost nothing.

    One answer for each clause of each contract, with its values.
    """
    known: dict[Contract, set[str]] = defaultdict(set)
    for each in used:
        known[each.contract].update(each.clause.split(", "))
    without = known[Contract()]
    return [
        answered("clause", None, *values)
        for contract in _running(entity, since, until)
        for clause, values in _with_amount(contract).items()
        if clause not in known[contract] and clause not in without
    ]


def _running(entity: LegalEntity, since: date, until: date) -> Sequence[Contract]:
    versions = cast(Subscription.terms_versions, String)
    query = select(Subscription.terms_stack, versions).distinct()
    query = query.where(Subscription.legal_entity_id == entity.id, Subscription.started_on <= until)
    query = query.where(or_(Subscription.ends_on.is_(None), Subscription.ends_on > since))
    with scope(EVERYTHING):
        rows = db.session.execute(query).all()
    return sorted(Contract(stack, tuple(json.loads(text))) for stack, text in rows)


def _with_amount(contract: Contract) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = defaultdict(list)
    terms = contract.terms
    for value in terms.values.values() if terms else ():
        if value.unit in _AMOUNTS and value.value and not value.key.startswith(_EXAMPLES):
            found[value.clause].append(value)
    return dict(sorted(found.items()))
