"""What the calendar does to the cases, once a day: reminders, silence, and data that nobody asked for."""

from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.answers.rules.handover import is_deleted_at_end
from portal.db import db
from portal.deadlines import add_business_days
from portal.engine.models import Vault, openings_of
from portal.journal import SYSTEM
from portal.mail import queue_mail
from portal.reversibility.case_terms import erasure_of, request_window
from portal.reversibility.models import CaseState, ReversibilityCase, case_for, find_case, signatory
from portal.reversibility.opening import open_unclaimed, vaults_for
from portal.subscriptions.models import Subscription

KEY_DAYS = (3, 7, 14)  # after the request for the passphrase
LAST_CALL_BUSINESS_DAYS = 3  # before silence becomes an acceptance
LAST_CALL_DAYS = 14  # before data that nobody asked for may be erased


@jobs.periodic("reversibility.silence", jobs.daily)
def accept_by_silence() -> None:
    """Who has not answered by the end of the contract's delay has accepted (001-51)."""
    for case in _in_state(CaseState.READY):
        if _silent_too_long(case):
            jobs.enqueue("reversibility.silence", case.task_ref, case.customer.organisation)


@jobs.periodic("reversibility.erasures", jobs.hourly)
def begin_erasures() -> None:
    """An erasure that was ordered begins once its delay is over."""
    for case in _in_state(CaseState.COOLING_OFF):
        case.begin(by=SYSTEM)


@jobs.periodic("reversibility.choices", jobs.hourly)
def go_on_without_choice() -> None:
    """Who has not chosen in time gets the latest of everything."""
    for case in _in_state(CaseState.CHOOSING):
        case.lapse_choice(by=SYSTEM)


def _in_state(state: CaseState) -> list[ReversibilityCase]:
    return list(db.session.scalars(select(ReversibilityCase).where(ReversibilityCase.state == state)))


def _silent_too_long(case: ReversibilityCase) -> bool:
    validation = case.validation
    return validation is not None and clock.today() > validation.value


@jobs.job("reversibility.silence")
def accept_silently(claim: jobs.Claim) -> None:
    case = find_case(claim.ref.partition(":")[0])
    if case is None or case.task_ref != claim.ref or case.state != CaseState.READY:
        return
    if _silent_too_long(case):
        case.accept(erase_now=False, by=SYSTEM)
        case.write_to_customer("mails/silent_acceptance.txt")
        claim.step()


# Reminders


@jobs.periodic("reversibility.remind", jobs.daily)
def remind() -> None:
    """Each reminder leaves once, even when the portal was off on its day."""
    today = clock.today()
    for case in _in_state(CaseState.WAITING_FOR_KEY):
        _remind_of_key(case, today)
    for case in _in_state(CaseState.READY):
        _call_before_silence(case, today)


def _call_before_silence(case: ReversibilityCase, today: date) -> None:
    last = case.validation
    if last is None or today < add_business_days(last.value, -LAST_CALL_BUSINESS_DAYS):
        return
    if jobs.first_time(f"reversibility.last_call:{case.uid}", str(case.round)):
        case.send_fetch_link("mails/last_call.txt")


def _remind_of_key(case: ReversibilityCase, today: date) -> None:
    asked = openings_of(case)
    if not asked:
        return
    waited = (today - clock.paris_day(asked[-1].created_at)).days
    due = [days for days in KEY_DAYS if waited >= days]
    if due and jobs.first_time(f"reversibility.key:{case.uid}", str(due[-1])):
        case.ask_key(by=SYSTEM)


# Data that nobody asked for


@jobs.periodic("reversibility.unclaimed", jobs.daily)
def look_for_unclaimed() -> None:
    """After the end: a last call, then an erasure that the operator orders (001-48, 002-23, 003-24)."""
    query = select(Subscription).where(Subscription.ends_on.is_not(None))
    for subscription in db.session.scalars(query.where(Subscription.ends_on <= clock.today())):
        erasure = erasure_of(subscription, None)
        told_otherwise = case_for(subscription) is not None
        if erasure is None or not is_deleted_at_end(told_otherwise=told_otherwise):
            continue
        window = request_window(subscription)
        still_asked = window.on + timedelta(days=1) if window is not None else erasure.on
        for vault in vaults_for(subscription):
            _call_or_open(subscription, vault, max(erasure.on, still_asked))


def _call_or_open(subscription: Subscription, vault: Vault, erased_from: date) -> None:
    """erased_from: never a day on which the data may still be asked for."""
    name, notice = f"reversibility.unclaimed:{vault.uid}", timedelta(days=LAST_CALL_DAYS)
    called_on = jobs.done_on(name, "call")
    if called_on is None:
        if clock.today() >= erased_from - notice and jobs.first_time(name, "call"):
            _last_call(subscription, vault, max(erased_from, clock.today() + notice))
    elif clock.today() >= max(erased_from, called_on + notice):
        open_unclaimed(subscription, vault)


def _last_call(subscription: Subscription, vault: Vault, erased_from: date) -> None:
    customer, window = subscription.customer, request_window(subscription)
    queue_mail(
        signatory(customer),
        "mails/unclaimed.txt",
        about=vault,
        owner=customer.organisation,
        vault=vault,
        subscription=subscription,
        language=customer.language,
        erased_from=erased_from,
        window=window if window and window.value >= clock.today() else None,
    )
