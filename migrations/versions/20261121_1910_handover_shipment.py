"""a handover's copy on a physical medium"""

import sqlalchemy as sa
from alembic import op

revision = "i02"
down_revision = "i01"
branch_labels = None
depends_on = None

# (column, type, value of the rows that exist; None for a column that may be empty)
COLUMNS = [("shipped_on", sa.Date(), None), ("medium", sa.String(80), ""), ("tracking", sa.String(80), "")]


def upgrade() -> None:
    for name, kind, value in COLUMNS:
        column = sa.Column(name, kind, nullable=value is None, server_default=value)
        op.add_column("reversibility_case", column)


def downgrade() -> None:
    for name, _kind, _value in reversed(COLUMNS):
        op.drop_column("reversibility_case", name)
