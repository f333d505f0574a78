"""the database itself keeps the chain of a mandate, what was accepted and the rates that were entered"""

from alembic import op

from migrations.immutable import freeze

revision = "20261128_1100"
down_revision = "20261128_1015"
branch_labels = None
depends_on = None

_KEPT = ("mandate_event", "acceptance", "ecb_rate")


def upgrade() -> None:
    for table in _KEPT:
        freeze(table)


def downgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for table in _KEPT:
        for event in ("delete", "update"):
            name = f"frozen_{table}_{event}"
            op.execute(f"DROP TRIGGER {name} ON {table}" if postgres else f"DROP TRIGGER {name}")
