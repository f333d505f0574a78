"""a brand has a name, a colour and a logo"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_2123"
down_revision = "20261128_2122"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("brand") as batch:
        batch.add_column(sa.Column("name", sa.String(70), server_default="", nullable=False))
        batch.add_column(sa.Column("accent", sa.String(7), server_default="", nullable=False))
        batch.add_column(sa.Column("logo_id", sa.Integer()))
        batch.create_foreign_key(op.f("fk_brand_logo_id"), "document", ["logo_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("brand") as batch:
        batch.drop_constraint(op.f("fk_brand_logo_id"), type_="foreignkey")
        batch.drop_column("logo_id")
        batch.drop_column("accent")
        batch.drop_column("name")
