"""a brand has a host name of its own"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_2242"
down_revision = "20261128_2241"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("brand", sa.Column("host", sa.String(120)))
    op.create_index("ix_brand_host", "brand", ["host"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_brand_host", "brand")
    op.drop_column("brand", "host")
