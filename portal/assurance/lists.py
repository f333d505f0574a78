"""On the list of vaults: how the last restored file of the yearly drills came back."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.assurance.drills import DrillKind, DrillState, VaultDrill
from portal.db import db
from portal.engine.lists import VAULTS
from portal.engine.models import Vault
from portal.listing import WIDE, Cell, Column, Pill


def _drills(rows: list[Vault]) -> dict[int, Cell]:
    """Of each vault on the page the newest restore drill, whatever its state."""
    query = select(VaultDrill.vault_id, VaultDrill.state).where(
        VaultDrill.vault_id.in_([row.id for row in rows]), VaultDrill.kind == DrillKind.RESTORE
    )
    newest = {vault: DrillState(state) for vault, state in db.session.execute(query.order_by(VaultDrill.id))}
    return {vault: Pill(state) for vault, state in newest.items()}


VAULTS.columns.append(Column("drill", _l("Essai de restauration"), many=_drills, rank=WIDE))
