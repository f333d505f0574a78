"""A workbook of another system is taken in, and undone within a day."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2230"
down_revision = "20261128_2242"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)
_TABLES = ("moving", "moving_fault", "moving_row", "carried_balance")
_EVIDENCE = ("acceptance", "mandate_event")
# What an import has written down of another system may be taken back; what was accepted or signed here never.
# The row alone says which it is, in columns that are frozen: nothing that the portal may write can open this.
_IMPORTED = {"acceptance": "OLD.means = 'taken_over'", "mandate_event": "{what} = 'repris d''un autre système'"}
_WHAT = {"postgresql": "OLD.event->>'what'", "sqlite": "json_extract(OLD.event, '$.what')"}


# The portal's own role may not delete evidence: the owner does it in its place, behind the same triggers.
_REMOVAL = """
CREATE OR REPLACE FUNCTION remove_undone_evidence(house integer) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path FROM CURRENT AS
$$ DELETE FROM mandate_event WHERE organisation_id = house; DELETE FROM acceptance WHERE organisation_id = house $$
"""


def _table(name: str, *columns: sa.Column, constraints: tuple = ()) -> None:
    references = [column for column in columns if column.name.endswith("_id")]
    tables = {"moving_id": "moving", "customer_id": "customer", "document_id": "document", "by_user_id": "user_account"}
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        *(
            sa.ForeignKeyConstraint([each.name], [f"{tables[each.name]}.id"], name=op.f(f"fk_{name}_{each.name}"))
            for each in references
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{name}_uid")),
        *constraints,
    )
    for column in ("organisation_id", "org_path"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    protect(name)


def _whole(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    _table(
        "moving",
        _text("state", 40),
        _text("name", 120),
        _text("sha256", 64),
        _whole("document_id"),
        _whole("by_user_id"),
        sa.Column("heads", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        _whole("faults"),
        sa.Column("taken_at", _AT, nullable=True),
        _text("refusal", 300),
        _whole("version"),
    )
    _table("moving_fault", _whole("moving_id"), _text("sheet", 20), _whole("row"), _text("reason", 300))
    op.create_index("ix_moving_fault_moving", "moving_fault", ["moving_id", "id"])
    once = sa.UniqueConstraint("moving_id", "sheet", "row", name=op.f("uq_moving_row_moving_id_sheet_row"))
    _table(
        "moving_row",
        _whole("moving_id"),
        _text("sheet", 20),
        _whole("row"),
        _text("subject_kind", 40),
        _text("subject_uid", 16),
        constraints=(once,),
    )
    op.create_index(op.f("ix_moving_row_subject_uid"), "moving_row", ["subject_uid"])
    numbered = sa.UniqueConstraint("customer_id", "kind", "number", name=op.f("uq_carried_balance_customer_id_kind_number"))
    _table(
        "carried_balance",
        _whole("customer_id"),
        _text("kind", 40),
        _text("state", 40),
        _text("number", 35),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        *(sa.Column(f"{each}_cents", sa.BigInteger(), nullable=False) for each in ("net", "vat", "gross")),
        sa.Column("settled_on", sa.Date(), nullable=True),
        constraints=(numbered,),
    )
    op.create_index(op.f("ix_carried_balance_customer_id"), "carried_balance", ["customer_id"])
    for table in _EVIDENCE:
        _guard(table, but_imported=True)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(_REMOVAL))


def _guard(table: str, *, but_imported: bool) -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    name = f"frozen_{table}_delete"
    imported = _IMPORTED[table].format(what=_WHAT[op.get_bind().dialect.name])
    when = f" WHEN (({imported}) IS NOT TRUE)" if but_imported else ""
    body = "EXECUTE FUNCTION refuse_change()"
    if not postgres:
        body = f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    op.execute(sa.text(f"DROP TRIGGER {name} ON {table}" if postgres else f"DROP TRIGGER {name}"))
    op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW{when} {body}"))


def downgrade() -> None:
    for table in _EVIDENCE:
        _guard(table, but_imported=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION IF EXISTS remove_undone_evidence(integer)"))
    for table in reversed(_TABLES):
        op.drop_table(table)
