"""a calendar program reads a person's day at a secret address"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1535"
down_revision = "20261128_1530"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("with_names", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_calendar_feed_organisation_id")
        ),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feed_user_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_calendar_feed_uid")),
    )
    op.create_index("ix_calendar_feed_org_path", "calendar_feed", ["org_path"])
    op.create_index("ix_calendar_feed_organisation_id", "calendar_feed", ["organisation_id"])
    protect("calendar_feed")


def downgrade() -> None:
    op.drop_table("calendar_feed")
