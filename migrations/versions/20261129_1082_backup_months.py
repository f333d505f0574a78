"""Monthly reports of backups, and who does not want them by mail.

Revision ID: 20261129_1082
Revises: 20261129_1081
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1082"
down_revision = "20261129_1081"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _tenant(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    ]


def upgrade() -> None:
    op.create_table(
        "backup_month",
        sa.Column("subject_uid", sa.String(16), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        *_tenant("backup_month"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_backup_month_document_id"),
        sa.UniqueConstraint("subject_uid", "month", name="uq_backup_month_subject_uid_month"),
    )
    op.create_table(
        "monthly_choice",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        *_tenant("monthly_choice"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_monthly_choice_customer_id"),
        sa.UniqueConstraint("customer_id", name="uq_monthly_choice_customer_id"),
    )
    for table in ("backup_month", "monthly_choice"):
        for name in ("org_path", "organisation_id"):
            op.create_index(f"ix_{table}_{name}", table, [name])
        protect(table)


def downgrade() -> None:
    op.drop_table("monthly_choice")
    op.drop_table("backup_month")
