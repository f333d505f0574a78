"""Quotes and their lines; special conditions of an order; how long a new quote may be accepted."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0800"
down_revision = "20261129_0761"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_REFERENCES = ("purchase_order", "commitment_number", "service_code")


def _tenant(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    ]


def upgrade() -> None:
    op.create_table(
        "quote",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("remark", sa.String(2000), nullable=False),
        sa.Column("sale_vat", sa.JSON()),
        sa.Column("sent_on", sa.Date()),
        sa.Column("accepted_on", sa.Date()),
        sa.Column("asked_by_id", sa.Integer()),
        sa.Column("wants_agreement", sa.Boolean(), nullable=False),
        sa.Column("conditions_agreed_by", sa.String(200), nullable=False),
        sa.Column("replaces_uid", sa.String(16)),
        sa.Column("held_because", sa.String(500), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("go_on_because", sa.String(300), nullable=False),
        sa.Column("document_id", sa.Integer()),
        sa.Column("proof_id", sa.Integer()),
        sa.Column("signer_name", sa.String(70)),
        sa.Column("signer_role", sa.String(70)),
        sa.Column("shown", sa.String(400)),
        sa.Column("refusal_reason", sa.String(300)),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(50)) for name in _REFERENCES),
        sa.Column("version", sa.Integer(), nullable=False),
        *_tenant("quote"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_quote_customer_id")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_quote_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_quote_document_id")),
        sa.ForeignKeyConstraint(["proof_id"], ["document.id"], name=op.f("fk_quote_proof_id")),
    )
    for name in ("org_path", "organisation_id", "customer_id", "replaces_uid"):
        op.create_index(op.f(f"ix_quote_{name}"), "quote", [name])
    op.create_index("ix_quote_state", "quote", ["state", "id"])
    op.create_index(
        "uq_quote_number",
        "quote",
        ["legal_entity_id", "number"],
        unique=True,
        postgresql_where=sa.text("number <> ''"),
        sqlite_where=sa.text("number <> ''"),
    )
    protect("quote")
    op.create_table(
        "quote_line",
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("order_uid", sa.String(16), nullable=False),
        sa.Column("product_name", sa.String(140), nullable=False),
        sa.Column("plan", sa.String(40), nullable=False),
        sa.Column("terms_stack", sa.String(40), nullable=False),
        sa.Column("terms_versions", sa.JSON(), nullable=False),
        sa.Column("billing_months", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.Column("includes_vat", sa.Boolean(), nullable=False),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("volume_gb", sa.Integer()),
        sa.Column("gb_month_cents", sa.BigInteger()),
        sa.Column("health_data", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("price_uid", sa.String(16)),
        *(sa.Column(name, sa.String(50)) for name in _REFERENCES),
        *_tenant("quote_line"),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_quote_line_product_id")),
        sa.UniqueConstraint("order_uid", name=op.f("uq_quote_line_order_uid")),
    )
    for name in ("org_path", "organisation_id", "quote_id"):
        op.create_index(op.f(f"ix_quote_line_{name}"), "quote_line", [name])
    protect("quote_line")
    op.add_column("customer_order", sa.Column("conditions", sa.JSON()))
    op.add_column("legal_entity", sa.Column("quote_days", sa.Integer(), nullable=False, server_default="30"))


def downgrade() -> None:
    op.drop_column("legal_entity", "quote_days")
    op.drop_column("customer_order", "conditions")
    op.drop_table("quote_line")
    op.drop_table("quote")
