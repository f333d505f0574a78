"""What is to be paid back to one customer: how much, until when, and how far it has come."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select

from portal.billing.credit_models import CreditNote, Refund, RefundFile, RefundState
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.refunds.accounts import Account, account_for

_LAW = {"L1": "C. conso L221-24", "L2": "C. conso L215-1"}  # what a reader knows such a row by


class Owed(NamedTuple):
    """One refund as its customer reads it. papers: numbers of the invoice and of its credit notes."""

    refund: Refund
    account: Account | None
    papers: str
    source: str

    @property
    def waits(self) -> bool:
        """For an account that takes the money."""
        return self.refund.state == RefundState.OWED and not is_known(self.account)

    @property
    def state(self) -> str:
        """The name of the state among those of ``portal.words.states``."""
        if self.refund.state != RefundState.OWED:
            return f"refund_{self.refund.state.value}"
        return "refund_awaits_account" if self.waits else "refund_ready"

    @property
    def ready_on(self) -> date | None:
        """The first day on which it may leave, where that is still to come."""
        if self.state != "refund_ready" or self.account is None or self.account.is_usable:
            return None
        return self.account.usable_from


def is_known(account: Account | None) -> bool:
    return account is not None and account.refused_on is None


def owed_to(customer: Customer, *, lock: bool = False) -> list[Refund]:
    """What waits to be paid back to her, and no file holds; the nearest last day first."""
    query = select(Refund).where(
        Refund.customer_id == customer.id, Refund.state == RefundState.OWED, Refund.paper == ""
    )
    query = query.order_by(Refund.due_by, Refund.id).execution_options(populate_existing=True)
    return list(db.session.scalars(query.with_for_update() if lock else query))


def told(refunds: Iterable[Refund]) -> list[Owed]:
    """The same with what she reads beside each."""
    rows = list(refunds)
    accounts = {_place_of(row): account_for(row) for row in rows}
    return [Owed(row, accounts[_place_of(row)], _papers(row), source_of(row)) for row in rows]


def _place_of(refund: Refund) -> tuple[int, int]:
    """Refunds of one customer and one issuer go to the same account."""
    return refund.customer_id, refund.legal_entity_id


def source_of(refund: Refund) -> str:
    """The law in words that are read outside, else the clause of the contract; "" for neither."""
    return _LAW.get(refund.clause, refund.clause)


def _papers(refund: Refund) -> str:
    query = select(CreditNote.number).where(CreditNote.invoice_id == refund.invoice_id)
    notes = list(db.session.scalars(query.order_by(CreditNote.id))) if refund.invoice_id else []
    return ", ".join([refund.reference, *notes])


def check_open(customer: Customer) -> list[Refund]:
    """Her refunds that an account still counts for, held until the end of the transaction.

    Raises Refused with the reason where there is none.
    """
    if owed := owed_to(customer, lock=True):
        return owed
    raise Refused(why_closed(customer))


def why_closed(customer: Customer | None) -> str:
    """Why an account can be given no more, in a sentence."""
    if customer is None:
        return _("Il n'y a rien à rembourser.")
    mine = select(Refund).where(Refund.customer_id == customer.id, Refund.paper == "")
    last = db.session.scalars(mine.order_by(Refund.id.desc())).first()
    return refusal_of(last) if last is not None else _("Il n'y a rien à rembourser.")


def check_changeable(refund: Refund) -> None:
    """Raises Refused, with the reason, where another account would change nothing any more."""
    if refund.state != RefundState.OWED:
        raise Refused(refusal_of(refund))


def refusal_of(refund: Refund) -> str:
    """Why the account of this one cannot be changed any more."""
    if refund.state == RefundState.IN_FILE:
        with scope(EVERYTHING):  # the file is its issuer's
            file = db.session.get_one(RefundFile, refund.file_id)
        return _(
            "Le virement est déjà dans le fichier %(file)s : son compte ne change plus.", file=file.msg_id
        )
    if refund.state == RefundState.REFUNDED:
        return _("Le remboursement est déjà parti : son compte ne change plus.")
    return _("Il n'y a plus rien à rembourser ici : ce qui était dû a été compensé ou n'est plus dû.")
