"""customers of a reseller in default are offered another"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2124"
down_revision = "20261128_2123"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "step_in_offer",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("reseller_name", sa.String(140), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("wished", sa.String(40)),
        sa.Column("words", sa.String(300), nullable=False),
        sa.Column("outcome", sa.String(300), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_step_in_offer_customer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_step_in_offer_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_step_in_offer_uid")),
    )
    for name in ("customer_id", "state", "org_path", "organisation_id"):
        op.create_index(f"ix_step_in_offer_{name}", "step_in_offer", [name])
    protect("step_in_offer")


def downgrade() -> None:
    op.drop_table("step_in_offer")
