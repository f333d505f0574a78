"""Vaults that wait for somebody: for a store that suits the contract, or for the keys of a bucket."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.provisioning.models import HomeState, VaultHome
from portal.subscriptions.models import Subscription
from portal.today import Cost, Kind, Todo, waits


def _waiting() -> Select[tuple[VaultHome]]:
    found = VaultHome.visible_to(g.actor).where(VaultHome.state == HomeState.WAITING)
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
