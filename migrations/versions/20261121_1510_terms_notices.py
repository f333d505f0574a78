"""terms notices"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "c02"
down_revision = "c01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms_notice",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("terms_version_id", sa.Integer(), nullable=False),
        sa.Column("old_version", sa.String(40), nullable=False),
        sa.Column("new_version", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("refused_by", sa.String(200), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_from", sa.String(45), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_terms_notice_customer_id")),
        sa.ForeignKeyConstraint(
            ["terms_version_id"], ["terms_version.id"], name=op.f("fk_terms_notice_terms_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_terms_notice_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_notice")),
        sa.UniqueConstraint("uid", name=op.f("uq_terms_notice_uid")),
        sa.UniqueConstraint(
            "customer_id", "terms_version_id", name=op.f("uq_terms_notice_customer_id_terms_version_id")
        ),
    )
    for column in ("terms_version_id", "mail_uid", "organisation_id", "org_path"):
        op.create_index(op.f(f"ix_terms_notice_{column}"), "terms_notice", [column])
    protect("terms_notice")


def downgrade() -> None:
    for column in ("terms_version_id", "mail_uid", "organisation_id", "org_path"):
        op.drop_index(op.f(f"ix_terms_notice_{column}"), table_name="terms_notice")
    op.drop_table("terms_notice")
