"""The list of credits: those to decide first."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.availability.credits import CreditState, ServiceCredit
from portal.availability.queries import credits_run_by
from portal.listing import FILE, NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Pill, define
from portal.words.states import look_of

_C = ServiceCredit

CREDITS: Listing[ServiceCredit] = define(
    Listing(
        name="service_credits",
        label=_l("Avoirs de disponibilité"),
        endpoint="service_credits.list_credits",
        permission=Permission.CREDIT_DUE_READ,
        model=_C,
        query=lambda: credits_run_by(g.actor),
        load=(joinedload(_C.customer), joinedload(_C.subscription)),
        columns=[
            Column(
                "month",
                _l("Mois"),
                lambda row: Link(
                    f"{row.month:%m/%Y}",
                    url_for("service_credits.show_credit", uid=row.uid),
                    row.customer.name,
                ),
                rank=NAME,
            ),
            Column("subscription", _l("Abonnement"), lambda row: row.subscription.label, rank=WIDE),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("cents", _l("Avoir hors taxes"), lambda row: Euros(row.cents), is_number=True),
            Column("left", _l("Reste"), lambda row: Euros(row.left_cents), rank=WIDE, is_number=True),
            Column("through", _l("Utilisable jusqu'au"), lambda row: row.usable_through, rank=FILE),
        ],
        order=(_C.month.desc(), _C.id.desc()),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(each.value, look_of(each.value).word) for each in CreditState],
                lambda value: _C.state == CreditState(value),
            )
        ],
        nothing=lambda: Nothing(
            _l("Aucun avoir."),
            _l("À la fin du mois, ce que le contrat doit pour une disponibilité manquée se propose ici."),
        ),
    )
)
