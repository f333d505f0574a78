"""Procedures by which the provider ends a contract, and why a subscription is suspended."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0750"
down_revision = "20261129_0701"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "provider_ending",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("facts", sa.String(2000), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("warned_on", sa.Date(), nullable=False),
        sa.Column("is_registered", sa.Boolean(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.Column("since_on", sa.Date()),
        sa.Column("tracking", sa.String(40), nullable=False),
        sa.Column("posted_on", sa.Date()),
        sa.Column("first_presented_on", sa.Date()),
        sa.Column("received_on", sa.Date()),
        sa.Column("returned_on", sa.Date()),
        sa.Column("given_on", sa.Date()),
        sa.Column("letter_id", sa.Integer()),
        sa.Column("scan_id", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_provider_ending_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_provider_ending_subscription_id")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["document.id"], name=op.f("fk_provider_ending_letter_id")),
        sa.ForeignKeyConstraint(["scan_id"], ["document.id"], name=op.f("fk_provider_ending_scan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_ending")),
        sa.UniqueConstraint("uid", name=op.f("uq_provider_ending_uid")),
    )
    for name in ("org_path", "organisation_id", "subscription_id", "state"):
        op.create_index(op.f(f"ix_provider_ending_{name}"), "provider_ending", [name])
    protect("provider_ending")
    op.add_column(
        "subscription", sa.Column("suspended_cause", sa.String(40), nullable=False, server_default="")
    )
    op.add_column("dunning_setting", sa.Column("end_days", sa.Integer()))


def downgrade() -> None:
    op.drop_column("dunning_setting", "end_days")
    op.drop_column("subscription", "suspended_cause")
    op.drop_table("provider_ending")
