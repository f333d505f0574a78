"""How full a vault is, told once for each level; nobody is cut off in the middle of a backup."""

from sqlalchemy import select

from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.models import Vault, vault_measured
from portal.journal import SYSTEM, record
from portal.provisioning.acts import tell
from portal.provisioning.models import VaultHome
from portal.provisioning.rules import quota_level


@vault_measured.connect
def look_at_quota(vault: Vault) -> None:
    """After each measure. A level that is left and reached again is told again.

    Source: 001-17, 002-03, 004-09.
    """
    db.session.flush()
    home = db.session.scalars(select(VaultHome).where(VaultHome.vault_id == vault.id)).one_or_none()
    if home is None:
        return
    level = quota_level(vault.bytes_stored or 0, home.quota_gb)
    if level > home.warned_percent:
        record(vault, "quota", by=SYSTEM, percent=level)
        tell(home, "provisioning/mail_quota.txt", ContactRole.TECHNICAL, percent=level)
    home.warned_percent = level
