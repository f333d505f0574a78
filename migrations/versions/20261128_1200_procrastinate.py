"""PostgreSQL wakes the workers: the tables and functions of Procrastinate

They are those of the version that is pinned (3.10: its schema 3.4). Another version brings a migration of its
own, which does nothing where its schema is there already because the database is new.
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "20261128_1200"
down_revision = "20261128_1140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.connection.cursor().execute(SchemaManager.get_schema())


# Each answers the statements that take away what is left.
_LEFT = (
    "select format('DROP TABLE %I CASCADE', tablename) from pg_tables"
    " where tablename ~ '^procrastinate_' and schemaname = current_schema()",
    "select format('DROP FUNCTION %s CASCADE', oid::regprocedure) from pg_proc"
    " where proname ~ '^procrastinate_' and pronamespace = current_schema()::regnamespace",
    "select format('DROP TYPE %I CASCADE', typname) from pg_type"
    " where typname ~ '^procrastinate_' and typtype in ('e', 'c') and typnamespace = current_schema()::regnamespace",
)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for query in _LEFT:
            for statement in connection.execute(sa.text(query)).scalars().all():
                connection.execute(sa.text(statement))
