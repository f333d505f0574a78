"""Vaults whose last verification found damage wait for somebody, and drills that failed or did not begin."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.assurance.drills import DrillState, VaultDrill
from portal.assurance.models import VaultVerification, VerificationState
from portal.engine.models import Vault, VaultState
from portal.today import Cost, Kind, Todo, waits


def _damaged() -> Select[tuple[VaultVerification]]:
    """Of each vault the newest that ended; a good one after it ends the matter."""
    newest = (
        select(func.max(VaultVerification.id))
        .where(VaultVerification.ended_at.is_not(None))
        .group_by(VaultVerification.vault_id)
    )
    found = VaultVerification.visible_to(g.actor).where(
        VaultVerification.id.in_(newest), VaultVerification.state != VerificationState.GOOD
    )
    found = found.join(VaultVerification.vault).where(Vault.state == VaultState.ACTIVE)
    return found.options(joinedload(VaultVerification.vault).joinedload(Vault.customer))


def _todo(row: VaultVerification) -> Todo:
    return Todo(
        what=_("Coffre abîmé ou illisible : %(name)s", name=row.vault.name),
        who=row.vault.customer.name,
        url=url_for("vaults.show_vault", uid=row.vault.uid),
        button=_("Voir"),
    )


waits(
    Kind(
        name="vault.damage",
        label=_l("Coffres abîmés"),
        cost=Cost.DATA,
        permission=Permission.VAULT_WRITE,
        rows=_damaged,
        order=(VaultVerification.id,),
        tell=_todo,
        everything=lambda: url_for("vaults.list_vaults"),
        entry="vaults.list_vaults",
    )
)


def _drills() -> Select[tuple[VaultDrill]]:
    """Of each vault and kind the newest; a good one after it ends the matter."""
    newest = select(func.max(VaultDrill.id)).group_by(VaultDrill.vault_id, VaultDrill.kind)
    bad = VaultDrill.state.in_((DrillState.FAILED, DrillState.LAPSED))
    found = VaultDrill.visible_to(g.actor).where(VaultDrill.id.in_(newest), bad)
    found = found.join(VaultDrill.vault).where(Vault.state == VaultState.ACTIVE)
    return found.options(joinedload(VaultDrill.vault).joinedload(Vault.customer))


def _drill_todo(row: VaultDrill) -> Todo:
    if row.state == DrillState.LAPSED:
        what = _("Essai de restauration sans réponse du client : %(name)s", name=row.vault.name)
    else:
        what = _("Essai annuel échoué : %(name)s", name=row.vault.name)
    return Todo(
        what=what,
        who=row.vault.customer.name,
        url=url_for("vaults.show_vault", uid=row.vault.uid, _anchor="drills"),
        button=_("Voir"),
    )


waits(
    Kind(
        name="vault.drill",
        label=_l("Essais annuels"),
        cost=Cost.DATA,
        permission=Permission.VAULT_WRITE,
        rows=_drills,
        order=(VaultDrill.id,),
        tell=_drill_todo,
        everything=lambda: url_for("vaults.list_vaults"),
        entry="vaults.list_vaults",
    )
)
