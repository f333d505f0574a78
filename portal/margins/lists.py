"""Margins of one reseller, by customer, product and month."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, false, func, true
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.billing.models import Charge, Invoice
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import add_months
from portal.i18n import month_name
from portal.listing import NAME, WIDE, Cell, Choice, Column, Euros, Link, Listing, Nothing, define
from portal.margins.sums import Sum, first_of_each, month_of, sums_of
from portal.resellers.reseller import Reseller

_SHOWN = 13  # months to choose among


def asked_reseller() -> Reseller | None:
    """Whom the address names, else one's own house; None for another's."""
    query = Reseller.visible_to(g.actor)
    asked = request.args.get("reseller", "")
    own = Reseller.uid == asked if asked else Reseller.organisation_id == g.actor.organisation_id
    return db.session.scalars(query.where(own)).one_or_none()


def newest_month() -> str:
    """The last one to choose in which the reseller meant sold something, else the present one."""
    newest = db.session.scalar(
        _rows().with_only_columns(func.max(Invoice.issued_on), maintain_column_froms=True)
    )
    return known_month(f"{newest or clock.today():%Y-%m}") or f"{clock.today():%Y-%m}"


def known_month(asked: str) -> str:
    """The month that the address names, if it is one to choose; else ""."""
    return asked if asked in dict(_months()) else ""


def first_day(month: str) -> date:
    """Of a month as the addresses have it, « 2026-11 »."""
    return date.fromisoformat(f"{month}-01")


def _rows() -> Select[Any]:
    query = Charge.visible_to(g.actor).join(Invoice, Invoice.id == Charge.invoice_id)
    query = query.join(Customer, Customer.id == Charge.customer_id)
    reseller = asked_reseller()
    if reseller is None:
        return query.where(false())
    return query.where(Charge.id.in_(first_of_each(reseller.organisation)))


def _resellers() -> list[tuple[str, str]]:
    reseller = asked_reseller()
    return [(reseller.uid, reseller.name)] if reseller else []


def _of_reseller(_uid: str) -> ColumnElement[bool]:
    return true()  # the query is of the reseller that the address names


def _months() -> list[tuple[str, str]]:
    start = clock.today().replace(day=1)
    days = [add_months(start, -past) for past in range(_SHOWN)]
    return [(f"{day:%Y-%m}", month_name(day)) for day in days]


def _of_month(month: str) -> ColumnElement[bool]:
    first = first_day(month)
    return (Invoice.issued_on >= first) & (Invoice.issued_on < add_months(first, 1))


def _known(rows: list[Charge]) -> dict[int, tuple[str, Sum]]:
    """The sums of the rows of a page, worked out once for all of its columns."""
    key = tuple(row.id for row in rows)
    if g.get("margins_of", (None, {}))[0] != key:
        reseller = asked_reseller()
        g.margins_of = key, sums_of(reseller.organisation, rows) if reseller else {}
    found: dict[int, tuple[str, Sum]] = g.margins_of[1]
    return found


def _sold(rows: list[Charge]) -> Mapping[int, Cell]:
    return {key: Euros(part.sold) for key, (_name, part) in _known(rows).items()}


def _bought(rows: list[Charge]) -> Mapping[int, Cell]:
    return {key: _euros(part.bought) for key, (_name, part) in _known(rows).items()}


def _margin(rows: list[Charge]) -> Mapping[int, Cell]:
    return {key: _euros(part.margin) for key, (_name, part) in _known(rows).items()}


def _euros(cents: int | None) -> Euros | None:
    return None if cents is None else Euros(cents)


def _customer(row: Charge) -> Link:
    return Link(row.customer.name, url_for("customers.show_customer", uid=row.customer.uid))


MARGINS: Listing[Charge] = define(
    Listing(
        name="margins",
        label=_l("Marges"),
        endpoint="margins.show",
        permission=Permission.MARGIN_READ,
        model=Charge,
        query=_rows,
        load=(joinedload(Charge.customer), joinedload(Charge.invoice)),
        columns=[
            Column("customer", _l("Client"), _customer, rank=NAME),
            Column(
                "product",
                _l("Offre"),
                many=lambda rows: {k: name for k, (name, _sum) in _known(rows).items()},
            ),
            Column(
                "quantity",
                _l("Quantité"),
                many=lambda rows: {key: part.quantity for key, (_name, part) in _known(rows).items()},
                is_number=True,
            ),
            Column("sold", _l("Vendu, HT"), many=_sold, is_number=True),
            Column("bought", _l("Acheté, HT"), many=_bought, is_number=True),
            Column("margin", _l("Marge"), many=_margin, is_number=True),
            Column("month", _l("Mois"), lambda row: f"{month_of(row):%Y-%m}", rank=WIDE),
        ],
        order=(Customer.name_folded, Charge.id),
        filters=[
            Choice("reseller", _l("Revendeur"), _resellers, _of_reseller),
            Choice("month", _l("Factures du mois"), _months, _of_month),
        ],
        within="reseller",
        nothing=lambda: Nothing(
            _l("Rien n'a encore été facturé."), _l("Les marges suivent les factures des clients.")
        ),
    )
)
