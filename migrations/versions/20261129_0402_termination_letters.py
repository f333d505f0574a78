"""Letters by which customers end their subscriptions."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0402"
down_revision = "20261129_0401"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "termination_letter",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("first_presented_on", sa.Date()),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("tracking", sa.String(40), nullable=False),
        sa.Column("scan_id", sa.Integer()),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_termination_letter_organisation_id")
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["document.id"], name=op.f("fk_termination_letter_scan_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_termination_letter_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_termination_letter")),
        sa.UniqueConstraint("subscription_id", name=op.f("uq_termination_letter_subscription_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_termination_letter_uid")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_termination_letter_{name}"), "termination_letter", [name])
    protect("termination_letter")


def downgrade() -> None:
    op.drop_table("termination_letter")
