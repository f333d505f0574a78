"""bank files, returns and reactions"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "g01"
down_revision = "f01"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_COLLECTION = ("amendment", "settled_on", "returned_on", "return_reason", "attempt")


def upgrade() -> None:
    with op.batch_alter_table("collection") as table:
        table.add_column(sa.Column("amendment", sa.JSON(), nullable=True))
        table.add_column(sa.Column("settled_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("returned_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("return_reason", sa.String(35), nullable=True))
        table.add_column(sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "bank_file",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("message_id", sa.String(140), nullable=False),
        sa.Column("filename", sa.String(140), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("imported_by", sa.String(200), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("unmatched", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        *_row("bank_file"),
        _key("bank_file", "legal_entity_id", "legal_entity"),
        _key("bank_file", "document_id", "document"),
        sa.UniqueConstraint(
            "legal_entity_id", "sha256", name=op.f("uq_bank_file_legal_entity_id_sha256")
        ),
    )
    op.create_table(
        "bank_record",
        sa.Column("bank_file_id", sa.Integer(), nullable=False),
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(35), nullable=False),
        sa.Column("detail", sa.String(140), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(140), nullable=False),
        sa.Column("end_to_end_id", sa.String(35), nullable=False),
        sa.Column("rum", sa.String(35), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        *_row("bank_record"),
        _key("bank_record", "bank_file_id", "bank_file"),
        _key("bank_record", "legal_entity_id", "legal_entity"),
        _key("bank_record", "collection_id", "collection"),
        sa.UniqueConstraint("legal_entity_id", "key", name=op.f("uq_bank_record_legal_entity_id_key")),
    )
    op.create_table(
        "reaction_setting",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(4), nullable=False),
        sa.Column("reaction", sa.JSON(), nullable=False),
        *_row("reaction_setting"),
        _key("reaction_setting", "legal_entity_id", "legal_entity"),
        sa.UniqueConstraint(
            "legal_entity_id", "code", name=op.f("uq_reaction_setting_legal_entity_id_code")
        ),
    )
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{columns[0]}"), table, columns)
    op.create_index("ix_bank_record_queue", "bank_record", ["legal_entity_id", "state"])
    for table in _TABLES:
        protect(table)


_TABLES = ("bank_file", "bank_record", "reaction_setting")
_INDEXES = (
    *((table, [column]) for table in _TABLES for column in ("organisation_id", "org_path")),
    ("bank_record", ["bank_file_id"]),
    ("bank_record", ["collection_id"]),
)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _row(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _key(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )


def downgrade() -> None:
    op.drop_index("ix_bank_record_queue", table_name="bank_record")
    for table, columns in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{columns[0]}"), table_name=table)
    for table in ("reaction_setting", "bank_record", "bank_file"):
        op.drop_table(table)
    with op.batch_alter_table("collection") as table:
        for column in reversed(_COLLECTION):
            table.drop_column(column)
