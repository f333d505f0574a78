"""The list of batches that were or will be handed to the bank (remises)."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.listing import NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Pill, define
from portal.resellers.issuing import run_by
from portal.sepa.models import Batch, BatchState
from portal.words.states import look_of

_SHOWN = {
    BatchState.FROZEN: "debit_frozen",
    BatchState.EXPORTED: "batch_exported",
    BatchState.RELEASED: "batch_released",
    BatchState.SENT: "batch_sent",
    BatchState.CANCELLED: "debit_cancelled",
}

BATCHES: Listing[Batch] = define(
    Listing(
        name="batches",
        label=_l("Remises à la banque"),
        endpoint="sepa.list_batches",
        permission=Permission.BATCH_READ,
        model=Batch,
        query=lambda: run_by(Batch, g.actor),
        load=(joinedload(Batch.legal_entity),),
        columns=[
            Column(
                "msg_id",
                _l("Remise"),
                lambda row: Link(row.msg_id, url_for("sepa.show_batch", uid=row.uid), row.legal_entity.name),
                rank=NAME,
            ),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("scheme", _l("Type"), lambda row: row.scheme, rank=WIDE),
            Column("count", _l("Prélèvements"), lambda row: row.count, is_number=True),
            Column("frozen_on", _l("Figée le"), lambda row: row.frozen_on, is_number=True),
            Column("total", _l("Total"), lambda row: Euros(row.total_cents), is_number=True),
        ],
        order=(Batch.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(word).word) for state, word in _SHOWN.items()],
                lambda value: Batch.state == BatchState(value),
            )
        ],
        total=Batch.total_cents,
        nothing=lambda: Nothing(
            _l("Pas encore de remise."),
            _l("Une remise se fige depuis les prélèvements annoncés."),
            _l("Voir les prélèvements"),
            url_for("sepa.cockpit"),
        ),
    )
)
