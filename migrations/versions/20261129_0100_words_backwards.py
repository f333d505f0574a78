"""Words of customers are kept from their end too, so that an end or a mistyped beginning finds them."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0100"
down_revision = "20261129_0020"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_FEWEST = 5  # signs
_NAMES = ("customer_id", "word", "name_folded", "reseller_id", "org_path")
_TABLE = sa.table("customer_word", *map(sa.column, _NAMES))


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    last = 0
    chunk = sa.text("SELECT id FROM customer WHERE id > :last ORDER BY id LIMIT :most")
    while ids := bind.scalars(chunk, {"last": last, "most": _AT_ONCE}).all():
        last = ids[-1]
        own = sa.select(_TABLE).where(_TABLE.c.customer_id.between(ids[0], last))
        rows = [dict(row) for row in bind.execute(own).mappings() if _is_read_backwards(row["word"])]
        if rows:
            bind.execute(_TABLE.insert(), [row | {"word": "<" + row["word"][::-1]} for row in rows])


def _is_read_backwards(word: str) -> bool:
    return len(word) >= _FEWEST and (word.isalpha() or word.isdigit())


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM customer_word WHERE word >= '<' AND word < '='"))
