"""A customer who leaves: her notice, a sealed copy of her vault, its acceptance, and the erasure."""

from datetime import timedelta
from functools import partial

from portal import clock
from portal.db import db
from portal.demo.past.stage import Stage
from portal.demo.past.vaults import LEAVES
from portal.engine.models import vaults_of
from portal.linked.visitor import Signer
from portal.reversibility.models import CaseState, HandoverForm, Reason, ReversibilityCase
from portal.reversibility.opening import open_case
from portal.subscriptions.models import Subscription, SubscriptionState, subscriptions_of
from portal.subscriptions.termination import Notice, terminate

_SIGNER = Signer("Direction")


def tell_departure(stage: Stage) -> None:
    """Notice, a sealed copy, its acceptance, and the erasure on the day that the contract gives."""
    day = stage.day(min(7, _months(stage) - 1), 6)
    stage.on(day, partial(_give_notice, stage))
    stage.on(stage.working(day + timedelta(days=5)), partial(_ask_copy, stage))
    stage.on(stage.working(day + timedelta(days=9)), partial(_accept_copy, stage))
    for after in range(12, 240, 7):
        stage.on(day + timedelta(days=after), partial(_erase_when_due, stage))


def _months(stage: Stage) -> int:
    return (stage.today.year - stage.first.year) * 12 + stage.today.month - stage.first.month


def _subscription(stage: Stage) -> Subscription | None:
    customer = stage.customers.get(LEAVES)
    return next(iter(subscriptions_of(customer)), None) if customer is not None else None


def _give_notice(stage: Stage) -> None:
    """Source: 001-15."""
    subscription = _subscription(stage)
    if subscription is not None and subscription.state == SubscriptionState.ACTIVE:
        terminate(subscription, Notice(clock.today()), by=_SIGNER)


def _case(stage: Stage) -> ReversibilityCase | None:
    subscription = _subscription(stage)
    if subscription is None:
        return None
    query = db.select(ReversibilityCase).where(ReversibilityCase.subscription_id == subscription.id)
    return db.session.scalars(query).first()


def _ask_copy(stage: Stage) -> None:
    """Her data as they are, sealed: nobody's passphrase is needed. Source: 001-47."""
    subscription = _subscription(stage)
    vault = next(iter(vaults_of(subscription.customer)), None) if subscription is not None else None
    if subscription is not None and vault is not None:
        open_case(
            subscription,
            vault,
            reason=Reason.COPY,
            received_on=clock.today(),
            cost_cents=0,
            form=HandoverForm.SEALED,
            by=_SIGNER,
        )


def _accept_copy(stage: Stage) -> None:
    case = _case(stage)
    if case is not None and case.state == CaseState.READY:
        case.accept(erase_now=False, by=_SIGNER)


def _erase_when_due(stage: Stage) -> None:
    """Source: 001-48."""
    case = _case(stage)
    if case is not None and case.state == CaseState.ACCEPTED and case.may_release():
        case.release(by=stage.people["exploitation"])
