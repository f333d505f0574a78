"""Registered letters by which data are asked for."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0880"
down_revision = "20261129_0870"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "request_letter",
        sa.Column("case_id", sa.Integer(), nullable=False),
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
            ["organisation_id"], ["organisation.id"], name=op.f("fk_request_letter_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["reversibility_case.id"], name=op.f("fk_request_letter_case_id")
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["document.id"], name=op.f("fk_request_letter_scan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_letter")),
        sa.UniqueConstraint("uid", name=op.f("uq_request_letter_uid")),
        sa.UniqueConstraint("case_id", name=op.f("uq_request_letter_case_id")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_request_letter_{name}"), "request_letter", [name])
    protect("request_letter")


def downgrade() -> None:
    op.drop_table("request_letter")
