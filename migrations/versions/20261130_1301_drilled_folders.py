"""A drill draws a folder beside its file.

Revision ID: 20261130_1301
Revises: 20261130_1300
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1301"
down_revision = "20261130_1300"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("folder", sa.Text(), ""),
    ("folder_files", sa.Integer(), None),
    ("folder_bytes", sa.BigInteger(), None),
    ("folder_millis", sa.BigInteger(), None),
    ("folder_sha256", sa.String(64), ""),
)


def upgrade() -> None:
    for name, kind, default in _COLUMNS:
        op.add_column("vault_drill", sa.Column(name, kind, nullable=default is None, server_default=default))


def downgrade() -> None:
    with op.batch_alter_table("vault_drill") as table:
        for name, _kind, _default in reversed(_COLUMNS):
            table.drop_column(name)
