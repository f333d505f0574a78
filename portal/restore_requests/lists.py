"""The list of restore requests."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.words.choices import CAUSES
from portal.words.states import look_of

_WORDS = 70  # letters of what is looked for that a list shows


def _what(row: RestoreRequest) -> Link:
    short = row.what if len(row.what) <= _WORDS else f"{row.what[: _WORDS - 1]}…"
    return Link(short, url_for("restore_requests.show_request", uid=row.uid), row.vault.name)


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
            )
        ],
        nothing=lambda: Nothing(
            _l("Aucune restauration demandée."),
            _l("Une demande se fait depuis la page d'un coffre."),
            _l("Choisir un coffre"),
            url_for("vaults.list_vaults") if may(Permission.VAULT_READ) else "",
        ),
    )
)
