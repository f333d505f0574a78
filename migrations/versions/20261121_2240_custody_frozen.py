"""the database itself keeps the register of keys and what was signed about their loss"""

from alembic import op

from migrations.immutable import freeze

revision = "m01"
down_revision = "l01"
branch_labels = None
depends_on = None

_SIGNED = (
    "vault_id", "name", "function", "account", "signed_at", "address", "text_version", "text",
)


def upgrade() -> None:
    freeze("custody_note")
    freeze("loss_acknowledgement", _SIGNED)


def downgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for table in ("custody_note", "loss_acknowledgement"):
        for event in ("delete", "update"):
            name = f"frozen_{table}_{event}"
            op.execute(f"DROP TRIGGER {name} ON {table}" if postgres else f"DROP TRIGGER {name}")
