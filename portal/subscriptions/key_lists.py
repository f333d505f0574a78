"""The list of activation keys (clés d'activation), for who installs machines and sees no amounts."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.licensing.models import ActivationKey
from portal.listing import NAME, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.words.states import look_of

STATES = ("key_usable", "key_grace", "key_above", "key_held", "key_suspended", "key_over")


def shown_code(key: ActivationKey) -> str:
    """The whole key for the customer whose it is; its last group for everybody else."""
    return key.code if g.actor.is_customer and not g.actor.is_looking else key.masked


def _linked(key: ActivationKey) -> Link:
    return Link(shown_code(key), url_for("keys.show", uid=key.uid))


def _in_state(state: str) -> ColumnElement[bool]:
    """The rows of whose :func:`state_of` it is."""
    today, row = clock.today(), ActivationKey
    works = func.coalesce(row.grace_through, row.valid_through) >= today
    alive = and_(row.revoked_at.is_(None), works)
    stopped, held = row.suspended_on.is_not(None), row.held_at.is_not(None)
    paid, above = row.valid_through >= today, row.over_since.is_not(None)
    return {
        "key_over": ~alive,
        "key_suspended": and_(alive, stopped),
        "key_held": and_(alive, ~stopped, held),
        "key_above": and_(alive, ~stopped, ~held, above),
        "key_grace": and_(alive, ~stopped, ~held, ~above, ~paid),
    }.get(state, and_(alive, ~stopped, ~held, ~above, paid))


def state_of(key: ActivationKey) -> str:
    """Its state in the words of lists, which :func:`_in_state` asks the database for."""
    today = clock.today()
    if key.revoked_at is not None or key.works_through < today:
        return "key_over"
    if key.suspended_on is not None:
        return "key_suspended"
    if key.held_at is not None:
        return "key_held"
    if key.over_since is not None:
        return "key_above"
    return "key_usable" if key.valid_through >= today else "key_grace"


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
            Column("key", _l("Clé"), _linked, rank=NAME),
            Column("product", _l("Produit"), lambda row: row.product),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(state_of(row))),
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
