"""a repository is one vault; a try of the passphrase that the storage spoilt does not count"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1010"
down_revision = "20261128_1000"
branch_labels = None
depends_on = None

_DIGESTS = ("place_index", "identity_index")


def upgrade() -> None:
    # Both digests need the installation's keys and, the second, the storage: the next measure of each vault
    # (every six hours) fills them in. Until then the vaults without are compared one by one.
    active = sa.text("state = 'active'")
    for column in _DIGESTS:
        op.add_column("vault", sa.Column(column, sa.String(32), nullable=True))
        op.create_index(
            f"uq_vault_{column}", "vault", [column], unique=True, postgresql_where=active, sqlite_where=active
        )
    op.add_column("vault_opening", sa.Column("spared", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("vault_opening", "spared")
    for column in _DIGESTS:
        op.drop_index(f"uq_vault_{column}", table_name="vault")
        op.drop_column("vault", column)
