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
# Evidence goes with the customer of an import that is being undone, and with nothing else.
_UNDONE = (
    "EXISTS (SELECT 1 FROM moving_row JOIN moving ON moving.id = moving_row.moving_id "
    "JOIN customer ON customer.uid = moving_row.subject_uid WHERE moving.state = 'moving_undoing' "
    "AND moving_row.sheet = 'customers' AND customer.organisation_id = OLD.organisation_id)"
)
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION refuse_unless_undone() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF {_UNDONE} THEN RETURN OLD; END IF; RAISE EXCEPTION '% is frozen', TG_TABLE_NAME; END $$
"""

# The portal's own role may not delete evidence: the owner does it for it, past the same trigger.
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
        _guard(table, unless_undone=True)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(_REMOVAL))


def _guard(table: str, *, unless_undone: bool) -> None:
    name = f"frozen_{table}_delete"
    if op.get_bind().dialect.name == "postgresql":
        function = "refuse_unless_undone" if unless_undone else "refuse_change"
        if unless_undone:
            op.execute(sa.text(_FUNCTION))
        op.execute(sa.text(f"DROP TRIGGER {name} ON {table}"))
        op.execute(
            sa.text(
                f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
            )
        )
        return
    when = f" WHEN NOT {_UNDONE}" if unless_undone else ""
    body = f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    op.execute(sa.text(f"DROP TRIGGER {name}"))
    op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW{when} {body}"))


def downgrade() -> None:
    for table in _EVIDENCE:
        _guard(table, unless_undone=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION IF EXISTS remove_undone_evidence(integer)"))
        op.execute(sa.text("DROP FUNCTION IF EXISTS refuse_unless_undone()"))
    for table in reversed(_TABLES):
        op.drop_table(table)
