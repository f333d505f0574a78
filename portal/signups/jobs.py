"""The days of trials, and the end of what nobody confirmed."""

from sqlalchemy import delete, select

from portal import clock, jobs
from portal.db import db
from portal.links import SignedLink
from portal.mail import Mail
from portal.signups.models import ERASE_DAYS, SignUp, SignUpState, Trial, TrialState, settings
from portal.signups.rules import erased_before
from portal.signups.trials import look_at, warn_from


@jobs.periodic("trials.day", jobs.daily)
def look_at_trials() -> None:
    """One task for each trial whose end is near or over: what breaks on one stops nobody else.

    Source: 000-09.
    """
    query = select(Trial).where(Trial.state == TrialState.TRIAL).order_by(Trial.ends_on, Trial.id)
    for trial in db.session.scalars(query):
        if clock.today() >= warn_from(trial):
            jobs.enqueue("trials.step", f"{trial.uid}:{clock.today():%y%m%d}", trial.customer.organisation)


@jobs.job("trials.step", jobs.Lane.RUNS)
def take_the_step(claim: jobs.Claim) -> None:
    uid = claim.ref.partition(":")[0]
    look_at(db.session.scalars(select(Trial).where(Trial.uid == uid).with_for_update(of=Trial)).one())
    claim.step(done=1, total=1)


@jobs.periodic("sign_ups.erase", jobs.daily)
def erase_unconfirmed() -> None:
    """What nobody confirmed in time goes, with its link and its mails: nothing of her stays.

    Source: GDPR art. 5(1)(e).
    """
    rules = settings()
    before = erased_before(clock.now(), rules.erase_days if rules else ERASE_DAYS)
    late = select(SignUp.uid).where(SignUp.state == SignUpState.PENDING, SignUp.created_at < before)
    uids = list(db.session.scalars(late))
    for statement in (
        delete(Mail).where(Mail.subject_uid.in_(uids)),
        delete(SignedLink).where(SignedLink.subject_uid.in_(uids)),
        delete(SignUp).where(SignUp.uid.in_(uids), SignUp.state == SignUpState.PENDING),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
