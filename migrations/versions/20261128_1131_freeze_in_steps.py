"""a debit knows its scheme; a freeze in steps reads what is due in its order, from any place"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1131"
down_revision = "20261128_1130"
branch_labels = None
depends_on = None


def _index(*columns: str) -> None:
    free = sa.text("batch_id IS NULL")
    op.drop_index("ix_collection_due", table_name="collection")
    op.create_index(
        "ix_collection_due", "collection", list(columns), postgresql_where=free, sqlite_where=free
    )


def upgrade() -> None:
    op.add_column("collection", sa.Column("scheme", sa.String(4), nullable=False, server_default="CORE"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    op.execute(
        sa.text(
            "UPDATE collection SET scheme = 'B2B' "
            "WHERE mandate_id IN (SELECT id FROM mandate WHERE scheme = 'B2B')"
        )
    )
    _index("legal_entity_id", "scheme", "due_on", "id")


def downgrade() -> None:
    _index("legal_entity_id", "due_on")
    op.drop_column("collection", "scheme")
