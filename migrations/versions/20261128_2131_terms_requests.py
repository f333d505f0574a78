"""Terms accepted by the customer herself: requests, the words of contracts, how each was accepted."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2131"
down_revision = "20261128_2130"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "terms_text",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("suffix", sa.String(4), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_text")),
        sa.UniqueConstraint("uid", name=op.f("uq_terms_text_uid")),
        sa.UniqueConstraint("sha256", name=op.f("uq_terms_text_sha256")),
    )
    op.create_table(
        "terms_request",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("terms", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("signer_name", sa.String(70), nullable=True),
        sa.Column("signer_role", sa.String(70), nullable=True),
        sa.Column("shown", sa.String(400), nullable=True),
        sa.Column("refusal_reason", sa.String(300), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_terms_request_customer_id")),
        sa.ForeignKeyConstraint(["proof_id"], ["document.id"], name=op.f("fk_terms_request_proof_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_terms_request_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_request")),
        sa.UniqueConstraint("uid", name=op.f("uq_terms_request_uid")),
    )
    for column in ("customer_id", "state", "organisation_id", "org_path"):
        op.create_index(op.f(f"ix_terms_request_{column}"), "terms_request", [column])
    protect("terms_request")
    op.add_column("acceptance", sa.Column("means", sa.String(40), nullable=False, server_default="staff"))
    op.add_column("acceptance", sa.Column("signed_on", sa.Date(), nullable=True))
    op.add_column("acceptance", sa.Column("document_uid", sa.String(16), nullable=True))


def downgrade() -> None:
    for column in ("document_uid", "signed_on", "means"):
        op.drop_column("acceptance", column)
    for column in ("org_path", "organisation_id", "state", "customer_id"):
        op.drop_index(op.f(f"ix_terms_request_{column}"), table_name="terms_request")
    op.drop_table("terms_request")
    op.drop_table("terms_text")
