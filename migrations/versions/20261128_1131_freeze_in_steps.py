"""a freeze in steps reads what is due in its order, from any place"""

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
    _index("legal_entity_id", "due_on", "id")


def downgrade() -> None:
    _index("legal_entity_id", "due_on")
