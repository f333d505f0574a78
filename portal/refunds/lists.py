"""What is owed to customers, the nearest last day first."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.billing.credit_models import Refund, RefundState
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Pill, define
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.lists import entity_choice
from portal.words.states import look_of

_LATE = "refund_late"


def _states() -> list[tuple[str, Any]]:
    names = [f"refund_{state.value}" for state in RefundState]
    return [(name, look_of(name).word) for name in (_LATE, *names)]


def _in_state(value: str) -> ColumnElement[bool]:
    if value == _LATE:
        return (Refund.state == RefundState.OWED) & (Refund.due_by < clock.today())
    return Refund.state == RefundState(value.removeprefix("refund_"))


REFUNDS: Listing[Refund] = define(
    Listing(
        name="refunds",
        label=_l("Dû aux clients"),
        endpoint="refunds.list_refunds",
        permission=Permission.REFUND_READ,
        model=Refund,
        query=lambda: run_by(Refund, g.actor),
        load=(joinedload(Refund.customer), joinedload(Refund.invoice)),
        columns=[
            Column(
                "refund",
                _l("Remboursement"),
                lambda row: Link(
                    _("sur %(number)s", number=row.reference), url_for("refunds.show", uid=row.uid)
                ),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column(
                "due_by", _l("Au plus tard le"), lambda row: row.due_by, sort=Refund.due_by, is_number=True
            ),
            Column("clause", _l("Clause"), lambda row: row.clause or "–", rank=WIDE),
            Column("refunded_on", _l("Remboursé le"), lambda row: row.refunded_on, rank=WIDE, is_number=True),
            Column("cents", _l("Montant"), lambda row: Euros(row.cents), is_number=True),
        ],
        order=(Refund.due_by, Refund.id),
        filters=[
            Choice("state", _l("État"), _states, _in_state),
            entity_choice(_l("Émetteur"), Refund.legal_entity_id, issuers_to_run),
        ],
        total=Refund.cents,
        nothing=lambda: Nothing(
            _l("Rien n'est dû."), _l("Un avoir sur une facture payée, ou un trop-perçu, vient ici.")
        ),
    )
)
