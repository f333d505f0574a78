"""lists that read no further than they show: words of names, the standing of machines, indexes"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1132"
down_revision = "20261128_1131"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_STANDING = """
UPDATE machine SET standing = CASE
    WHEN NOT is_watched THEN 'unwatched'
    WHEN outcome IS NULL OR due_by IS NULL THEN 'unknown'
    WHEN trouble = 'damaged' THEN 'damaged'
    WHEN trouble = 'locked' THEN 'locked'
    WHEN outcome = 'failed' THEN 'failed'
    WHEN outcome = 'ok' AND incidents = 0 THEN 'fresh'
    ELSE 'partial' END
"""
_OWED = sa.text("state = 'issued'")
_BACK = sa.text("return_reason IS NOT NULL")
_HELD = sa.text("hold_reason IS NOT NULL")


def upgrade() -> None:
    op.add_column("machine", sa.Column("standing", sa.String(40), nullable=False, server_default="unknown"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    op.execute(sa.text(_STANDING))
    op.create_index("ix_machine_standing", "machine", ["standing", "due_by", "id"])
    op.create_index("ix_organisation_kind", "organisation", ["kind", "org_path"])
    op.create_index("ix_machine_name", "machine", ["name_folded", "id"])
    op.create_index("ix_mandate_last_used", "mandate", ["last_presented_on", "signed_on"])
    op.create_index(
        "ix_collection_returned", "collection", ["return_reason"], postgresql_where=_BACK, sqlite_where=_BACK
    )
    op.create_index("ix_customer_order_state", "customer_order", ["state", "id"])
    op.create_index("ix_mail_state", "mail", ["state", "id"])
    op.create_index(
        "ix_invoice_owed", "invoice", ["due_on"], postgresql_where=_OWED, sqlite_where=_OWED
    )
    op.create_index(
        "ix_collection_held", "collection", ["due_on", "id"], postgresql_where=_HELD, sqlite_where=_HELD
    )
    op.create_table(
        "customer_word",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("word", _PATH, nullable=False),
        sa.Column("name_folded", _PATH, nullable=False),
        sa.Column("reseller_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_word_customer_id")),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["organisation.id"], name=op.f("fk_customer_word_reseller_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "word", name=op.f("pk_customer_word")),
    )
    _fill()
    op.create_index("ix_customer_word_word", "customer_word", ["word", "name_folded", "customer_id"])
    op.create_index(
        "ix_customer_word_reseller", "customer_word", ["reseller_id", "word", "name_folded", "customer_id"]
    )
    protect("customer_word")


def _fold(text: str) -> str:
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold().strip()


def _fill() -> None:
    names = ("customer_id", "word", "name_folded", "reseller_id", "org_path")
    words = sa.table("customer_word", *map(sa.column, names))
    found = sa.text("SELECT id, name, name_folded, reseller_id, org_path FROM customer ORDER BY id")
    rows = op.get_bind().execute(found).all()
    for start in range(0, len(rows), 2000):
        values = [
            dict(zip(names, (row.id, word, row.name_folded, row.reseller_id, row.org_path), strict=True))
            for row in rows[start : start + 2000]
            for word in dict.fromkeys(part[:40] for part in re.split(r"[\W_]+", _fold(row.name)) if part)
        ]
        if values:
            op.bulk_insert(words, values)


def downgrade() -> None:
    op.drop_table("customer_word")
    op.drop_index("ix_collection_held", table_name="collection")
    op.drop_index("ix_invoice_owed", table_name="invoice")
    op.drop_index("ix_mail_state", table_name="mail")
    op.drop_index("ix_customer_order_state", table_name="customer_order")
    op.drop_index("ix_organisation_kind", table_name="organisation")
    op.drop_index("ix_collection_returned", table_name="collection")
    op.drop_index("ix_mandate_last_used", table_name="mandate")
    op.drop_index("ix_machine_name", table_name="machine")
    op.drop_index("ix_machine_standing", table_name="machine")
    op.drop_column("machine", "standing")
