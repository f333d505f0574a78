"""What lower packages tell: a machine activated, a vault was measured."""

from typing import Any

from portal import clock
from portal.backups.models import Machine, UsageSample, new_machine
from portal.db import Base, db
from portal.engine.models import Vault, vault_measured
from portal.jobs import insert_once
from portal.licensing.models import Activation
from portal.licensing.seating import machine_activated


@machine_activated.connect
def watch_machine(activation: Activation) -> None:
    """From its activation on a machine is on the wall, as one that has not reported yet."""
    insert_once(Machine, values_of(new_machine(activation)), ["activation_id"])


@vault_measured.connect
def sample_usage(vault: Vault) -> None:
    """One row per vault and day; a later measure of the day replaces the earlier one."""
    db.session.flush()  # a vault that is measured as it is registered has no number yet
    today = clock.today()
    sample = UsageSample(
        organisation=vault.customer.organisation,
        vault_id=vault.id,
        sampled_on=today,
        bytes_stored=vault.bytes_stored or 0,
    )
    if not insert_once(UsageSample, values_of(sample), ["vault_id", "sampled_on"]):
        db.session.execute(
            db.update(UsageSample)
            .where(UsageSample.vault_id == vault.id, UsageSample.sampled_on == today)
            .values(bytes_stored=vault.bytes_stored or 0)
            .execution_options(synchronize_session=False)
        )


def values_of(row: Base) -> dict[str, Any]:
    """The columns of a row that is not saved, for a statement that inserts it."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key != "id"}
