"""Imports, the newest first; and the filter of the customers of one."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.customers.lists import CUSTOMERS
from portal.customers.models import Customer
from portal.listing import NAME, WIDE, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.moving.models import Moving, MovingRow, MovingState
from portal.paging import first_of
from portal.words.states import look_of

_CHOSEN_FROM = 50  # imports that the list of customers offers

MOVINGS: Listing[Moving] = define(
    Listing(
        name="movings",
        label=_l("Reprises"),
        endpoint="moving.list_movings",
        permission=Permission.MOVING_READ,
        model=Moving,
        query=lambda: Moving.visible_to(g.actor),
        load=(joinedload(Moving.by_user),),
        columns=[
            Column(
                "name",
                _l("Classeur"),
                lambda row: Link(row.name, url_for("moving.show_moving", uid=row.uid)),
                rank=NAME,
            ),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("customers", _l("Clients"), lambda row: row.counts.get("customers", 0), is_number=True),
            Column("faults", _l("Fautes"), lambda row: row.faults, is_number=True),
            Column("by", _l("Par"), lambda row: row.by_user.name, rank=WIDE),
            Column("at", _l("Déposé"), lambda row: row.created_at, rank=WIDE, is_number=True),
        ],
        order=(Moving.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in MovingState],
                lambda value: Moving.state == MovingState(value),
            )
        ],
        nothing=lambda: Nothing(
            _l("Aucune reprise."), _l("Déposez au-dessus le classeur de l'ancien système.")
        ),
    )
)


def _imports() -> list[tuple[str, str]]:
    """Those that wrote something, the newest first."""
    if g.actor is None:
        return []
    query = Moving.visible_to(g.actor).where(Moving.state.in_([MovingState.TAKING, MovingState.TAKEN]))
    rows = first_of(query.order_by(Moving.id.desc()), _CHOSEN_FROM)
    return [(each.uid, f"{each.name} ({each.created_at:%d/%m/%Y})") for each in rows]


def _made_by(value: str) -> ColumnElement[bool]:
    made = select(MovingRow.subject_uid).join(Moving, Moving.id == MovingRow.moving_id)
    return Customer.uid.in_(made.where(Moving.uid == value, MovingRow.sheet == "customers"))


assert isinstance(CUSTOMERS.filters, list)
CUSTOMERS.filters.append(Choice("moving", _l("Reprise"), _imports, _made_by))
