"""What the role of the running portal may do on PostgreSQL: work with rows, and nothing to tables."""

import sqlalchemy as sa

# Tables of which a trigger refuses every change, but for the columns of their place, if any.
_APPEND_ONLY = """
select relation.relname,
       coalesce(string_agg(free.attname, ', ') filter (where free.attname is not null), '') as places
from pg_trigger as guard
join pg_class as relation on relation.oid = guard.tgrelid
left join pg_attribute as free
  on free.attrelid = relation.oid and free.attnum > 0 and not free.attisdropped
  and guard.tgattr <> ''::int2vector and not free.attnum = any (guard.tgattr::int2[])
where guard.tgname = 'frozen_' || relation.relname || '_update' and guard.tgqual is null
group by relation.relname
having coalesce(bool_and(free.attname in ('organisation_id', 'org_path', 'customer_id')), true)
"""


def grant_run_time(connection: sa.Connection, role: str) -> None:
    """Give a role the rows of every table, after every migration; call it as the owner of the tables.

    Tables whose every change a trigger refuses (:func:`migrations.immutable.freeze`) can only be added to, or
    moved to another place of the tree, and the version of the schema only read. Without TRUNCATE, TRIGGER or
    ownership the role cannot take the guards away, row-level security included.
    """
    name = connection.dialect.identifier_preparer.quote(role)
    schema = connection.dialect.identifier_preparer.quote(
        connection.execute(sa.text("select current_schema()")).scalar_one()
    )
    kept = {"alembic_version": "SELECT"}
    for table, places in connection.execute(sa.text(_APPEND_ONLY)).all():
        kept[table] = f"SELECT, INSERT, UPDATE ({places})" if places else "SELECT, INSERT"
    statements = [
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
    ]
    for table, rights in kept.items():
        statements += [f"REVOKE ALL ON {table} FROM {name}", f"GRANT {rights} ON {table} TO {name}"]
    for statement in statements:
        connection.execute(sa.text(statement))
