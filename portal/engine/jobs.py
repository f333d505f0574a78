"""Work of the vaults: measuring without the key, trying a passphrase."""

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.engine.errors import EngineError
from portal.engine.installed import PASSING, TryAgain, forget_passphrase, lent_passphrase, restic
from portal.engine.models import OpeningState, Vault, VaultOpening, VaultState
from portal.engine.sole import keep_identity, tell_shared, twins_of
from portal.journal import SYSTEM

PASSING_ATTEMPTS = 4


def _slot() -> str:
    now = clock.now()
    return f"{now:%Y-%m-%d}T{now.hour // 6}"


@jobs.periodic("vault.measure", _slot)
def measure_every_vault() -> None:
    for vault in db.session.scalars(select(Vault).where(Vault.state == VaultState.ACTIVE)):
        jobs.enqueue("vault.measure", f"{vault.uid}:{_slot()}", vault.customer.organisation)


@jobs.job("vault.measure", jobs.Lane.UPKEEP)
def measure_vault(claim: jobs.Claim) -> None:
    vault = db.session.scalars(select(Vault).where(Vault.uid == claim.ref.partition(":")[0])).one()
    if vault.state != VaultState.ACTIVE:
        return
    repo = vault.repo
    db.session.rollback()  # no transaction is held while the disk is read
    try:
        fingerprint, usage = restic().fingerprint(repo), restic().usage(repo)
    except EngineError as error:
        vault.not_measured(error.fault)
    else:
        vault.measured(usage)
        keep_identity(vault, fingerprint)
    claim.step(done=1, total=1)


@jobs.job("vault.open", jobs.Lane.PROMPT)
def open_vault(claim: jobs.Claim) -> None:
    """Try the passphrase that the customer just typed; the result is on the row."""
    uid, _, number = claim.ref.partition(":")
    opening = db.session.scalars(select(VaultOpening).where(VaultOpening.uid == uid)).one()
    if opening.state != OpeningState.CHECKING or str(opening.tries) != number:
        return
    repo = opening.vault.repo
    db.session.rollback()  # no transaction is held while restic runs
    try:
        with lent_passphrase(uid) as key:
            repository_id = restic().open_check(repo, key)
    except EngineError as error:
        if error.fault in PASSING and claim.put_off < PASSING_ATTEMPTS:
            raise TryAgain(error.message) from error
        forget_passphrase(uid)
        opening.refuse(error.fault, by=SYSTEM)
    else:
        opening.confirm(repository_id, by=SYSTEM)
        if twins := twins_of(opening.vault):  # the id is known from now on
            tell_shared(opening.vault, twins)
    claim.step(done=1, total=1)


@jobs.job("vault.forget", jobs.Lane.PROMPT)
def forget(claim: jobs.Claim) -> None:
    forget_passphrase(claim.ref)
