"""consumers: withdrawal, renewal reminders"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "b01"
down_revision = "d01"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("refund_cents", sa.BigInteger(), nullable=True))
    op.create_table(
        "renewal_reminder",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("renews_on", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_renewal_reminder_subscription_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_renewal_reminder_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_reminder")),
        sa.UniqueConstraint("uid", name=op.f("uq_renewal_reminder_uid")),
        sa.UniqueConstraint(
            "subscription_id", "renews_on", name=op.f("uq_renewal_reminder_subscription_id_renews_on")
        ),
    )
    for column in ("organisation_id", "org_path"):
        op.create_index(op.f(f"ix_renewal_reminder_{column}"), "renewal_reminder", [column])
    protect("renewal_reminder")


def downgrade() -> None:
    for column in ("org_path", "organisation_id"):
        op.drop_index(op.f(f"ix_renewal_reminder_{column}"), table_name="renewal_reminder")
    op.drop_table("renewal_reminder")
    with op.batch_alter_table("subscription") as table:
        table.drop_column("refund_cents")
