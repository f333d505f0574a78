"""Sub-processors: the register, its changes, who was told and who objected.

Revision ID: 20261129_1090
Revises: 20261129_1083
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1090"
down_revision = "20261129_1083"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sub_processor",
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("told_how", sa.String(300), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("purpose", sa.String(300), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_sub_processor_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sub_processor"),
        sa.UniqueConstraint("uid", name="uq_sub_processor_uid"),
    )
    op.create_index("ix_sub_processor_org_path", "sub_processor", ["org_path"])
    op.create_index("ix_sub_processor_organisation_id", "sub_processor", ["organisation_id"])

    op.create_table(
        "sub_processor_change",
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("object_until", sa.Date(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=True),
        sa.Column("listed", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("purpose", sa.String(300), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_sub_processor_change_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["sub_processor.id"], name="fk_sub_processor_change_replaces_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sub_processor_change"),
        sa.UniqueConstraint("uid", name="uq_sub_processor_change_uid"),
    )
    op.create_index("ix_sub_processor_change_org_path", "sub_processor_change", ["org_path"])
    op.create_index("ix_sub_processor_change_organisation_id", "sub_processor_change", ["organisation_id"])
    op.create_index("ix_sub_processor_change_state", "sub_processor_change", ["state"])

    op.create_table(
        "sub_processor_notice",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("grounds", sa.String(80), nullable=False),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["sub_processor_change.id"], name="fk_sub_processor_notice_change_id"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_sub_processor_notice_customer_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_sub_processor_notice_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sub_processor_notice"),
        sa.UniqueConstraint("change_id", "customer_id", name="uq_sub_processor_notice_change_id_customer_id"),
        sa.UniqueConstraint("uid", name="uq_sub_processor_notice_uid"),
    )
    op.create_index("ix_sub_processor_notice_change_id", "sub_processor_notice", ["change_id"])
    op.create_index("ix_sub_processor_notice_customer_id", "sub_processor_notice", ["customer_id"])
    op.create_index("ix_sub_processor_notice_mail_uid", "sub_processor_notice", ["mail_uid"])
    op.create_index("ix_sub_processor_notice_org_path", "sub_processor_notice", ["org_path"])
    op.create_index("ix_sub_processor_notice_organisation_id", "sub_processor_notice", ["organisation_id"])

    op.create_table(
        "sub_processor_objection",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", WHEN, nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["sub_processor_change.id"], name="fk_sub_processor_objection_change_id"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name="fk_sub_processor_objection_customer_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_sub_processor_objection_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sub_processor_objection"),
        sa.UniqueConstraint(
            "change_id", "customer_id", name="uq_sub_processor_objection_change_id_customer_id"
        ),
        sa.UniqueConstraint("uid", name="uq_sub_processor_objection_uid"),
    )
    op.create_index("ix_sub_processor_objection_change_id", "sub_processor_objection", ["change_id"])
    op.create_index("ix_sub_processor_objection_customer_id", "sub_processor_objection", ["customer_id"])
    op.create_index("ix_sub_processor_objection_org_path", "sub_processor_objection", ["org_path"])
    op.create_index(
        "ix_sub_processor_objection_organisation_id", "sub_processor_objection", ["organisation_id"]
    )
    op.create_index("ix_sub_processor_objection_state", "sub_processor_objection", ["state"])
    protect("sub_processor", seen_from_below=True)
    protect("sub_processor_change", seen_from_below=True)
    protect("sub_processor_notice")
    protect("sub_processor_objection")


def downgrade() -> None:
    op.drop_table("sub_processor_objection")
    op.drop_table("sub_processor_notice")
    op.drop_table("sub_processor_change")
    op.drop_table("sub_processor")
