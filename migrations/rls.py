"""Row-level security on PostgreSQL, for migrations. SQLite has none: there the ORM criteria are the wall."""

import sqlalchemy as sa
from alembic import op

_SCOPE = "(SELECT nullif(current_setting('app.scope', true), ''))"
# A path is a range: everything from "/a/b/" up to, not including, "/a/b0" ('0' follows '/').
_RANGE = f"org_path >= {_SCOPE} AND org_path < left({_SCOPE}, length({_SCOPE}) - 1) || '0'"
# The planner does not know a setting: a range alone is one row in two hundred to it, so it reads all paths in
# an index and sorts what they lead to. Beside an OR it takes it for half of the rows, and the range that the
# portal itself writes into its statements says how many there are.
_BELOW = f"(SELECT current_setting('app.scope', true) = '/') OR ({_RANGE})"
_OF_LINEAGE = f"starts_with({_SCOPE}, org_path)"


def protect(table: str, *, seen_from_below: bool = False) -> None:
    """Enable and force row-level security on a table that has ``org_path``."""
    if op.get_bind().dialect.name != "postgresql":
        return
    rule = f"{_BELOW} OR {_OF_LINEAGE}" if seen_from_below else _BELOW
    op.execute(sa.text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
    op.execute(sa.text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
    op.execute(sa.text(f"CREATE POLICY tenant ON {table} USING ({rule}) WITH CHECK ({rule})"))


_TENANTS = (
    "SELECT tablename, qual FROM pg_policies WHERE schemaname = current_schema() AND policyname = 'tenant'"
)


def write_policies_again(*, as_before: bool = False) -> None:
    """Give the tables that are protected the present rule; as_before: the range alone. No row is read."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, qual in op.get_bind().execute(sa.text(_TENANTS)).all():
        below = f"({_RANGE})" if as_before else _BELOW
        rule = f"{below} OR {_OF_LINEAGE}" if "starts_with" in qual else below
        op.execute(sa.text(f"ALTER POLICY tenant ON {table} USING ({rule}) WITH CHECK ({rule})"))
