"""Once a year the customer is asked to open the vault once: a lost passphrase is found out in time."""

from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.custody.register import notes_of
from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.models import (
    PROOF_DAYS,
    Custody,
    OpeningPurpose,
    Vault,
    VaultOpening,
    VaultState,
    ask_for_key,
)
from portal.journal import SYSTEM, record

FIRST_DAYS = 30  # a new vault is left to settle before its first proof
REMINDER_DAYS = (0, 7, 21)  # after the day on which the proof is due, each year again


def due_on(vault: Vault) -> date:
    if vault.proved_at is not None:
        return clock.paris_day(vault.proved_at) + timedelta(days=PROOF_DAYS)
    return clock.paris_day(vault.created_at) + timedelta(days=FIRST_DAYS)


@jobs.periodic("custody.proof", jobs.daily)
def ask_for_proofs() -> None:
    """Each request leaves once, even when the portal was off on its day; an empty vault is left alone."""
    query = select(Vault).where(Vault.state == VaultState.ACTIVE, Vault.snapshots > 0)
    for vault in db.session.scalars(query):
        waited = (clock.today() - due_on(vault)).days
        if waited < 0:
            continue
        year, day = divmod(waited, PROOF_DAYS)
        step = [days for days in REMINDER_DAYS if day >= days][-1]
        if jobs.first_time(f"custody.proof:{vault.uid}", f"{due_on(vault)}:{year}:{step}"):
            ask_proof(vault, by=SYSTEM)


def ask_proof(vault: Vault, *, by: Actor) -> VaultOpening:
    """Mail a link to open the vault once to who holds the passphrase; an earlier request ends.

    A reseller's own holder is not written to: the page that takes a passphrase is the customer's.
    """
    record(vault, "ask_proof", by=by)
    return ask_for_key(
        vault,
        purpose=OpeningPurpose.PROOF,
        subject=vault,
        role=ContactRole.TECHNICAL,
        by=by,
        recipient=_holder(vault),
    )


def _holder(vault: Vault) -> str:
    """The address in the register, if there is one; otherwise the customer's contact is asked."""
    notes = notes_of(vault)
    return notes[0].email if notes and notes[0].custody != Custody.RESELLER else ""
