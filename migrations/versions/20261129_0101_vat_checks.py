"""VAT numbers are asked about at the register of the Union, with the proof of its answer."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0101"
down_revision = "20261129_0100"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "vat_check",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(14), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("why", sa.String(80), nullable=False),
        sa.Column("answered_at", _AT),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("consultation", sa.String(40), nullable=False),
        sa.Column("document_id", sa.Integer()),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_vat_check_customer_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_vat_check_document_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_vat_check_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_vat_check_uid")),
    )
    for name in ("customer_id", "org_path", "organisation_id"):
        op.create_index(f"ix_vat_check_{name}", "vat_check", [name])
    protect("vat_check")


def downgrade() -> None:
    op.drop_table("vat_check")
