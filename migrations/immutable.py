"""Rows that the database itself refuses to change, for migrations. On both engines."""

import sqlalchemy as sa
from alembic import op


def freeze(table: str, columns: tuple[str, ...] = (), *, when: str = "") -> None:
    """Refuse every DELETE, and every UPDATE of these columns (of any column when none is named).

    when: an SQL condition on ``OLD`` for the rows that are frozen, such as ``OLD.state <> 'draft'``.
    """
    postgres = op.get_bind().dialect.name == "postgresql"
    changed = f" OF {', '.join(columns)}" if columns else ""
    condition = f" WHEN ({when})" if when else ""
    if postgres:
        op.execute(sa.text(_FUNCTION))
    for event in ("DELETE", f"UPDATE{changed}"):
        name = f"frozen_{table}_{event.split()[0].lower()}"
        body = (
            "EXECUTE FUNCTION refuse_change()"
            if postgres
            else f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
        )
        op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{condition} {body}"))


PLACES = ("organisation_id", "org_path", "customer_id")  # where a row lies, which is not what it says


def freeze_all_but_place(table: str) -> None:
    """Instead of :func:`freeze` without columns: what a row says is frozen, and it moves with its owner."""
    bind = op.get_bind()
    postgres = bind.dialect.name == "postgresql"
    name = f"frozen_{table}_update"
    op.execute(sa.text(f"DROP TRIGGER {name} ON {table}" if postgres else f"DROP TRIGGER {name}"))
    columns = [each["name"] for each in sa.inspect(bind).get_columns(table) if each["name"] not in PLACES]
    body = (
        "EXECUTE FUNCTION refuse_change()"
        if postgres
        else f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    )
    quoted = ", ".join(f'"{each}"' for each in columns)
    op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE UPDATE OF {quoted} ON {table} FOR EACH ROW {body}"))


def freeze_place_too(table: str) -> None:
    """Undo of :func:`freeze_all_but_place`."""
    postgres = op.get_bind().dialect.name == "postgresql"
    name = f"frozen_{table}_update"
    op.execute(sa.text(f"DROP TRIGGER {name} ON {table}" if postgres else f"DROP TRIGGER {name}"))
    body = (
        "EXECUTE FUNCTION refuse_change()"
        if postgres
        else f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    )
    op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW {body}"))


_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is frozen', TG_TABLE_NAME; END $$
"""


def thaw() -> None:
    """Undo the last of :func:`freeze` on PostgreSQL; triggers themselves go with their tables."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION IF EXISTS refuse_change()"))


def freeze_some(
    table: str, event: str, columns: tuple[str, ...] = (), *, when: str = "", name: str = ""
) -> None:
    """Refuse DELETE, or UPDATE of these columns, by a trigger of its own name; an older one of it goes.

    event: "update" or "delete". when: an SQL condition on ``OLD``.
    """
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute(sa.text(_FUNCTION))
    name = name or f"frozen_{table}_{event}"
    drop_freeze(table, name)
    quoted = ", ".join(f'"{each}"' for each in columns)
    changed = f"{event.upper()} OF {quoted}" if columns else event.upper()
    condition = f" WHEN ({when})" if when else ""
    body = (
        "EXECUTE FUNCTION refuse_change()"
        if postgres
        else f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    )
    op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE {changed} ON {table} FOR EACH ROW{condition} {body}"))


def drop_freeze(table: str, name: str) -> None:
    """A trigger of :func:`freeze_some` goes, where it is."""
    postgres = op.get_bind().dialect.name == "postgresql"
    op.execute(
        sa.text(f"DROP TRIGGER IF EXISTS {name} ON {table}" if postgres else f"DROP TRIGGER IF EXISTS {name}")
    )


def columns_but(table: str, free: tuple[str, ...]) -> tuple[str, ...]:
    """All columns of a table but these."""
    known = sa.inspect(op.get_bind()).get_columns(table)
    return tuple(each["name"] for each in known if each["name"] not in free)
