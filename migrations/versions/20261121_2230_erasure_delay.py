"""the delay in which an ordered erasure can be recalled"""

import sqlalchemy as sa
from alembic import op

revision = "l01"
down_revision = "k01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reversibility_case", sa.Column("erase_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("reversibility_case", "erase_from")
