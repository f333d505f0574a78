"""Keys of consumers that wait for the end of the delay to withdraw, or for its waiver."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0760"
down_revision = "20261129_0750"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "key_wait",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("leave_on", sa.Date(), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True)),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("signer", sa.String(254), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("browser", sa.String(300), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("confirmation_uid", sa.String(16)),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_key_wait_organisation_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("fk_key_wait_order_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_key_wait_subscription_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_key_wait_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_wait")),
        sa.UniqueConstraint("uid", name=op.f("uq_key_wait_uid")),
        sa.UniqueConstraint("order_id", name=op.f("uq_key_wait_order_id")),
    )
    for name in ("org_path", "organisation_id", "subscription_id", "customer_id", "state"):
        op.create_index(op.f(f"ix_key_wait_{name}"), "key_wait", [name])
    protect("key_wait")


def downgrade() -> None:
    op.drop_table("key_wait")
