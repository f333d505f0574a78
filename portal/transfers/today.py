"""Transfers that wait for somebody's consent."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.today import Cost, Kind, Todo, waits
from portal.transfers.models import Transfer, TransferState


def _waiting() -> Select[tuple[Transfer]]:
    query = Transfer.visible_to(g.actor).where(Transfer.state == TransferState.ASKED)
    return query.options(joinedload(Transfer.customer), joinedload(Transfer.taker))


waits(
    Kind(
        name="transfer.consents",
        label=_l("Transferts qui attendent un accord"),
        cost=Cost.PEOPLE,
        permission=Permission.CUSTOMER_TRANSFER,
        rows=_waiting,
        order=(Transfer.lapses_at, Transfer.id),
        tell=lambda row: Todo(
            what=_("Transfert vers %(taker)s", taker=row.taker.name),
            who=row.customer.name,
            url=url_for("transfers.new_transfer", uid=row.customer.uid),
            button=_("Voir"),
            due=row.lapses_at,
        ),
        everything=lambda: url_for("customers.list_customers"),
        entry="customers.list_customers",
    )
)
