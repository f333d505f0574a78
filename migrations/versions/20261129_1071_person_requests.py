"""Requests of persons about their data.

Revision ID: 20261129_1071
Revises: 20261129_1070
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1071"
down_revision = "20261129_1070"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
TABLE = "person_request"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("received_at", WHEN, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("identity_how", sa.String(200), nullable=False),
        sa.Column("extended_why", sa.String(300), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", WHEN, nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_person_request_customer_id"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_person_request_document_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_person_request_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_person_request"),
        sa.UniqueConstraint("uid", name="uq_person_request_uid"),
    )
    op.create_index("ix_person_request_due", TABLE, ["state", "due_on", "id"])
    for name in ("email", "customer_id", "org_path", "organisation_id"):
        op.create_index(f"ix_person_request_{name}", TABLE, [name])
    protect(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
