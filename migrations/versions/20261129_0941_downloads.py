"""An offer has installers to download and a text that says how to set it up.

Revision ID: 20261129_0941
Revises: 20261129_0940
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0941"
down_revision = "20261129_0940"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("product", sa.Column("installers", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    for language in ("fr", "en"):
        op.add_column("product", sa.Column(f"setup_{language}", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("setup_en", "setup_fr", "installers"):
        op.drop_column("product", name)
