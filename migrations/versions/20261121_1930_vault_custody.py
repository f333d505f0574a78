"""read-only accesses to vaults, the register of their keys, signed warnings, proofs of possession"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "j01"
down_revision = "i03"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "vault_access",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=True),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.Column("revoked_by", sa.String(200), nullable=True),
        sa.Column("first_used_at", _AT, nullable=True),
        sa.Column("last_used_at", _AT, nullable=True),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=False),
        *_row("vault_access"),
        _key("vault_access", "vault_id", "vault"),
    )
    op.create_table(
        "custody_note",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("custody", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(140), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("noted_by", sa.String(200), nullable=False),
        *_row("custody_note"),
        _key("custody_note", "vault_id", "vault"),
    )
    op.create_table(
        "loss_acknowledgement",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("function", sa.String(140), nullable=False),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("signed_at", _AT, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("text_version", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document_uid", sa.String(16), nullable=False),
        *_row("loss_acknowledgement"),
        _key("loss_acknowledgement", "vault_id", "vault"),
        sa.UniqueConstraint(
            "vault_id", "text_version", name=op.f("uq_loss_acknowledgement_vault_id_text_version")
        ),
    )
    op.add_column("vault", sa.Column("proved_at", _AT, nullable=True))
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for table in _TABLES:
        protect(table)


_TABLES = ("vault_access", "custody_note", "loss_acknowledgement")
_INDEXES = tuple((table, column) for table in _TABLES for column in ("organisation_id", "org_path", "vault_id"))


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _row(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        _key(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )


def downgrade() -> None:
    op.drop_column("vault", "proved_at")
    for table, column in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table in reversed(_TABLES):
        op.drop_table(table)
