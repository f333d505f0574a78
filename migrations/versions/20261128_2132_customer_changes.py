"""Customers change, are put away and taken back: each change dated, with what stood there before."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2132"
down_revision = "20261128_2131"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("customer", sa.Column("archived_at", _AT, nullable=True))
    op.add_column("customer", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_table(
        "customer_change",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_change_customer_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_customer_change_document_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_customer_change_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_change")),
        sa.UniqueConstraint("uid", name=op.f("uq_customer_change_uid")),
    )
    for column in ("customer_id", "organisation_id", "org_path"):
        op.create_index(op.f(f"ix_customer_change_{column}"), "customer_change", [column])
    protect("customer_change")


def downgrade() -> None:
    for column in ("org_path", "organisation_id", "customer_id"):
        op.drop_index(op.f(f"ix_customer_change_{column}"), table_name="customer_change")
    op.drop_table("customer_change")
    op.drop_column("customer", "merged_into_id")
    op.drop_column("customer", "archived_at")
