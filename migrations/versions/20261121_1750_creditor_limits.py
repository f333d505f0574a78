"""second person for a higher limit, writer of the bank file"""

import sqlalchemy as sa
from alembic import op

revision = "g02"
down_revision = "g01"
branch_labels = None
depends_on = None

# (column, type, value of the rows that exist; None for a column that may be empty)
COLUMNS = [
    ("two_people_asked_cents", sa.BigInteger(), None),
    ("two_people_asked_by_id", sa.Integer(), None),
    ("file_writer", sa.String(10), "portal"),
]


def upgrade() -> None:
    for name, kind, value in COLUMNS:
        op.add_column("legal_entity", sa.Column(name, kind, nullable=value is None, server_default=value))


def downgrade() -> None:
    for name, _kind, _value in reversed(COLUMNS):
        op.drop_column("legal_entity", name)
