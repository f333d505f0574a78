"""The list of activation keys (clés d'activation), for who installs machines and sees no amounts."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.licensing.models import ActivationKey
from portal.listing import NAME, Choice, Column, Listing, Nothing, Pill, define
from portal.words.states import look_of

STATES = ("key_usable", "key_held", "key_over")


def shown_code(key: ActivationKey) -> str:
    """The whole key for the customer whose it is; its last group for everybody else."""
    return key.code if g.actor.is_customer and not g.actor.is_looking else key.masked


def _in_state(state: str) -> ColumnElement[bool]:
    alive = and_(ActivationKey.revoked_at.is_(None), ActivationKey.valid_through >= clock.today())
    if state == "key_over":
        return ~alive
    held = ActivationKey.held_at.is_not(None)
    return and_(alive, held if state == "key_held" else ~held)


def _state_of(key: ActivationKey) -> str:
    if key.revoked_at is not None or key.valid_through < clock.today():
        return "key_over"
    return "key_held" if key.held_at is not None else "key_usable"


KEYS: Listing[ActivationKey] = define(
    Listing(
        name="keys",
        label=_l("Clés d'activation"),
        endpoint="subscriptions.list_keys",
        permission=Permission.LICENSE_READ,
        model=ActivationKey,
        query=lambda: ActivationKey.visible_to(g.actor),
        load=(joinedload(ActivationKey.customer),),
        columns=[
            Column("key", _l("Clé"), shown_code, rank=NAME),
            Column("product", _l("Produit"), lambda row: row.product),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(_state_of(row))),
            Column("used", _l("Postes activés"), lambda row: f"{row.seats_used} / {row.seats}"),
            Column("through", _l("Valable jusqu'au"), lambda row: row.valid_through, is_number=True),
        ],
        order=(ActivationKey.id.desc(),),
        filters=[
            Choice("state", _l("État"), lambda: [(each, look_of(each).word) for each in STATES], _in_state)
        ],
        nothing=lambda: Nothing(
            _l("Aucune clé."),
            _l("Une clé est donnée quand sa commande est payée ou mandatée."),
            _l("Voir les commandes"),
            url_for("subscriptions.list_orders") if may(Permission.ORDER_READ) else "",
        ),
    )
)
