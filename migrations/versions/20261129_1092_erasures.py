"""Persons who were erased, and how much goes each day.

Revision ID: 20261129_1092
Revises: 20261129_1091
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1092"
down_revision = "20261129_1091"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "expired_record",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_expired_record_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_expired_record"),
        sa.UniqueConstraint("day", "kind", name="uq_expired_record_day_kind"),
        sa.UniqueConstraint("uid", name="uq_expired_record_uid"),
    )
    op.create_index("ix_expired_record_org_path", "expired_record", ["org_path"])
    op.create_index("ix_expired_record_organisation_id", "expired_record", ["organisation_id"])

    op.create_table(
        "person_erasure",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("gone", sa.JSON(), nullable=False),
        sa.Column("held_why", sa.String(300), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_person_erasure_organisation_id"
        ),
        sa.ForeignKeyConstraint(["request_id"], ["person_request.id"], name="fk_person_erasure_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person_erasure"),
        sa.UniqueConstraint("request_id", name="uq_person_erasure_request_id"),
        sa.UniqueConstraint("uid", name="uq_person_erasure_uid"),
    )
    op.create_index("ix_person_erasure_next_on", "person_erasure", ["next_on"])
    op.create_index("ix_person_erasure_org_path", "person_erasure", ["org_path"])
    op.create_index("ix_person_erasure_organisation_id", "person_erasure", ["organisation_id"])
    protect("person_erasure")
    protect("expired_record")


def downgrade() -> None:
    op.drop_table("person_erasure")
    op.drop_table("expired_record")
