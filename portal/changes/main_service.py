"""A complementary service: its commitment is its own, or follows the period of the main service."""

from flask_babel import gettext as _
from sqlalchemy import select

from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.models import GOING_ON, Subscription


def main_services(subscription: Subscription) -> list[Subscription]:
    """Running services of the same customer and contract that it may follow; empty where it may follow none.

    Source: 004-04.
    """
    if subscription.state not in GOING_ON or subscription.present_terms.find("renewal.commitment") is None:
        return []
    query = select(Subscription).where(
        Subscription.customer_id == subscription.customer_id,
        Subscription.id != subscription.id,
        Subscription.terms_stack == subscription.terms_stack,
        Subscription.plan == subscription.plan,
        Subscription.follows_id.is_(None),
        Subscription.started_on <= subscription.started_on,
        Subscription.state.in_(GOING_ON),
    )
    return list(db.session.scalars(query.order_by(Subscription.id)))


def follow_service(subscription: Subscription, main: Subscription | None, *, by: Actor) -> None:
    """As both have signed: the term of this service is that of the main one, or its own again (None).

    Raises Refused for a service that it cannot follow, or one that others follow.

    Source: 004-04 (a complementary service may follow its own or the main service's period).
    """
    followers = select(Subscription.id).where(Subscription.follows_id == subscription.id)
    if main is not None and (main not in main_services(subscription) or db.session.scalar(followers)):
        raise Refused(_("Choisissez un service principal en cours, du même contrat."), field="main")
    record(subscription, "follow_service", by=by, number=main.uid if main else "")
    subscription.follows = main
    db.session.flush()
    keep_term(subscription)
