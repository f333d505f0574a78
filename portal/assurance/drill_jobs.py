"""Drills begin on their day, wait for the customer where they need her key, and tell how they went."""

import random
import time
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.assurance.drill_papers import keep_drill_paper
from portal.assurance.drill_reading import FolderBack, bring_back, clear, draw, read_back, work_file
from portal.assurance.drill_telling import tell_drill
from portal.assurance.drill_years import keep_years, to_catch_up, year_of
from portal.assurance.drills import ASKED_EVERY_DAYS, MOST_ASKED, DrillKind, DrillPlan, DrillState, VaultDrill
from portal.customers.models import ContactRole
from portal.db import db, new_uid
from portal.engine.copying import read_object
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import PASSING, TryAgain, access_to, lent_passphrase
from portal.engine.keyless import repository
from portal.engine.models import OpeningPurpose, Vault, VaultOpening, VaultState, ask_for_key, vault_opened
from portal.engine.port import RepoRef
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.wording import N_

D = DrillState
SAMPLE_BYTES = 256 * 10**6  # of the vault, read for a rehearsal of the exit


class Drawn(NamedTuple):
    """What came back. bytes and millis of it; drawn_from: files or objects among which was drawn."""

    snapshot_id: str
    path: str
    bytes: int
    millis: int
    sha256: str
    drawn_from: int
    folder: FolderBack | None = None


@jobs.periodic("vault.drill", jobs.daily)
def begin_due_drills() -> None:
    """One of each kind a year; who did not open her vault is asked again, and then somebody looks.

    Source: 002-11, 004-10.
    """
    keep_years()
    query = select(DrillPlan).join(DrillPlan.vault).where(Vault.state == VaultState.ACTIVE)
    for plan in db.session.scalars(query.where(Vault.snapshots > 0).order_by(DrillPlan.id)):
        if not plan.is_on and year_of(plan) is None:
            continue
        for kind in DrillKind:
            due = plan.due_on(clock.today())
            if jobs.first_time(f"{kind.value}:{plan.vault.uid}", due.isoformat()):
                begin_drill(plan.vault, kind, due)
    waiting = select(VaultDrill).where(VaultDrill.state == D.ASKED)
    late = VaultDrill.asked_at <= clock.now() - timedelta(days=ASKED_EVERY_DAYS)
    for drill in db.session.scalars(waiting.where(late).order_by(VaultDrill.id)):
        if drill.asked < MOST_ASKED and drill.vault.state == VaultState.ACTIVE:
            ask_key(drill, by=SYSTEM)
        else:
            drill.take("lapse", by=SYSTEM)
    for drill in to_catch_up():
        if jobs.first_time(f"drill.catch_up:{drill.uid}", drill.due_on.isoformat()):
            do_again(drill, by=SYSTEM)


def begin_drill(vault: Vault, kind: DrillKind, due: date) -> VaultDrill:
    drill = VaultDrill(
        organisation=vault.customer.organisation,
        vault=vault,
        kind=kind,
        due_on=due,
        state=D.ASKED if kind == DrillKind.RESTORE else D.RUNNING,
        seed=new_uid(),
        run=0,
        opening_uid="",
        asked=0,
        snapshot_id="",
        path="",
        sha256="",
    )
    db.session.add(drill)
    db.session.flush()
    if kind == DrillKind.RESTORE:
        ask_key(drill, by=SYSTEM)
    else:
        start(drill)
    return drill


def ask_key(drill: VaultDrill, *, by: Actor) -> None:
    opening = ask_for_key(
        drill.vault, purpose=OpeningPurpose.DRILL, subject=drill, role=ContactRole.TECHNICAL, by=by
    )
    db.session.flush()
    drill.opening_uid, drill.asked_at, drill.asked = opening.uid, clock.now(), drill.asked + 1


def do_again(drill: VaultDrill, *, by: Actor) -> None:
    """One that failed, or that nobody opened the vault for. Raises Refused for an erased vault."""
    if drill.vault.state != VaultState.ACTIVE:
        raise Refused(N_("Ce coffre est effacé."))
    if drill.kind == DrillKind.EXIT:
        drill.take("run_again", by=by)
        start(drill)
        return
    drill.take("ask_again", by=by)
    drill.asked = 0
    ask_key(drill, by=by)


