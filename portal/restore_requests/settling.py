"""What a restore costs in the end: by the hours of its work, or at the grid's price of one file."""

from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.billing.models import add_charge
from portal.catalogue.models import Method
from portal.desk.models import WorkOrder
from portal.desk.prices import Item, price_of
from portal.errors import Refused
from portal.restore_requests.models import RestoreKind, RestoreRequest
from portal.restore_requests.rules import check_may_close, price_day


def billed_work(row: RestoreRequest) -> WorkOrder | None:
    """The work whose hours are billed; None where it never was planned and the price is typed."""
    work = row.work
    return work if work and work.can("bill") else None


def usual_cents(row: RestoreRequest) -> int | None:
    """What the grid says for the day of the work: for one file, or for the hours of a complex one."""
    if work := billed_work(row):
        return work.due_cents
    worked_on = clock.paris_day(row.done_at or clock.now())
    day = price_day(worked_on, clock.paris_day(row.created_at))
    return price_of(Item.SIMPLE, row.customer, day) if row.kind == RestoreKind.SIMPLE else None


def settle(row: RestoreRequest, *, billed: bool, price_cents: int, why: str = "", by: Actor) -> None:
    """Bill the work at the price of the day, once, or close it without a charge.

    price_cents: as typed, net of VAT; hours that were entered decide themselves. why: another price than the
    grid's needs a reason. Raises Refused without a price, or before a complex one was checked.

    Source: 002-10, 002-12, 004-10, 004-11.
    """
    usual, work = usual_cents(row), billed_work(row)
    check_may_close(row.kind.value, done_at=row.done_at, checked_with_customer_at=row.checked_at)
    if work:
        price_cents = work.settle(by=by) if billed else work.drop(by=by)
        billed = billed and bool(price_cents)
    elif billed and not price_cents:
        raise Refused(_("Indiquez le prix du jour, hors taxes."), field="price")
    elif billed and usual is not None and price_cents != usual and not why.strip():
        raise Refused(_("Dites pourquoi ce prix n'est pas celui de la grille."), field="why")
    elif (other := row.work) and other.can("cancel"):
        other.cancel(by=by)
    cents = price_cents if billed else 0
    row._take("bill" if billed else "close", by=by, price_cents=cents, reason=why.strip())
    row.billed = billed
    if billed:
        _owe(row, price_cents)


def _owe(row: RestoreRequest, price_cents: int) -> None:
    worked_on = clock.paris_day(row.done_at or clock.now())
    row.price_cents = price_cents
    row.price_on = price_day(worked_on, clock.paris_day(row.created_at))
    source = row.free_cause
    owed: dict[str, Any] = {
        "origin": f"restore:{row.uid}",
        "clause": source.clause if source else "",
        "label": _(
            "Restauration du %(day)s, coffre « %(vault)s »",
            vault=row.vault.name,
            day=worked_on.strftime("%d/%m/%Y"),
        ),
        "unit_cents": price_cents,
        "includes_vat": False,
    }
    if row.subscription:
        row.subscription.owe(**owed)
    else:
        add_charge(row.customer, quantity=1, method=Method.WIRE, **owed)
