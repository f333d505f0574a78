"""A copy may be completed from older points; what is lost is counted with what nobody can list.

Revision ID: 20261129_1150
Revises: 20261129_1145
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1150"
down_revision = "20261129_1145"
branch_labels = None
depends_on = None

FIGURES = ("unknown_folders", "older_files", "older_folders")
FLAGS = ("losses_counted", "completes")


def upgrade() -> None:
    for name in FIGURES:
        op.add_column("reversibility_case", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in FLAGS:
        column = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column("reversibility_case", column)


def downgrade() -> None:
    for name in (*FLAGS, *FIGURES):
        op.drop_column("reversibility_case", name)
