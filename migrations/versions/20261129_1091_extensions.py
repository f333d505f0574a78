"""Force majeure makes orders longer: by how much, and from when their periods are counted.

Revision ID: 20261129_1091
Revises: 20261129_1090
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1091"
down_revision = "20261129_1090"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "term_extension",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("before_on", sa.Date(), nullable=False),
        sa.Column("after_on", sa.Date(), nullable=False),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_term_extension_organisation_id"
        ),
        sa.ForeignKeyConstraint(["outage_id"], ["service_outage.id"], name="fk_term_extension_outage_id"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_term_extension_subscription_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_term_extension"),
        sa.UniqueConstraint(
            "outage_id", "subscription_id", name="uq_term_extension_outage_id_subscription_id"
        ),
        sa.UniqueConstraint("uid", name="uq_term_extension_uid"),
    )
    op.create_index("ix_term_extension_org_path", "term_extension", ["org_path"])
    op.create_index("ix_term_extension_organisation_id", "term_extension", ["organisation_id"])
    op.create_index("ix_term_extension_outage_id", "term_extension", ["outage_id"])
    op.create_index("ix_term_extension_subscription_id", "term_extension", ["subscription_id"])

    op.add_column("subscription", sa.Column("extended_on", sa.Date(), nullable=True))
    protect("term_extension")


def downgrade() -> None:
    op.drop_table("term_extension")
    op.drop_column("subscription", "extended_on")
