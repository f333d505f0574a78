"""The backup of each night, the drill of each week, and telling the operators when one is missing."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from flask import current_app
from sqlalchemy import select

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.db import EVERYTHING, db, scope
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import PASSING, TryAgain
from portal.errors import PortalError, Refused
from portal.i18n import said
from portal.jobs import Claim, Lane
from portal.jobs.claims import ORDERS
from portal.mail import link, queue_mail
from portal.safekeeping.backup import back_up
from portal.safekeeping.drill import drill
from portal.safekeeping.models import Rehearsal, SafetyRun, newest
from portal.safekeeping.place import Place
from portal.safekeeping.state import Safety, safety

log = structlog.get_logger()
BACKUP, DRILL = "safekeeping.backup", "safekeeping.drill"
_AT_NIGHT = timedelta(hours=2)  # Paris; a nightly slot begins then


def nightly() -> str:
    return clock.paris_day(clock.now() - _AT_NIGHT).isoformat()


@jobs.periodic("safekeeping.backup", nightly)
def ask_backup() -> None:
    if current_app.config["BACKUP_REPO"]:
        _ask(BACKUP, nightly())


@jobs.periodic("safekeeping.drill", jobs.daily)
def ask_drill() -> None:
    """Once a week, as soon as there is something to restore."""
    if current_app.config["BACKUP_REPO"] and newest(Rehearsal.BACKUP, good=True):
        _ask(DRILL, clock.today().strftime("%G-W%V"))


@jobs.periodic("safekeeping.watch", jobs.daily)
def watch() -> None:
    """Tell the operators each day of backups that are old, failed, or were never made."""
    state = safety()
    if state.is_wanted and not jobs.first_time("safekeeping.begun", "") and not state.is_well:
        tell_operators(state)  # not on the first day: its night is still to come


def _ask(kind: str, ref: str) -> None:
    provider = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    for owner in db.session.scalars(provider.order_by(Organisation.id).limit(1)):
        jobs.enqueue(kind, ref, owner)


@jobs.job(BACKUP, Lane.UPKEEP)
def back_up_tonight(claim: Claim) -> None:
    _rehearse(claim, Rehearsal.BACKUP, lambda place: back_up(place).run())


@jobs.job(DRILL, Lane.UPKEEP)
def drill_this_week(claim: Claim) -> None:
    _rehearse(claim, Rehearsal.DRILL, drill)


def _rehearse(claim: Claim, kind: Rehearsal, act: Callable[[Place], SafetyRun]) -> None:
    """Do it and keep a row of it. What time may cure is put off; any other fault is told, and the task fails.

    The worker's pulse renews the lease meanwhile. Told to stop, restic is ended and the task begins again.
    """
    db.session.rollback()
    began = clock.machine_ms()
    refusal: Exception | None = None
    try:
        with Place.at(str(current_app.config["BACKUP_REPO"]), _told_to_stop) as place:
            run = act(place)
    except (PortalError, OSError) as error:
        fault = getattr(error, "fault", None)
        if fault is EngineFault.CANCELLED:
            claim.step()  # ends here: this worker was asked to stop
        if fault in PASSING:
            raise TryAgain(_said(error)) from None
        run = SafetyRun(kind=kind, is_good=False, seconds=(clock.machine_ms() - began) // 1000)
        run.said, refusal = _said(error), error
    with scope(EVERYTHING):
        db.session.add(run)
        if not run.is_good:
            log.error("rehearsal failed", what=kind, said=run.said)
            db.session.flush()
            tell_operators(safety())
    claim.step()
    if refusal is not None:
        raise Refused(run.said) from refusal


def _said(error: PortalError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error.strerror or ''}"
    detail = error.detail if isinstance(error, EngineError) else ""
    return f"{said(error)} {detail}".strip()


def _told_to_stop() -> bool:
    return ORDERS.stop()


def tell_operators(state: Safety) -> None:
    query = select(User).where(User.role == Role.OPERATOR, User.works())
    for user in db.session.scalars(query):
        queue_mail(
            user,
            "mails/safety.txt",
            about=user.organisation,
            owner=user.organisation,
            language=user.language or "fr",
            state=state,
            page=link("/work"),
        )
