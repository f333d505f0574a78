"""What the bank answers to files of refunds; the day on which it refused the account of one."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0630"
down_revision = "20261129_0612"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_LEADS_TO = ("bank_file", "legal_entity", "refund_file", "refund")


def upgrade() -> None:
    op.create_table(
        "refund_answer",
        sa.Column("bank_file_id", sa.Integer(), nullable=False),
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("refund_file_id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer()),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(35), nullable=False),
        sa.Column("detail", sa.String(140), nullable=False),
        sa.Column("amount_cents", sa.BigInteger()),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("closed_by", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_refund_answer_{table}_id")
            )
            for table in (*_LEADS_TO, "organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_answer")),
        sa.UniqueConstraint("uid", name=op.f("uq_refund_answer_uid")),
        sa.UniqueConstraint("legal_entity_id", "key", name=op.f("uq_refund_answer_legal_entity_id_key")),
    )
    for name in ("org_path", "organisation_id", "bank_file_id", "refund_file_id", "refund_id"):
        op.create_index(op.f(f"ix_refund_answer_{name}"), "refund_answer", [name])
    protect("refund_answer")
    op.add_column("refund", sa.Column("account_refused_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("refund", "account_refused_on")
    op.drop_table("refund_answer")
