"""price revisions"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "c03"
down_revision = "c02"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "price_revision",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        *_row("price_revision"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_price_revision_product_id")),
        sa.UniqueConstraint(
            "product_id", "effective_on", name=op.f("uq_price_revision_product_id_effective_on")
        ),
    )
    op.create_table(
        "price_step",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        *_row("price_step"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_price_step_subscription_id")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["price_revision.id"], name=op.f("fk_price_step_revision_id")
        ),
        sa.UniqueConstraint(
            "subscription_id", "revision_id", name=op.f("uq_price_step_subscription_id_revision_id")
        ),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    protect("price_revision", seen_from_below=True)
    protect("price_step")


_INDEXES = (
    ("price_revision", "organisation_id"), ("price_revision", "org_path"), ("price_step", "revision_id"),
    ("price_step", "mail_uid"), ("price_step", "organisation_id"), ("price_step", "org_path"),
)


def _row(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )


def downgrade() -> None:
    for table, column in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    op.drop_table("price_step")
    op.drop_table("price_revision")
