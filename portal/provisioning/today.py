"""Vaults that wait for somebody: for a store that suits the contract, for a bucket's keys, on their way."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, func, or_
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.engine.models import Vault, VaultState
from portal.provisioning.models import HomeState, StoreKind, VaultHome, VaultStore
from portal.provisioning.moves import MoveState, VaultMove
from portal.subscriptions.models import Subscription
from portal.today import Cost, Kind, Todo, waits


def _waiting() -> Select[tuple[VaultHome]]:
    query = VaultHome.visible_to(g.actor).outerjoin(VaultHome.store)
    keyless = and_(
        VaultHome.state != HomeState.CLOSED,
        VaultStore.kind == StoreKind.S3,
        VaultStore.users_door == "",
        VaultHome.secret_sealed.is_(None),
    )
    found = query.where(or_(VaultHome.state == HomeState.WAITING, keyless))
    return found.options(
        joinedload(VaultHome.subscription).joinedload(Subscription.customer), joinedload(VaultHome.store)
    )


def _todo(home: VaultHome) -> Todo:
    row = home.subscription
    if home.store is None:
        return Todo(
            what=_("Coffre sans magasin qui convienne : %(what)s", what=row.label),
            who=row.customer.name,
            url=url_for("vault_homes.choose", uid=row.uid),
            button=_("Choisir"),
        )
    return Todo(
        what=_("Clés du seau à saisir : %(what)s", what=row.label),
        who=row.customer.name,
        url=url_for("vault_homes.edit_keys", uid=home.uid),
        button=_("Saisir"),
    )


waits(
    Kind(
        name="vault.birth",
        label=_l("Coffres à créer"),
        cost=Cost.DATA,
        permission=Permission.VAULT_WRITE,
        rows=_waiting,
        order=(VaultHome.id,),
        tell=_todo,
        everything=lambda: url_for("stores.list_stores"),
        entry="vaults.list_vaults",
    )
)


def _other_locks() -> Select[tuple[VaultHome]]:
    """Of a bucket that holds longer or shorter than its store says: a contract leans on one of the two."""
    says = func.coalesce(VaultStore.immutable_days, 0)
    found = VaultHome.visible_to(g.actor).join(VaultHome.store).join(VaultHome.vault)
    found = found.where(VaultHome.lock_read_at.is_not(None), func.coalesce(VaultHome.lock_days, 0) != says)
    return found.where(Vault.state == VaultState.ACTIVE).options(
        joinedload(VaultHome.customer), joinedload(VaultHome.store), joinedload(VaultHome.vault)
    )


def _lock_todo(home: VaultHome) -> Todo:
    assert home.store is not None and home.vault is not None
    return Todo(
        what=_(
            "Le seau de « %(name)s » retient %(held)d jours, son magasin en annonce %(said)d",
            name=home.vault.name,
            held=home.lock_days or 0,
            said=home.store.immutable_days or 0,
        ),
        who=home.customer.name,
        url=url_for("vaults.show_vault", uid=home.vault.uid),
        button=_("Voir"),
    )


waits(
    Kind(
        name="vault.lock",
        label=_l("Verrous de seaux changés"),
        cost=Cost.DATA,
        permission=Permission.STORE_WRITE,
        rows=_other_locks,
        order=(VaultHome.id,),
        tell=_lock_todo,
        everything=lambda: url_for("stores.list_stores"),
        entry="vaults.list_vaults",
    )
)


def _moves() -> Select[tuple[VaultMove]]:
    """Stopped, not to be taken back, or over but for the place before, which only a person ends."""
    cannot_undo = and_(VaultMove.state == MoveState.UNDOING, VaultMove.fault.is_not(None))
    stands = VaultMove.state.in_((MoveState.STOPPED, MoveState.KEPT))
    found = VaultMove.visible_to(g.actor).where(or_(stands, cannot_undo))
    home = joinedload(VaultMove.home)
    return found.options(home.joinedload(VaultHome.vault), home.joinedload(VaultHome.customer))


def _move_todo(move: VaultMove) -> Todo:
    name = move.vault.name
    if move.state == MoveState.KEPT:
        what = _("Ancienne place d'un coffre déplacé, à effacer : %(name)s", name=name)
    else:
        what = _("Déplacement de coffre arrêté : %(name)s", name=name)
    return Todo(
        what=what,
        who=move.home.customer.name,
        url=url_for("vaults.show_vault", uid=move.vault.uid, _anchor="moves"),
        button=_("Voir"),
    )


waits(
    Kind(
        name="vault.move",
        label=_l("Coffres déplacés"),
        cost=Cost.DATA,
        permission=Permission.STORE_WRITE,
        rows=_moves,
        order=(VaultMove.id,),
        tell=_move_todo,
        everything=lambda: url_for("stores.list_stores"),
        entry="vaults.list_vaults",
    )
)
