"""people keep the views of a list that they come back to"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1530"
down_revision = "20261128_1451"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("listing", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("wishes", sa.String(500), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_saved_view_organisation_id")
        ),
        sa.UniqueConstraint("user_id", "listing", "name", name=op.f("uq_saved_view_user_id_listing_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_saved_view_uid")),
    )
    op.create_index("ix_saved_view_org_path", "saved_view", ["org_path"])
    op.create_index("ix_saved_view_organisation_id", "saved_view", ["organisation_id"])
    op.create_index("ix_invoice_due", "invoice", ["due_on", "id"])
    op.create_index("ix_invoice_gross", "invoice", ["gross_cents", "id"])
    protect("saved_view")


def downgrade() -> None:
    op.drop_index("ix_invoice_gross", "invoice")
    op.drop_index("ix_invoice_due", "invoice")
    op.drop_table("saved_view")
