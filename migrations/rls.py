"""Row-level security on PostgreSQL, for migrations. SQLite has none: there the ORM criteria are the wall."""

import sqlalchemy as sa
from alembic import op

_SCOPE = "(SELECT nullif(current_setting('app.scope', true), ''))"
# A path is a range: everything from "/a/b/" up to, not including, "/a/b0" ('0' follows '/').
_BELOW = f"org_path >= {_SCOPE} AND org_path < left({_SCOPE}, length({_SCOPE}) - 1) || '0'"
_LINEAGE = f"({_BELOW}) OR starts_with({_SCOPE}, org_path)"


def protect(table: str, *, seen_from_below: bool = False) -> None:
    """Enable and force row-level security on a table that has ``org_path``."""
    if op.get_bind().dialect.name != "postgresql":
        return
    rule = _LINEAGE if seen_from_below else _BELOW
    op.execute(sa.text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
    op.execute(sa.text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
    op.execute(sa.text(f"CREATE POLICY tenant ON {table} USING ({rule}) WITH CHECK ({rule})"))
