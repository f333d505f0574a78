"""certificates of the provider are kept, and orders say whether they are for health data"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2240"
down_revision = "20261128_2134"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_FLAGS = (("product", "for_health_data"), ("customer_order", "health_data"), ("subscription", "health_data"))


def upgrade() -> None:
    op.create_table(
        "hosting_certificate",
        sa.Column("standard", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("scope", sa.String(300), nullable=False),
        sa.Column("issued_by", sa.String(140), nullable=False),
        sa.Column("referential", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_through", sa.Date(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("follows_id", sa.Integer()),
        sa.Column("withdrawn_on", sa.Date()),
        sa.Column("withdrawn_why", sa.String(300), nullable=False),
        sa.Column("told_on", sa.Date()),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_hosting_certificate_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["hosting_certificate.id"], name=op.f("fk_hosting_certificate_follows_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_hosting_certificate_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_hosting_certificate_uid")),
        sa.UniqueConstraint("follows_id", name=op.f("uq_hosting_certificate_follows_id")),
    )
    for name in ("valid_through", "org_path", "organisation_id"):
        op.create_index(f"ix_hosting_certificate_{name}", "hosting_certificate", [name])
    protect("hosting_certificate", seen_from_below=True)
    for table, column in _FLAGS:
        op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    products = sa.table("product", sa.column("code", sa.String), sa.column("for_health_data", sa.Boolean))
    made_for = products.c.code.in_(["WS-SANTE", "DB-LINA"])
    op.execute(sa.update(products).where(made_for).values(for_health_data=sa.true()))


def downgrade() -> None:
    for table, column in reversed(_FLAGS):
        op.drop_column(table, column)
    op.drop_table("hosting_certificate")
