"""VAT numbers looked up by hand; sales that an issuer made elsewhere."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0612"
down_revision = "20261129_0611"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("vat_check", sa.Column("looked_up_on", sa.Date(), nullable=True))
    op.add_column("vat_check", sa.Column("looked_up_by", sa.String(200), nullable=False, server_default=""))
    op.add_column("vat_check", sa.Column("looked_up_place", sa.String(20), nullable=False, server_default=""))
    op.create_table(
        "sales_elsewhere",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{each}_id"], [f"{each}.id"], name=op.f(f"fk_sales_elsewhere_{each}_id"))
            for each in ("legal_entity", "organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_elsewhere")),
        sa.UniqueConstraint("uid", name=op.f("uq_sales_elsewhere_uid")),
        sa.UniqueConstraint("legal_entity_id", "year", name=op.f("uq_sales_elsewhere_legal_entity_id_year")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_sales_elsewhere_{name}"), "sales_elsewhere", [name])
    protect("sales_elsewhere")


def downgrade() -> None:
    op.drop_table("sales_elsewhere")
    for name in ("looked_up_place", "looked_up_by", "looked_up_on"):
        op.drop_column("vat_check", name)
