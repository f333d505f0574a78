"""The list of restore requests."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.desk.models import WorkOrder, WorkState
from portal.listing import NAME, WIDE, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.restore_requests.kinds import Urgency
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.words.choices import CAUSES
from portal.words.readers import reads
from portal.words.states import look_of

_WORDS = 70  # letters of what is looked for that a list shows


def _what(row: RestoreRequest) -> Link:
    short = row.what if len(row.what) <= _WORDS else f"{row.what[: _WORDS - 1]}…"
    return Link(short, url_for("restore_requests.show_request", uid=row.uid), row.vault.name)


QUEUES = [
    ("mine", _l("les miennes")),
    ("nobody", _l("à personne")),
    ("soon", _l("bientôt dues")),
    ("customer", reads(_l("vous attendent"), _l("attendent le client"))),
]
_OPEN = [state for state in RestoreState if state.value not in ("checked", "billed", "closed", "cancelled")]


def _queue(value: str) -> ColumnElement[bool]:
    """What is still open: of who asks, of nobody, urgent or planned within two days, or with the customer."""
    still = RestoreRequest.state.in_(_OPEN)
    if value == "mine":
        return and_(still, RestoreRequest.taken_by_id == g.actor.id)
    if value == "nobody":
        return and_(still, RestoreRequest.taken_by_id.is_(None))
    if value == "soon":
        planned = select(WorkOrder.subject_uid).where(
            WorkOrder.state == WorkState.PLANNED, WorkOrder.planned_at < clock.now() + timedelta(days=2)
        )
        urgent = RestoreRequest.urgency.in_([Urgency.NOW, Urgency.TODAY])
        return and_(still, or_(urgent, RestoreRequest.uid.in_(planned)))
    return RestoreRequest.state.in_([RestoreState.REQUESTED, RestoreState.DONE])


RESTORES: Listing[RestoreRequest] = define(
    Listing(
        name="restores",
        label=_l("Restaurations"),
        endpoint="restore_requests.list_requests",
        permission=Permission.RESTORE_READ,
        model=RestoreRequest,
        query=lambda: RestoreRequest.visible_to(g.actor),
        load=(joinedload(RestoreRequest.customer), joinedload(RestoreRequest.vault)),
        columns=[
            Column("what", _l("À retrouver"), _what, rank=NAME),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("owner", _l("Prise par"), lambda row: row.taken_by),
            Column("cause", _l("Cause"), lambda row: str(CAUSES[row.cause]), rank=WIDE),
            Column("asked", _l("Demandée"), lambda row: row.created_at),
        ],
        order=(RestoreRequest.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in RestoreState],
                lambda value: RestoreRequest.state == RestoreState(value),
            ),
            Choice("queue", _l("File d'attente"), lambda: [*QUEUES], lambda value: _queue(value)),
        ],
        nothing=lambda: Nothing(
            _l("Aucune restauration demandée."),
            _l("Une demande se fait depuis la page d'un coffre."),
            _l("Choisir un coffre"),
            url_for("vaults.list_vaults") if may(Permission.VAULT_READ) else "",
        ),
    )
)
