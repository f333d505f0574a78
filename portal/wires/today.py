"""Transfers of which nobody has said yet what they pay."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal.access import Permission
from portal.resellers.issuing import run_by
from portal.today import Cost, Kind, Todo, waits
from portal.wires.models import IncomingTransfer, WireState


def _waiting() -> Select[tuple[IncomingTransfer]]:
    """Not those that the worker has yet to read."""
    looked_at = IncomingTransfer.by_hand | (IncomingTransfer.why != "")
    return run_by(IncomingTransfer, g.actor).where(IncomingTransfer.state == WireState.WAITING, looked_at)


waits(
    Kind(
        name="wire.review",
        label=_l("Virements à rapprocher"),
        cost=Cost.MONEY,
        permission=Permission.WIRE_WRITE,
        rows=_waiting,
        order=(IncomingTransfer.id,),
        tell=lambda row: Todo(
            what=_("Virement reçu à rapprocher"),
            who=row.payer or row.text[:60] or row.reference,
            url=url_for("wires.show", uid=row.uid),
            button=_("Rapprocher"),
            cents=row.amount_cents,
        ),
        everything=lambda: url_for("wires.list_wires", state=WireState.WAITING.value),
        entry="sepa.cockpit",
    )
)
