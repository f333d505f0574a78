"""Tells customers of what was published, and moves the contracts of those who did not refuse."""

from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.catalogue.models import PriceRevision
from portal.contracts.models import NoticeState, TermsNotice, tell
from portal.contracts.revisions import TELL_PRICES, announce, notice_of, untold
from portal.customers.models import Customer
from portal.db import db
from portal.jobs import Claim
from portal.subscriptions.models import Subscription
from portal.terms.in_force import contracts_with
from portal.terms.models import TermsState, TermsVersion, published, withdrawn

TELL, APPLY, RECALL = "contracts.tell", "contracts.apply", "contracts.recall"


def _ask(kind: str, version: TermsVersion, ref: str = "") -> None:
    owner = db.session.get_one(Organisation, version.owner_id)
    jobs.enqueue(kind, f"{version.uid}{ref}", owner, unit="customers")


@published.connect
def tell_everybody(_sender: Any, *, version: TermsVersion) -> None:
    _ask(TELL, version)


@withdrawn.connect
def recall_everybody(_sender: Any, *, version: TermsVersion) -> None:
    _ask(RECALL, version)


def _version(claim: Claim) -> TermsVersion:
    return db.session.scalars(select(TermsVersion).where(TermsVersion.uid == claim.ref.split(":")[0])).one()


@jobs.job(TELL)
def tell_customers(claim: Claim) -> None:
    """One customer is one step; asked again, whoever was told already is passed over."""
    version = _version(claim)
    ids = (
        select(Subscription.customer_id)
        .where(Subscription.terms_stack.in_(contracts_with(version.code)))
        .where(Subscription.customer_id > int(claim.cursor or 0))
        .distinct()
        .order_by(Subscription.customer_id)
    )
    for customer_id in list(db.session.scalars(ids)):
        db.session.refresh(version)
        if version.state != TermsState.PUBLISHED:
            return
        tell(db.session.get_one(Customer, customer_id), version)
        claim.step(cursor=str(customer_id))


def _notices(version: TermsVersion, *states: NoticeState, after: int) -> list[TermsNotice]:
    query = select(TermsNotice).where(TermsNotice.terms_version_id == version.id, TermsNotice.id > after)
    return list(db.session.scalars(query.where(TermsNotice.state.in_(states)).order_by(TermsNotice.id)))


@jobs.job(APPLY)
def apply_version(claim: Claim) -> None:
    """From the effective day on: who was told in time and did not refuse follows the new version."""
    for notice in _notices(_version(claim), NoticeState.TOLD, after=int(claim.cursor or 0)):
        if notice.refusal is not None and notice.was_told_in_time():
            notice.apply()
        claim.step(cursor=str(notice.id))


@jobs.job(RECALL)
def recall_version(claim: Claim) -> None:
    told = (NoticeState.TOLD, NoticeState.REFUSED)
    for notice in _notices(_version(claim), *told, after=int(claim.cursor or 0)):
        notice.recall()
        claim.step(cursor=str(notice.id))


@jobs.periodic("contracts.terms", lambda: clock.today().isoformat())
def look_at_versions() -> None:
    """Every day: tell whoever has become a customer since, and apply what takes effect."""
    today = clock.today()
    query = select(TermsVersion).where(TermsVersion.state == TermsState.PUBLISHED)
    for version in db.session.scalars(query):
        if version.effective_on is not None and version.effective_on > today:
            _ask(TELL, version, f":{today}")
        elif _notices(version, NoticeState.TOLD, after=0):
            _ask(APPLY, version, f":{today}")


@jobs.job(TELL_PRICES)
def tell_prices(claim: Claim) -> None:
    """One subscription is one step; whoever was told of this price already is passed over."""
    query = select(PriceRevision).where(PriceRevision.uid == claim.ref.split(":")[0])
    revision = db.session.scalars(query).one()
    for subscription in untold(revision, after=int(claim.cursor or 0)):
        announce(subscription, revision)
        claim.step(cursor=str(subscription.id))


@jobs.periodic("contracts.prices", lambda: clock.today().isoformat())
def look_at_prices() -> None:
    """Every day: announce decided prices to the subscriptions that began since, from an older order."""
    for revision in db.session.scalars(select(PriceRevision)):
        if notice_of(revision.product) and next(untold(revision, after=0), None):
            owner = db.session.get_one(Organisation, revision.organisation_id)
            jobs.enqueue(TELL_PRICES, f"{revision.uid}:{clock.today()}", owner, unit="subscriptions")
