"""The lists of orders (commandes) and of subscriptions (abonnements)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.access import Permission, may
from portal.catalogue.models import Method
from portal.customers.lists import CUSTOMERS, customer_column
from portal.customers.models import Customer
from portal.db import db
from portal.i18n import eur
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Cell,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    define,
)
from portal.subscriptions.models import GOING_ON, Order, OrderState, Subscription, SubscriptionState
from portal.words.choices import METHODS, PLANS
from portal.words.states import look_of

S = SubscriptionState


def _states(states: Sequence[str]) -> list[tuple[str, Any]]:
    return [(state, look_of(state).word) for state in states]


ORDERS: Listing[Order] = define(
    Listing(
        name="orders",
        label=_l("Commandes"),
        endpoint="subscriptions.list_orders",
        permission=Permission.ORDER_READ,
        model=Order,
        query=lambda: Order.visible_to(g.actor),
        load=(joinedload(Order.customer), selectinload(Order.proforma)),
        columns=[
            Column(
                "order",
                _l("Commande"),
                lambda row: Link(
                    f"{row.quantity} × {row.product_name}",
                    url_for("subscriptions.show_order", uid=row.uid),
                    " · ".join([row.number, *([row.proforma.number] if row.proforma else [])]),
                ),
                rank=NAME,
            ),
            Column("number", _l("Numéro"), lambda row: row.number, rank=FILE),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("method", _l("Paiement"), lambda row: str(METHODS[row.method]), rank=WIDE),
            Column("ordered_on", _l("Commandée le"), lambda row: row.ordered_on, is_number=True),
            Column("gross", _l("Montant TTC"), lambda row: Euros(row.gross_cents), is_number=True),
        ],
        order=(Order.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: _states(list(OrderState)),
                lambda value: Order.state == OrderState(value),
            ),
            Choice(
                "method",
                _l("Paiement"),
                lambda: [(method, METHODS[method]) for method in Method],
                lambda value: Order.method == Method(value),
            ),
            Period("ordered", _l("Commandée"), Order.ordered_on),
        ],
        nothing=lambda: Nothing(
            _l("Aucune commande."),
            _l("Une commande se passe depuis la fiche d'un client."),
            _l("Choisir un client"),
            url_for("customers.list_customers") if may(Permission.CUSTOMER_READ) else "",
        ),
    )
)


def _in_state(state: str) -> ColumnElement[bool]:
    """A notice whose end is past has become an end, and the state of the row does not know it."""
    over = and_(Subscription.ends_on.is_not(None), Subscription.ends_on <= clock.today())
    if state == "ended":
        return and_(Subscription.state == S.NOTICE_GIVEN, over)
    if state == S.NOTICE_GIVEN:
        return and_(Subscription.state == S.NOTICE_GIVEN, Subscription.ends_on > clock.today())
    if state == "retracted":
        return Subscription.state == S.WITHDRAWN
    runs = or_(Subscription.ends_on.is_(None), ~over)
    if state == S.SUSPENDED:
        return and_(Subscription.suspended_on.is_not(None), Subscription.state != S.WITHDRAWN, runs)
    return and_(Subscription.state == S(state), runs)


def _may_leave(value: str) -> ColumnElement[bool]:
    """Active, and its last day of notice is at most so many days away; any day to come for ``ever``."""
    today, last = clock.today(), Subscription.last_notice_on
    found = and_(Subscription.state.in_(GOING_ON), last >= today)
    return found if value == _EVER else and_(found, last <= today + timedelta(int(value)))


_EVER = "ever"


def _leaving_within() -> list[tuple[str, Any]]:
    days = [(days, ngettext("%(num)d jour", "%(num)d jours", int(days))) for days in ("30", "60", "90")]
    return [*days, (_EVER, _l("n'importe quand"))]


def _next(row: Subscription) -> date | None:
    return row.ends_on or row.period_ends_on


SUBSCRIPTIONS: Listing[Subscription] = define(
    Listing(
        name="subscriptions",
        label=_l("Abonnements"),
        endpoint="subscriptions.list_subscriptions",
        permission=Permission.SUBSCRIPTION_READ,
        model=Subscription,
        query=lambda: Subscription.visible_to(g.actor),
        load=(joinedload(Subscription.customer),),
        columns=[
            Column(
                "label",
                _l("Abonnement"),
                lambda row: Link(row.label, url_for("subscriptions.show_subscription", uid=row.uid)),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("plan", _l("Formule"), lambda row: str(PLANS[row.plan]), rank=WIDE),
            Column("started_on", _l("Depuis"), lambda row: row.started_on, rank=WIDE, is_number=True),
            Column("notice", _l("Préavis jusqu'au"), lambda row: row.last_notice_on, is_number=True),
            Column("ends_on", _l("Échéance"), _next, is_number=True),
            Column("net", _l("Par période, HT"), lambda row: Euros(row.net_cents), is_number=True),
        ],
        order=(Subscription.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: _states([S.ACTIVE, S.NOTICE_GIVEN, S.SUSPENDED, "ended", "retracted"]),
                _in_state,
            ),
            Choice(
                "notice_within",
                _l("Préavis d'ici"),
                _leaving_within,
                _may_leave,
                (Subscription.last_notice_on, Subscription.id),
            ),
        ],
        nothing=lambda: Nothing(
            _l("Aucun abonnement."), _l("Un abonnement commence quand sa commande est payée ou mandatée.")
        ),
    )
)


def _next_notice(customers: list[Customer]) -> dict[int, Cell]:
    """The next last day of notice among the contracts of each of these."""
    query = select(Subscription.customer_id, func.min(Subscription.last_notice_on)).where(
        Subscription.customer_id.in_([each.id for each in customers]),
        Subscription.state.in_(GOING_ON),
        Subscription.last_notice_on >= clock.today(),
    )
    return {key: day for key, day in db.session.execute(query.group_by(Subscription.customer_id))}  # noqa: C416


def _running(customers: list[Customer]) -> dict[int, Cell]:
    """How many contracts of each run, and what they bring in a month without discounts."""
    query = select(Subscription).where(
        Subscription.customer_id.in_([each.id for each in customers]),
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today()),
        Subscription.state != S.WITHDRAWN,
    )
    found: dict[int, list[Subscription]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.customer_id, []).append(row)
    return {key: _contracts(rows) for key, rows in found.items()}


def _contracts(rows: list[Subscription]) -> str:
    monthly = eur(sum(row.net_cents // row.billing_months for row in rows))
    words = ngettext("%(num)d contrat", "%(num)d contrats", len(rows))
    return _("%(contracts)s, %(amount)s HT par mois", contracts=words, amount=monthly)


CUSTOMERS.columns[1:1] = [
    Column("contracts", _l("Contrats"), many=_running),
    Column("notice", _l("Prochain préavis"), many=_next_notice, is_number=True),
]
