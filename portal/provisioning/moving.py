"""A vault moves to another store: begun, stopped, given up, switched over once both places are alike."""

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.errors import EngineFault
from portal.engine.models import Vault, VaultState
from portal.engine.relocation import Listing
from portal.engine.sole import twins_of, vaults_at
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.provisioning.acts import follow_contract, objection, tell
from portal.provisioning.doors import follow_doors, leave_doors
from portal.provisioning.maintenance import close_windows
from portal.provisioning.models import HomeState, StoreKind, VaultHome, VaultStore
from portal.provisioning.moves import MoveState, VaultMove, move_in_the_way


def stores_for(home: VaultHome, stores: list[VaultStore]) -> list[tuple[VaultStore, str]]:
    """Where a vault may move, each with what speaks against it, "" for nothing."""
    others = [store for store in stores if store.id != home.store_id]
    return [(store, objection(store, home.subscription)) for store in others]


def begin_move(home: VaultHome, store: VaultStore, reason: str, *, by: Actor) -> VaultMove:
    """New backups pause, and the worker copies.

    Raises Refused for a store that does not suit the contract, a vault that takes no backups, or one that
    is on its way, or whose place before is still kept.
    """
    vault = _locked(home)
    if store.id == home.store_id:
        raise Refused(_("Le coffre est déjà dans ce magasin."), field="store")
    if why_not := objection(store, home.subscription):
        raise Refused(why_not, field="store")
    if home.state not in (HomeState.OPEN, HomeState.PAUSED) or vault.state != VaultState.ACTIVE:
        raise Refused(_("Ce coffre n'est pas ouvert aux sauvegardes."), field="store")
    if vault.awaits_first:
        raise Refused(_("Ce coffre n'a pas encore de sauvegarde : rien n'est à déplacer."), field="store")
    if move_in_the_way(vault) is not None:
        raise Refused(_("Un déplacement de ce coffre n'est pas fini."), field="store")
    to = store.place_of(home.user)
    if twins_of(vault) or vaults_at(to):
        raise Refused(_("Un autre coffre se trouve déjà à cet endroit."), field="store")
    move = _new_move(home, store, to, reason)
    record(vault, "begin_move", by=by, to=store.name, reason=reason)
    _pause(home, by)
    move.start()
    tell(home, "provisioning/mail_moving.txt", ContactRole.TECHNICAL, move=move)
    return move


def _locked(home: VaultHome) -> Vault:
    """One move at a time: whoever comes second waits for the first, and then sees it."""
    assert home.vault is not None
    db.session.execute(select(Vault.id).where(Vault.id == home.vault_id).with_for_update())
    return home.vault


def _new_move(home: VaultHome, store: VaultStore, to: str, reason: str) -> VaultMove:
    assert home.store is not None and home.vault is not None
    move = VaultMove(
        organisation=home.customer.organisation,
        state=MoveState.COPYING,
        run=0,
        reason=reason,
        began_at=clock.now(),
        snapshots_sha256="",
        ordered_by="",
    )
    move.home, move.from_store, move.to_store = home, home.store, store
    move.old_location, move.new_location = str(home.vault.location), to
    db.session.add(move)
    db.session.flush()
    return move


def _pause(home: VaultHome, by: Actor) -> None:
    home.is_moving = True
    if home.can("pause_to_move"):
        home.take("pause_to_move", by=by)
    close_windows(home, by=by)
    follow_doors(home)


def _let_write(home: VaultHome) -> None:
    home.is_moving = False
    follow_contract(home)


def stop_move(move: VaultMove, fault: EngineFault) -> None:
    """For a reason that only a person removes. Backups go on where they went."""
    move.take("stop", by=SYSTEM, fault=fault.value)
    move.fault = fault
    record(move.vault, "stop_move", by=SYSTEM, fault=fault.value)
    _let_write(move.home)


def go_on(move: VaultMove, *, by: Actor) -> None:
    """What is there already is compared, not copied again."""
    move.take("go_on", by=by)
    move.fault, move.began_at = None, clock.now()
    _pause(move.home, by)
    move.start()


def cancel_move(move: VaultMove, *, by: Actor) -> None:
    """Before the switch only: the vault stays where it is, and the copy goes."""
    move.take("cancel", by=by)
    move.fault = None
    record(move.vault, "cancel_move", by=by)
    _let_write(move.home)
    move.start()


def switch(move: VaultMove, found: Listing) -> None:
    """Both places are alike, and nobody writes: from now on the vault is at the new one.

    It keeps its history, custody and accesses; where the new store has credentials, they are new ones. Those
    of a bucket are made by the worker, or typed where its host makes none; those before open nothing.
    """
    home, before = move.home, move.from_store
    move.take("switch", by=SYSTEM, objects=found.objects, bytes=found.bytes)
    move.objects, move.bytes, move.snapshots_sha256 = found.objects, found.bytes, found.snapshots
    move.switched_at = clock.now()
    move.vault.location = str(move.new_location)
    home.store_id, home.store = move.to_store_id, move.to_store
    home.drop_keys()
    home.secret_made_at = home.lock_days = home.lock_read_at = None
    record(move.vault, "move", by=SYSTEM, before=before.name, after=move.to_store.name, objects=found.objects)
    if move.to_store.kind == StoreKind.REST:
        home.new_secret("new_access", by=SYSTEM)
    _let_write(home)
    follow_doors(home)
    leave_doors(home, before)
    tell(home, "provisioning/mail_moved.txt", ContactRole.TECHNICAL, move=move)
