"""The lists of what was asked for on the web (demandes) and of trials (essais)."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.listing import NAME, Choice, Column, Link, Listing, Nothing, Period, Pill, define
from portal.signups.models import KINDS, SignUp, SignUpKind, SignUpState, Trial, TrialState
from portal.words.states import look_of


def confirmed() -> Select[Any]:
    """Nobody but who has the address knows of a sign-up that is not confirmed."""
    query: Select[Any] = SignUp.visible_to(g.actor).where(SignUp.state != SignUpState.PENDING)
    return query


SIGN_UPS: Listing[SignUp] = define(
    Listing(
        name="sign_ups",
        label=_l("Demandes"),
        endpoint="leads.list_sign_ups",
        permission=Permission.CUSTOMER_READ,
        model=SignUp,
        query=confirmed,
        load=(joinedload(SignUp.customer), joinedload(SignUp.product)),
        columns=[
            Column(
                "name",
                _l("Demandé par"),
                lambda row: Link(row.name, url_for("leads.show", uid=row.uid), row.product.name),
                rank=NAME,
            ),
            Column("kind", _l("Demande"), lambda row: str(KINDS[row.kind])),
            Column("quantity", _l("Licences"), lambda row: row.quantity, is_number=True),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("confirmed_at", _l("Confirmée le"), lambda row: row.confirmed_at, is_number=True),
        ],
        order=(SignUp.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(each, look_of(each).word) for each in list(SignUpState)[1:]],
                lambda value: SignUp.state == SignUpState(value),
            ),
            Choice(
                "kind",
                _l("Demande"),
                lambda: [(each, KINDS[each]) for each in SignUpKind],
                lambda value: SignUp.kind == SignUpKind(value),
            ),
        ],
        nothing=lambda: Nothing(
            _l("Aucune demande."),
            _l("Elles viennent de la page d'inscription, une fois l'adresse confirmée."),
            _l("Voir la page d'inscription"),
            url_for("sign_up.show"),
        ),
    )
)

TRIALS: Listing[Trial] = define(
    Listing(
        name="trials",
        label=_l("Essais"),
        endpoint="trials.list_trials",
        permission=Permission.SUBSCRIPTION_READ,
        model=Trial,
        query=lambda: Trial.visible_to(g.actor),
        load=(joinedload(Trial.customer),),
        columns=[
            Column(
                "trial",
                _l("Essai"),
                lambda row: Link(row.product_name, url_for("trials.show", uid=row.uid)),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("started_on", _l("Depuis le"), lambda row: row.started_on, is_number=True),
            Column("ends_on", _l("Dernier jour"), lambda row: row.ends_on, is_number=True),
        ],
        order=(Trial.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(each, look_of(each).word) for each in TrialState],
                lambda value: Trial.state == TrialState(value),
            ),
            Period("ends", _l("Dernier jour"), Trial.ends_on),
        ],
        nothing=lambda: Nothing(
            _l("Aucun essai."),
            _l("Un essai commence par la page d'inscription."),
            _l("Voir les abonnements"),
            url_for("subscriptions.list_subscriptions") if may(Permission.SUBSCRIPTION_READ) else "",
        ),
    )
)