def start(drill: VaultDrill) -> None:
    drill.run += 1
    jobs.enqueue("vault.drill", f"{drill.uid}:{drill.run}", drill.vault.customer.organisation)


@vault_opened.connect
def go_on(opening: VaultOpening) -> None:
    query = select(VaultDrill).where(VaultDrill.opening_uid == opening.uid, VaultDrill.state == D.ASKED)
    for drill in db.session.scalars(query):
        drill.take("open", by=SYSTEM)
        start(drill)


def _running(claim: jobs.Claim) -> VaultDrill | None:
    uid, _sep, run = claim.ref.partition(":")
    query = select(VaultDrill).where(VaultDrill.uid == uid, VaultDrill.state == D.RUNNING)
    drill = db.session.scalars(query).one_or_none()
    return drill if drill is not None and str(drill.run) == run else None


@jobs.job("vault.drill", jobs.Lane.RESTORES)
def do_drill(claim: jobs.Claim) -> None:
    """Begun anew after a kill: the seed draws the same again."""
    drill = _running(claim)
    if drill is None:
        clear(claim.ref)
        return
    repo, kind, seed, opening = drill.vault.repo, drill.kind, drill.seed, drill.opening_uid
    db.session.rollback()  # no transaction is held while the vault is read
    try:
        drawn = rehearse(repo, seed) if kind == DrillKind.EXIT else _restore(repo, seed, opening, claim)
    except EngineError as error:
        _failed(claim, error)
        return
    if (drill := _running(claim)) is not None:
        drill.snapshot_id, drill.path = drawn.snapshot_id, drawn.path
        if drawn.folder:
            drill.note_folder(*drawn.folder)
        drill.end(bytes_=drawn.bytes, millis=drawn.millis, sha256=drawn.sha256, drawn_from=drawn.drawn_from)
        _close(drill)
        keep_drill_paper(drill)
        tell_drill(drill)
        claim.step(done=1, total=1)


def _failed(claim: jobs.Claim, error: EngineError) -> None:
    """What time cures waits; a passphrase that went out of memory is asked for again; the rest is told."""
    if error.fault in PASSING:
        raise TryAgain(error.message) from error
    if (drill := _running(claim)) is None:
        return
    if error.fault == EngineFault.KEY_GONE:
        drill.take("lose_key", by=SYSTEM)
        ask_key(drill, by=SYSTEM)
    else:
        drill.give_up(error.fault)
        _close(drill)
        tell_drill(drill)
    claim.step(done=1, total=1)


def _close(drill: VaultDrill) -> None:
    query = select(VaultOpening).where(VaultOpening.uid == drill.opening_uid)
    for opening in db.session.scalars(query):
        opening.close(by=SYSTEM)


def _restore(repo: RepoRef, seed: str, opening: str, claim: jobs.Claim) -> Drawn:
    with lent_passphrase(opening) as key:
        drawn = draw(repo, key, seed)
        size, millis, digest = read_back(repo, key, drawn.snapshot_id, drawn.node, claim.ref, claim.progress)
        back = bring_back(repo, key, drawn.folder, claim.ref, claim.progress) if drawn.folder else None
    return Drawn(drawn.snapshot_id, drawn.node.path, size, millis, digest, drawn.files, back)


def rehearse(repo: RepoRef, seed: str) -> Drawn:
    """Read drawn objects as a sealed handover reads them, each against its name, and measure how fast.

    Raises EngineError(DAMAGED) for one that is not what its name says.
    """
    store = repository(repo, access_to(repo))
    objects = sorted((one for one in store.objects() if one.is_hashed), key=lambda one: one.name)
    total, size, whole = len(objects), 0, sha256()
    random.Random(seed).shuffle(objects)  # noqa: S311  (a draw that can be repeated)
    begun = time.monotonic()
    with work_file(f"exit-{seed}") as out:
        for one in objects:
            digest, length = read_object(store, one.name, lambda piece, _at: out.write(piece))
            if digest != one.base:
                raise EngineError(EngineFault.DAMAGED, paths=[one.name])
            whole.update(digest.encode())
            size += length
            if size >= SAMPLE_BYTES:
                break
    millis = max(int((time.monotonic() - begun) * 1000), 1)
    return Drawn("", "", size, millis, whole.hexdigest(), total)
