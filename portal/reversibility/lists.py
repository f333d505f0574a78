"""The list of handovers (réversibilité): those that go on first, with the day of the next duty."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import case as case_when
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Cell, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.reversibility.display import deadline_of, waits_for
from portal.reversibility.models import OVER, CaseState, ReversibilityCase
from portal.words.reasons import REVERSIBILITY_REASONS
from portal.words.states import look_of

_ENDED = (CaseState.ERASED, CaseState.CANCELLED)


def _due(row: ReversibilityCase) -> Cell:
    return None if row.state in _ENDED else deadline_of(row)


CASES: Listing[ReversibilityCase] = define(
    Listing(
        name="handovers",
        label=_l("Réversibilité"),
        endpoint="reversibility.list_cases",
        permission=Permission.REVERSIBILITY_READ,
        model=ReversibilityCase,
        query=lambda: ReversibilityCase.visible_to(g.actor),
        load=(joinedload(ReversibilityCase.customer), joinedload(ReversibilityCase.subscription)),
        columns=[
            Column(
                "contract",
                _l("Contrat"),
                lambda row: Link(
                    row.subscription.product_name, url_for("reversibility.show_case", uid=row.uid)
                ),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("due", _l("Échéance"), _due, is_number=True),
            Column("waits", _l("Qui attend-on ?"), lambda row: str(waits_for(row))),
            Column("reason", _l("Demande"), lambda row: str(REVERSIBILITY_REASONS[row.reason]), rank=WIDE),
            Column("asked", _l("Reçue le"), lambda row: row.requested_on, rank=WIDE, is_number=True),
        ],
        order=(case_when((ReversibilityCase.state.in_(OVER), 1), else_=0), ReversibilityCase.id.desc()),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in CaseState],
                lambda value: ReversibilityCase.state == CaseState(value),
            )
        ],
        nothing=lambda: Nothing(
            _l("Aucune demande de réversibilité."),
            _l("Elle se fait depuis la page de l'abonnement qui prend fin."),
            _l("Choisir un abonnement"),
            url_for("subscriptions.list_subscriptions"),
        ),
    )
)
